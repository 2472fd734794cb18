/**
 * A PNG with a palette instead of full colour: a third of the size for a picture of a page. Reads what Chromium
 * writes: 8 bits a channel, RGB or RGBA, not interlaced (PNG, third edition, sections 9 and 11).
 * The trap: a page has more than 256 colours at the edges of its letters; those that are rare take the nearest.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MOST_COLORS = 256;
/** Squared distance of two colours that look the same. */
const SAME = 32;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0xrrggbb by pixel. */
  readonly pixels: Uint32Array;
}

export function reducePng(png: Uint8Array): Uint8Array {
  const { width, height, pixels } = readPicture(Buffer.from(png));
  const palette = chooseColors(pixels);
  const places = new Map(palette.map((color, index) => [color, index]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let at = 0; at < pixels.length; at++) {
    const color = pixels[at]!;
    let place = places.get(color);
    if (place === undefined) {
      place = nearest(color, palette);
      places.set(color, place);
    }
    rows[at + Math.floor(at / width) + 1] = place;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = 3;
  const colors = Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colors),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The most frequent ones, without those that nobody can tell from one that is taken already. */
function chooseColors(pixels: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const chosen: number[] = [];
  for (const [color] of [...counts].sort(([a, x], [b, y]) => y - x || a - b)) {
    if (chosen.length === MOST_COLORS) break;
    if (chosen.every((other) => distance(color, other) > SAME)) chosen.push(color);
  }
  return chosen;
}

/** Squared, over the three channels. */
function distance(color: number, other: number): number {
  const [r, g, b] = [16, 8, 0].map((shift) => ((color >> shift) & 255) - ((other >> shift) & 255));
  return r! * r! + g! * g! + b! * b!;
}

function nearest(color: number, palette: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of palette.entries()) {
    const far = distance(color, other);
    if (far < least) [best, least] = [index, far];
  }
  return best;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

function readPicture(png: Buffer): Picture {
  const data: Buffer[] = [];
  let header = Buffer.alloc(13);
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = Buffer.from(body);
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const [width, height, kind] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9]];
  if (header[8] !== 8 || (kind !== 2 && kind !== 6)) throw new Error('not as Chromium writes it');
  const channels = kind === 6 ? 4 : 3;
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let at = 0; at < pixels.length; at++) pixels[at] = bytes.readUIntBE(at * channels, 3);
  return { width, height, pixels };
}

/** Each row says which of its neighbours its bytes are relative to. */
function unfilter(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  const bytes = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? bytes[at - channels]! : 0;
      const up = y > 0 ? bytes[at - stride]! : 0;
      const corner = x >= channels && y > 0 ? bytes[at - stride - channels]! : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0;
      bytes[at] = raw[at + y + 1]! + guess;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
