/**
 * What four faces say of causes and frames, read back from what they print: for each group of flows its outcome, its
 * cause, and all frames of its worst flow's evidence. Text is read as a user reads it, not by what made it.
 */
import { marked, type Tokens } from 'marked';
import { type Flow, type Report, worstStall } from '../../analyzer/index.ts';
import { renderJson } from '../../cli/render/json.ts';
import { detectStyle } from '../../cli/render/style.ts';
import { renderText } from '../../cli/render/text.ts';

/** `resumed rto-backoff | client 12 13 | node-b.in 4`, a group a line. */
export type Findings = readonly string[];

/** Capture to its name in the text. */
type Names = ReadonlyMap<string, string>;

const lineOf = (outcome: string, cause: string, frames: ReadonlyMap<string, Iterable<number>>): string =>
  [
    `${outcome} ${cause}`,
    ...[...frames]
      .map(([capture, numbers]) => `${capture} ${[...new Set(numbers)].sort((a, b) => a - b).join(' ')}`)
      .sort(),
  ].join(' | ');

/** All frames that a display filter lets through. */
function framesOf(filter: string): number[] {
  return filter.split(' || ').flatMap((part) => {
    const range = /^\(frame\.number >= (\d+) && frame\.number <= (\d+)\)$/.exec(part);
    if (range) {
      const [from, to] = [Number(range[1]), Number(range[2])];
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    }
    const one = /^frame\.number == (\d+)$/.exec(part);
    if (!one) throw new Error(`no filter of frames: ${part}`);
    return [Number(one[1])];
  });
}

/** From `-v`. */
export function readText(report: Report, lone: string): Findings {
  const style = { ...detectStyle({ color: 'never', env: {}, isTerminal: false, columns: 100 }), width: 1e6 };
  const lines = renderText(report, { style, detail: 'verbose' }).split('\n');
  const found: { outcome: string; cause: string; frames: Map<string, number[]> }[] = [];
  for (const line of lines) {
    const title = /^([a-z-]+)\[([a-z-]+|\?)\]: /.exec(line);
    if (title) found.push({ outcome: title[1]!, cause: title[2]!, frames: new Map() });
    const filter = /^ {3}= wireshark ?([^:]*): (.*)$/.exec(line);
    if (filter) found.at(-1)?.frames.set(filter[1] || lone, framesOf(filter[2]!));
  }
  return found.map(({ outcome, cause, frames }) => lineOf(outcome, cause, frames)).sort();
}

/** So many frames of a capture are in a filter; those of stalls and ends first. */
const MOST_FRAMES = 40;

/** From the JSON that `--json` prints. */
export function readJson(report: Report, names: Names): Findings {
  const printed = JSON.parse([...renderJson(report)].join('')) as Report;
  const groups = new Map<string, Flow>();
  for (const flow of printed.flows) {
    const cause = flow.outcome === 'unaffected' ? (worstStall(flow)?.cause ?? null) : flow.cause;
    if (flow.outcome === 'unaffected' && cause === null) continue;
    const key = `${flow.outcome} ${cause ?? flow.candidates.join()}`;
    const length = (one: Flow): number => worstStall(one)?.duration ?? 0;
    const known = groups.get(key);
    if (known === undefined || length(flow) > length(known)) groups.set(key, flow);
  }
  return [...groups]
    .map(([key, flow]) => {
      const [outcome = '', cause = ''] = key.split(' ');
      const isOpen = flow.outcome === 'unaffected' ? false : flow.cause === null;
      return lineOf(outcome, isOpen ? '?' : cause, framesOfFlow(flow, names));
    })
    .sort();
}

function framesOfFlow(flow: Flow, names: Names): Map<string, Set<number>> {
  const cited = [
    ...flow.stalls.flatMap(({ frames }) => [frames.last, ...(frames.first ? [frames.first] : [])]),
    ...(flow.endedBy ? [flow.endedBy.frame] : []),
    ...flow.claims.flatMap(({ frames }) => frames),
  ];
  const found = new Map<string, Set<number>>();
  for (const { capture, frame } of cited) {
    const name = names.get(capture) ?? capture;
    const numbers = found.get(name) ?? new Set();
    if (numbers.size < MOST_FRAMES) numbers.add(frame);
    found.set(name, numbers);
  }
  return found;
}

const FACTOR = /^Factor \d+: ([a-z-]+), (cause open|[a-z-]+)$/;
const causeWord = (words: string): string => (words === 'cause open' ? '?' : words);

/** From Markdown, as a renderer understands it. */
export function readMarkdown(markdown: string): Findings {
  const found: { outcome: string; cause: string; frames: Map<string, number[]> }[] = [];
  for (const token of marked.lexer(markdown)) {
    if (token.type === 'heading') {
      const factor = FACTOR.exec(plain((token as Tokens.Heading).tokens));
      if (factor) found.push({ outcome: factor[1]!, cause: causeWord(factor[2]!), frames: new Map() });
    }
    if (token.type !== 'table') continue;
    for (const [capture, filter, shows] of (token as Tokens.Table).rows) {
      if (shows !== undefined && plain(shows.tokens) === 'the evidence')
        found.at(-1)?.frames.set(plain(capture!.tokens), framesOf(plain(filter!.tokens)));
    }
  }
  return found.map(({ outcome, cause, frames }) => lineOf(outcome, cause, frames)).sort();
}

/** The text of inline tokens. */
export const plain = (tokens: readonly Tokens.Generic[]): string =>
  tokens.map((token) => (token.tokens ? plain(token.tokens) : unescapeHtml(String(token.text)))).join('');

const unescapeHtml = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** From HTML. */
export function readHtml(html: string): Findings {
  const found: { outcome: string; cause: string; frames: Map<string, number[]> }[] = [];
  for (const [, title, cells] of html.matchAll(
    /<h3[^>]*>([^<]*)<\/h3>|<tr>((?:<td[^>]*>.*?<\/td>)+)<\/tr>/g,
  )) {
    const factor = title === undefined ? null : FACTOR.exec(unescapeHtml(title));
    if (factor) found.push({ outcome: factor[1]!, cause: causeWord(factor[2]!), frames: new Map() });
    if (cells === undefined) continue;
    const texts = [...cells.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = '']) =>
      unescapeHtml(cell.replace(/<[^>]*>/g, '')),
    );
    if (texts[2] === 'the evidence') found.at(-1)?.frames.set(texts[0]!, framesOf(texts[1]!));
  }
  return found.map(({ outcome, cause, frames }) => lineOf(outcome, cause, frames)).sort();
}
