/**
 * The shapes of marks, in the vocabulary of tcptrace: each kind has its own, so that colour never says
 * anything alone. All are centred at `x` and fit into the spacing that `placeShapes` keeps.
 */
import { Mark } from '../../analyzer/index.ts';
import type { CanvasColors } from '../state/theme.ts';
import type { Painter } from './painter.ts';

/** Height of a shape's head above its lane's middle band. */
export const GLYPH = 9;

const LETTERS: Partial<Record<number, string>> = {
  [Mark.Retransmission]: 'R',
  [Mark.ZeroWindow]: 'Z',
  [Mark.Probe]: 'P',
  [Mark.OutOfOrder]: 'O',
  [Mark.Fin]: 'F',
  [Mark.Syn]: 'S',
};

/** Width of the stem that every shaped column keeps. */
export const stemWidth = (mark: number): number =>
  mark === Mark.Retransmission || mark === Mark.Reset ? 3 : mark >= Mark.OutOfOrder ? 2 : 1;

export function markColor(mark: number, colors: CanvasColors): string {
  switch (mark) {
    case Mark.Retransmission:
    case Mark.Reset:
    case Mark.ZeroWindow:
    case Mark.OutOfOrder:
    case Mark.Probe:
      return colors.problem;
    case Mark.Sack:
      return colors.sack;
    case Mark.DuplicateAck:
    case Mark.Ack:
      return colors.ack;
    case Mark.WindowUpdate:
      return colors.neutral;
    case Mark.Syn:
    case Mark.Fin:
      return colors.text;
    default:
      return colors.data;
  }
}

/** The head of a mark, whose middle is at `y`. */
export function drawGlyph(painter: Painter, mark: number, x: number, y: number): void {
  const color = markColor(mark, painter.colors);
  const { ctx } = painter;
  const left = painter.snap(x);
  switch (mark) {
    case Mark.Reset:
      ctx.fillStyle = color;
      ctx.fillRect(left - 4, painter.snap(y - 4), 8, 8);
      return;
    case Mark.Sack:
      drawBracket(painter, color, left, y);
      return;
    case Mark.DuplicateAck:
      ctx.fillStyle = color;
      ctx.fillRect(left - 3, painter.snap(y), 7, 2);
      return;
    case Mark.WindowUpdate:
      painter.line(color, [left + 0.5, y - 4, left + 0.5, y + 5], 1, [2, 2]);
      return;
    default:
      drawLetter(painter, LETTERS[mark] ?? '', color, left, y);
  }
}

function drawBracket(painter: Painter, color: string, x: number, y: number): void {
  painter.line(color, [x - 1, y - 4, x - 3, y - 4, x - 3, y + 4, x - 1, y + 4], 1.5);
  painter.line(color, [x + 2, y - 4, x + 4, y - 4, x + 4, y + 4, x + 2, y + 4], 1.5);
}

/** Kinds that are trouble stand as a filled tag, SYN and FIN as a letter on the ground. */
function drawLetter(painter: Painter, letter: string, color: string, x: number, y: number): void {
  const { colors, ctx } = painter;
  const trouble = letter !== 'S' && letter !== 'F';
  ctx.fillStyle = trouble ? color : colors.background;
  ctx.fillRect(x - 4, painter.snap(y - 5), 9, 10);
  painter.text(letter, x + 0.5, y + 0.5, {
    size: 9,
    weight: 700,
    align: 'center',
    color: trouble ? colors.background : color,
  });
}

/** "Not seen at the next point". */
export function drawCross(painter: Painter, x: number, y: number, size = 4): void {
  const { colors } = painter;
  painter.line(colors.background, [x - size, y - size, x + size, y + size], 4);
  painter.line(colors.background, [x - size, y + size, x + size, y - size], 4);
  painter.line(colors.problem, [x - size, y - size, x + size, y + size], 2);
  painter.line(colors.problem, [x - size, y + size, x + size, y - size], 2);
}

/** "Cannot say": the capture was off, lost frames, or its clock is not tied. */
export function drawUnknown(painter: Painter, x: number, y: number, size = 6): void {
  painter.hatch('off', painter.snap(x - size), painter.snap(y - size), 2 * size, 2 * size);
  painter.line(
    painter.colors.neutral,
    [x - size, y - size, x + size, y - size, x + size, y + size, x - size, y + size, x - size, y - size],
    1,
  );
  painter.text('?', x, y + 0.5, { size: 9, weight: 700, align: 'center', color: painter.colors.muted });
}
