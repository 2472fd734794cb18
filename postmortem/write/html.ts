/**
 * A postmortem as one HTML file, piece by piece: nothing in it asks for anything, and its policy forbids that anything does.
 * The trap: the policy allows the style by its hash, so the style must be written exactly as it was hashed.
 */
import { createHash } from 'node:crypto';
import type { Block, Evidence, Run, Runs, Table } from '../compose/block.ts';
import { Context } from '../compose/context.ts';
import { composeDocument } from '../compose/document.ts';
import type { Postmortem } from '../gather/gather.ts';
import { STYLE } from './html-style.ts';
import { escapeHtml } from './html-text.ts';
import { DEFINITIONS, drawGraph } from './svg.ts';

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function* writeHtml(facts: Postmortem): Generator<string, void, undefined> {
  const context = new Context(facts);
  const title = facts.incident === null ? 'Postmortem' : `Postmortem: ${facts.incident.title}`;
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${DEFINITIONS}
<main>
`;
  for (const block of composeDocument(facts, context)) yield* writeBlock(block, context);
  yield '</main>\n</body>\n</html>\n';
}

function* writeBlock(block: Block, context: Context): Generator<string> {
  switch (block.is) {
    case 'title':
      return yield `<h1>${escapeHtml(block.text)}</h1>\n`;
    case 'section':
      return yield `<h2 id="${escapeHtml(block.id)}">${escapeHtml(block.title)}</h2>\n`;
    case 'part':
      return yield `<h3 id="${escapeHtml(block.id)}">${escapeHtml(block.title)}</h3>\n`;
    case 'paragraph':
      return yield `<p>${write(block.runs)}</p>\n`;
    case 'quote':
      return yield `<blockquote>${block.text
        .split(/\r\n|[\r\n\u2028\u2029]/)
        .map(escapeHtml)
        .join('\n')}</blockquote>\n`;
    case 'list':
      return yield `<ul>\n${block.items.map((item) => `<li>${write(item)}</li>\n`).join('')}</ul>\n`;
    case 'table':
      return yield* writeTable(block);
    case 'evidence':
      return yield `<ol class="evidence">\n${block.claims.map(writeEvidence).join('')}</ol>\n`;
    case 'fold':
      yield `<details${block.open ? ' open' : ''}>\n<summary>${escapeHtml(block.summary)}</summary>\n`;
      for (const inner of block.blocks) yield* writeBlock(inner, context);
      return yield '</details>\n';
    case 'figure':
      yield '<figure>\n';
      yield* drawGraph(block.graph, context);
      return yield `<figcaption>${escapeHtml(block.caption)}</figcaption>\n</figure>\n`;
  }
}

function* writeTable({ head, rows, numbers = [] }: Table): Generator<string> {
  const attribute = (column: number): string => (numbers.includes(column) ? ' class="num"' : '');
  const titles = head.map((title, i) => `<th${attribute(i)}>${escapeHtml(title)}</th>`).join('');
  const hasTitles = head.some((title) => title !== '');
  yield `<div class="scroll"><table>\n${hasTitles ? `<thead><tr>${titles}</tr></thead>\n` : ''}<tbody>\n`;
  for (const row of rows)
    yield `<tr>${row.map((cell, i) => `<td${attribute(i)}>${write(cell)}</td>`).join('')}</tr>\n`;
  yield '</tbody></table></div>\n';
}

function writeEvidence({ number, kind, text, shownBy }: Evidence): string {
  const shown = shownBy.length === 0 ? '' : ` <span class="shown">(${escapeHtml(shownBy.join(', '))})</span>`;
  return `<li id="ev-${number}"><a href="#ev-${number}">ev-${number}</a> <span class="kind">${kind}</span> ${escapeHtml(text)}${shown}</li>\n`;
}

const write = (runs: Runs): string => runs.map(writeRun).join('');

function writeRun(run: Run): string {
  if (typeof run === 'string') return escapeHtml(run);
  if ('code' in run) return `<code>${escapeHtml(run.code)}</code>`;
  if ('todo' in run)
    return `<span class="todo">TODO(human)${run.todo === '' ? '' : `: ${escapeHtml(run.todo)}`}</span>`;
  if ('evidence' in run) return `<a href="#ev-${run.evidence}">ev-${run.evidence}</a>`;
  return `<a href="#${escapeHtml(run.to)}">${escapeHtml(run.text)}</a>`;
}
