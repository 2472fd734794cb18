/**
 * The labelled window of a block: one claim a row, with how it is known, the
 * frames or journal lines that show it, and for an absence the coverage that makes it count.
 */
import type { Claim } from '../../analyzer/index.ts';
import { type CaptureNames, formatFrames } from './captures.ts';
import { formatJournal } from './journals.ts';
import { textWidth, wrap } from './layout.ts';
import type { Style } from './style.ts';
import { formatUtcTime } from './units.ts';

const GUTTER = '   |';
const KIND_WIDTH = 'observed'.length;
/** Rows for the claims, framed by the gutter; nothing for no claims. */
export function renderClaims(claims: readonly Claim[], names: CaptureNames, style: Style): string[] {
  if (claims.length === 0) return [];
  // Frame lists that are wider wrap, so that the sentence keeps most of the line.
  const widest = style.width < 80 ? 16 : style.width < 100 ? 24 : 28;
  const labels = claims.map((claim) => evidenceLabel(claim, names).flatMap((part) => wrap(part, widest)));
  const labelWidth = Math.max(0, ...labels.flat().map(textWidth));
  const gutter = style.colors.blue(GUTTER);
  const rows = claims.flatMap((claim, i) => {
    const before = GUTTER.length + 2 + KIND_WIDTH + 2 + (labelWidth > 0 ? labelWidth + 2 : 0);
    const text = wrap(claimText(claim), Math.max(24, style.width - before));
    const label = labels[i]!;
    return Array.from({ length: Math.max(text.length, label.length) }, (_, row) => {
      const kind = paintKind(claim.kind, (row === 0 ? claim.kind : '').padEnd(KIND_WIDTH), style);
      const cells = [gutter, kind];
      if (labelWidth > 0) cells.push((label[row] ?? '').padEnd(labelWidth));
      return [...cells, text[row] ?? ''].join('  ').trimEnd();
    });
  });
  return [gutter, ...rows, gutter];
}

function evidenceLabel(claim: Claim, names: CaptureNames): string[] {
  return [...formatFrames(claim.frames, names), ...formatJournal(claim.journal ?? [], names)];
}

function claimText({ text, coverage }: Claim): string {
  if (!coverage) return text;
  return `${text} (covered ${timeOfDay(coverage.from)} to ${formatUtcTime(coverage.to)}: ${coverage.why})`;
}

const timeOfDay = (nanos: string): string => formatUtcTime(nanos).replace(' UTC', '');

function paintKind(kind: Claim['kind'], text: string, { colors }: Style): string {
  switch (kind) {
    case 'observed':
      return colors.green(text);
    case 'inferred':
      return colors.cyan(text);
    case 'absent':
      return colors.yellow(text);
  }
}
