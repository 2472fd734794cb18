/**
 * A postmortem as Markdown (CommonMark with GitHub's tables), piece by piece. It has no raw HTML, so that nothing
 * depends on what a renderer lets through; graphs are left to the HTML form.
 * The trap: a heading's anchor is made by the renderer from its words, so links go by the same rule.
 */
import type { Block, Run, Runs } from '../compose/block.ts';
import { composeDocument } from '../compose/document.ts';
import type { Postmortem } from '../gather/gather.ts';
import { codeSpan, escapeMarkdown, quoted, table } from './markdown-text.ts';

export function* writeMarkdown(facts: Postmortem): Generator<string, void, undefined> {
  const blocks = [...withoutLoneGraphs(composeDocument(facts))];
  const anchors = anchorsOf(blocks);
  let separator = '';
  for (const block of blocks) {
    for (const text of writeBlock(block, anchors)) {
      yield separator + text;
      separator = '\n';
    }
  }
}

/** The section that holds nothing but graphs would be empty. */
function* withoutLoneGraphs(blocks: Iterable<Block>): Generator<Block> {
  let inGraphs = false;
  for (const block of blocks) {
    if (block.is === 'section') inGraphs = block.id === 'graphs';
    if (!inGraphs) yield block;
  }
}

/** Ids of sections and parts to what GitHub, GitLab and most others make of their headings. */
function anchorsOf(blocks: readonly Block[]): ReadonlyMap<string, string> {
  return new Map(
    blocks.flatMap((block) =>
      block.is === 'section' || block.is === 'part' ? [[block.id, slugOf(block.title)] as const] : [],
    ),
  );
}

export const slugOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

type Anchors = ReadonlyMap<string, string>;

/** Each with a newline at its end. */
function* writeBlock(block: Block, anchors: Anchors): Generator<string> {
  switch (block.is) {
    case 'title':
      return yield `# ${escapeMarkdown(block.text)}\n`;
    case 'section':
      return yield `## ${escapeMarkdown(block.title)}\n`;
    case 'part':
      return yield `### ${escapeMarkdown(block.title)}\n`;
    case 'paragraph':
      return yield `${write(block.runs, anchors)}\n`;
    case 'quote':
      return yield `${quoted(block.text)}\n`;
    case 'list':
      return yield block.items.map((item) => `- ${write(item, anchors)}\n`).join('');
    case 'table':
      return yield writeTable(block, anchors);
    case 'evidence':
      return yield block.claims
        .map(({ number, kind, text, shownBy }) => {
          const shown = shownBy.length === 0 ? '' : ` ${escapeMarkdown(`(${shownBy.join(', ')})`)}`;
          return `- **ev-${number}** ${kind}: ${escapeMarkdown(text)}${shown}\n`;
        })
        .join('');
    case 'fold':
      yield `**${escapeMarkdown(block.summary)}**\n`;
      for (const inner of block.blocks) yield* writeBlock(inner, anchors);
      return;
    // Raw HTML would not survive most renderers, and a picture would be a file beside this one.
    case 'figure':
      return;
  }
}

function writeTable({ head, rows }: Extract<Block, { is: 'table' }>, anchors: Anchors): string {
  const lines = function* (): Generator<string[]> {
    for (const row of rows) yield row.map((cell) => write(cell, anchors, true));
  };
  return table(head.map(escapeMarkdown), lines());
}

const write = (runs: Runs, anchors: Anchors, inCell = false): string =>
  runs.map((run) => writeRun(run, anchors, inCell)).join('');

function writeRun(run: Run, anchors: Anchors, inCell: boolean): string {
  if (typeof run === 'string') return keepSpaces(run, escapeMarkdown(run));
  if ('code' in run) return codeSpan(run.code, inCell);
  if ('todo' in run) return `**TODO(human)**${run.todo === '' ? '' : `: ${escapeMarkdown(run.todo)}`}`;
  if ('evidence' in run) return `**ev-${run.evidence}**`;
  const anchor = anchors.get(run.to);
  const text = escapeMarkdown(run.text);
  return anchor === undefined ? text : `[${text}](#${anchor})`;
}

/** Escaping trims; between two runs a space matters. */
function keepSpaces(text: string, escaped: string): string {
  if (escaped === '') return text === '' ? '' : ' ';
  return `${/^\s/.test(text) ? ' ' : ''}${escaped}${/\s$/.test(text) ? ' ' : ''}`;
}
