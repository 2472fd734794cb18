/**
 * What all views draw with: rectangles collected and drawn colour by colour, hatches, text, the axis.
 * Everything lies on whole device pixels, so that lines are one pixel and equal bars look equal.
 * The trap: batches are drawn at `flush`; what must lie above them comes after it.
 */
import type { CanvasColors } from '../state/theme.ts';

export type HatchKind = 'band' | 'off' | 'loading' | 'failed';

export interface TextStyle {
  readonly color?: string;
  readonly align?: CanvasTextAlign;
  readonly weight?: number;
  readonly size?: number;
  readonly mono?: boolean;
  /** Cut with an ellipsis. */
  readonly most?: number;
  /** Ground behind it, so that it can be read above marks. */
  readonly ground?: string;
}

export class Painter {
  readonly ctx: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colors: CanvasColors;
  readonly #ratio: number;
  /** The font that is set; browsers parse it at every assignment. */
  #font = 0;
  readonly #batches = new Map<string, number[]>();

  constructor(canvas: HTMLCanvasElement, width: number, height: number, colors: CanvasColors) {
    const ctx = canvas.getContext('2d');
    if (ctx === null) throw new Error('This browser has no 2D canvas.');
    const ratio = globalThis.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.textBaseline = 'middle';
    this.ctx = ctx;
    this.width = width;
    this.height = height;
    this.colors = colors;
    this.#ratio = ratio;
  }

  snap(value: number): number {
    return Math.round(value * this.#ratio) / this.#ratio;
  }

  rect(color: string, x: number, y: number, width: number, height: number): void {
    let batch = this.#batches.get(color);
    if (batch === undefined) {
      batch = [];
      this.#batches.set(color, batch);
    }
    batch.push(x, y, width, height);
  }

  flush(): void {
    for (const [color, batch] of this.#batches) {
      this.ctx.fillStyle = color;
      for (let i = 0; i < batch.length; i += 4)
        this.ctx.fillRect(batch[i]!, batch[i + 1]!, batch[i + 2]!, batch[i + 3]!);
    }
    this.#batches.clear();
  }

  /** A line one pixel wide, upright or level. */
  hairline(color: string, x0: number, y0: number, x1: number, y1: number): void {
    const { ctx } = this;
    ctx.fillStyle = color;
    if (x0 === x1) ctx.fillRect(this.snap(x0), y0, 1, y1 - y0);
    else ctx.fillRect(x0, this.snap(y0), x1 - x0, 1);
  }

  line(color: string, points: readonly number[], width = 1, dash: readonly number[] = []): void {
    const { ctx } = this;
    if (points.length < 4) return;
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.setLineDash(dash as number[]);
    ctx.beginPath();
    ctx.moveTo(points[0]!, points[1]!);
    for (let i = 2; i < points.length; i += 2) ctx.lineTo(points[i]!, points[i + 1]!);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  hatch(kind: HatchKind, x: number, y: number, width: number, height: number): void {
    if (width <= 0 || height <= 0) return;
    const { ctx } = this;
    ctx.fillStyle = patternOf(ctx, kind, this.colors, this.#ratio);
    ctx.fillRect(x, y, width, height);
  }

  setFont({ weight = 400, size = 12, mono = false }: TextStyle): void {
    const key = weight * 1000 + size * 2 + (mono ? 1 : 0);
    if (this.#font === key) return;
    this.#font = key;
    const font = mono ? this.colors.mono : this.colors.font;
    this.ctx.font = `${weight} ${font.replace(/^[\d.]+px/, `${size}px`)}`;
  }

  measure(text: string, style: TextStyle = {}): number {
    this.setFont(style);
    return this.ctx.measureText(text).width;
  }

  /** `y` is the middle of the line. @returns its width */
  text(text: string, x: number, y: number, style: TextStyle = {}): number {
    const { ctx } = this;
    this.setFont(style);
    const shown = style.most === undefined ? text : this.#cut(text, style.most);
    const width = style.ground === undefined && style.align === undefined ? 0 : ctx.measureText(shown).width;
    if (style.ground !== undefined) {
      const left = x - (style.align === 'right' ? width : style.align === 'center' ? width / 2 : 0);
      ctx.fillStyle = style.ground;
      ctx.fillRect(left - 3, y - 8, width + 6, 16);
    }
    ctx.fillStyle = style.color ?? this.colors.text;
    ctx.textAlign = style.align ?? 'left';
    ctx.fillText(shown, x, this.snap(y));
    return width;
  }

  #cut(text: string, most: number): string {
    if (this.ctx.measureText(text).width <= most) return text;
    let end = text.length - 1;
    while (end > 1 && this.ctx.measureText(`${text.slice(0, end)}…`).width > most) end--;
    return `${text.slice(0, end)}…`;
  }

  /** Draws only inside of a rectangle. */
  clipped(x: number, y: number, width: number, height: number, draw: () => void): void {
    const { ctx } = this;
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, y, width, height);
    ctx.clip();
    draw();
    this.flush();
    ctx.restore();
    this.#font = 0;
  }
}

const patterns = new Map<string, CanvasPattern>();

function patternOf(
  ctx: CanvasRenderingContext2D,
  kind: HatchKind,
  colors: CanvasColors,
  ratio: number,
): CanvasPattern | string {
  const key = `${kind} ${colors.dark} ${colors.neutral} ${ratio}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const size = Math.round((kind === 'loading' ? 8 : 9) * ratio);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  if (pen !== null) drawPattern(pen, kind, colors, size, ratio);
  const pattern = ctx.createPattern(tile, 'repeat');
  if (pattern === null) return colors.band;
  // The pattern is in device pixels, whatever the canvas is scaled by.
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  patterns.set(key, pattern);
  return pattern;
}

function drawPattern(
  pen: CanvasRenderingContext2D,
  kind: HatchKind,
  colors: CanvasColors,
  size: number,
  ratio: number,
): void {
  if (kind === 'loading') {
    pen.fillStyle = colors.line;
    pen.globalAlpha = 0.55;
    pen.fillRect(0, 0, size / 2, size / 2);
    pen.fillRect(size / 2, size / 2, size / 2, size / 2);
    return;
  }
  // Failover: rising lines; not captured: falling ones, on a stripe.
  if (kind === 'band') pen.fillStyle = colors.band;
  else pen.fillStyle = colors.stripe;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = kind === 'failed' ? colors.problem : colors.neutral;
  pen.globalAlpha = kind === 'band' ? 0.42 : 0.5;
  pen.lineWidth = ratio;
  const falling = kind === 'off' ? -1 : 1;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, falling > 0 ? size : 0);
    pen.lineTo(shift + size, falling > 0 ? 0 : size);
  }
  pen.stroke();
}
