/**
 * TCP options: end, NOP and MSS (RFC 9293, section 3.2), window scale and
 * timestamps (RFC 7323), SACK (RFC 2018).
 * The trap: an option whose length is below 2 would loop for ever, and one that
 * runs past the header, or past what was captured, says nothing.
 */
import type { SeqNum } from '../seq.ts';
import { concat, viewOf } from './bytes.ts';
import type { Frame } from './frame.ts';
import { TcpFlag } from './frame.ts';

/** Kinds of options (IANA). */
export const TcpOptionKind = {
  End: 0,
  Nop: 1,
  Mss: 2,
  WindowScale: 3,
  SackPermitted: 4,
  Sack: 5,
  Timestamps: 8,
} as const;

/** Reads the options in `view` from `at` to `end` into `frame`. Those of a handshake count on a SYN only. */
export function parseTcpOptions(view: DataView, at: number, end: number, frame: Frame): void {
  for (let length = optionLength(view, at, end); length > 0; length = optionLength(view, at, end)) {
    if (length > 1) readOption(view, at, view.getUint8(at), length, frame);
    at += length;
  }
}

/** Bytes of the option at `at`: 1 for a NOP, 0 at the end, or where it is not whole. */
function optionLength(view: DataView, at: number, end: number): number {
  if (at >= end) return 0;
  const kind = view.getUint8(at);
  if (kind === TcpOptionKind.End) return 0;
  if (kind === TcpOptionKind.Nop) return 1;
  if (at + 2 > end) return 0;
  const length = view.getUint8(at + 1);
  return length < 2 || at + length > end ? 0 : length;
}

/** Where each option but NOPs lies: the kind at `at`, its length behind it. */
export function listTcpOptions(view: DataView, at: number, end: number): { at: number; length: number }[] {
  const found: { at: number; length: number }[] = [];
  for (let length = optionLength(view, at, end); length > 0; length = optionLength(view, at, end)) {
    if (length > 1) found.push({ at, length });
    at += length;
  }
  return found;
}

function readOption(view: DataView, at: number, kind: number, length: number, frame: Frame): void {
  if (kind === TcpOptionKind.Timestamps && length === 10) {
    frame.hasTimestamps = true;
    frame.tsVal = view.getUint32(at + 2);
    frame.tsEcr = view.getUint32(at + 6);
  } else if (kind === TcpOptionKind.Sack) {
    frame.sackBlockCount = (length - 2) >>> 3;
    frame.sackOffset = at + 2;
  } else if ((frame.flags & TcpFlag.Syn) !== 0) {
    if (kind === TcpOptionKind.Mss && length === 4) frame.mss = view.getUint16(at + 2);
    else if (kind === TcpOptionKind.WindowScale && length === 3) frame.windowScale = view.getUint8(at + 2);
    else if (kind === TcpOptionKind.SackPermitted && length === 2) frame.sackPermitted = true;
  }
}

export interface SackBlock {
  /** First sequence number of the block. */
  readonly left: SeqNum;
  /** The one behind its last. */
  readonly right: SeqNum;
}

/** The SACK blocks of a frame in the order of the option; valid while `frame.view` is. */
export function sackBlocks(frame: Frame): SackBlock[] {
  const blocks: SackBlock[] = [];
  for (let i = 0; i < frame.sackBlockCount; i++) {
    const at = frame.sackOffset + 8 * i;
    blocks.push({ left: frame.view.getUint32(at), right: frame.view.getUint32(at + 4) });
  }
  return blocks;
}

/** The first block reports a segment that had come before (D-SACK; RFC 2883, 4.1): all of it is acknowledged. */
export const reportsDuplicate = (frame: Frame): boolean =>
  frame.sackBlockCount > 0 && ((frame.ack - frame.view.getUint32(frame.sackOffset + 4)) | 0) >= 0;

export interface TcpOptions {
  mss?: number;
  windowScale?: number;
  sackPermitted?: boolean;
  timestamps?: { value: number; echo: number };
  sack?: readonly SackBlock[];
}

/** The options as Linux lays them out, padded with NOP to a multiple of four. */
export function writeTcpOptions(options: TcpOptions): Uint8Array {
  const parts: Uint8Array[] = [];
  if (options.mss !== undefined) parts.push(option(TcpOptionKind.Mss, options.mss, 2));
  if (options.sackPermitted) parts.push(option(TcpOptionKind.SackPermitted, 0, 0));
  if (options.timestamps !== undefined) {
    if (!options.sackPermitted) parts.push(Uint8Array.of(TcpOptionKind.Nop, TcpOptionKind.Nop));
    const { value, echo } = options.timestamps;
    parts.push(option(TcpOptionKind.Timestamps, value, 4, echo));
  }
  if (options.windowScale !== undefined) {
    parts.push(Uint8Array.of(TcpOptionKind.Nop), option(TcpOptionKind.WindowScale, options.windowScale, 1));
  }
  if (options.sack !== undefined && options.sack.length > 0) {
    parts.push(Uint8Array.of(TcpOptionKind.Nop, TcpOptionKind.Nop), sackOption(options.sack));
  }
  const written = concat(...parts);
  return concat(written, new Uint8Array((4 - (written.length % 4)) % 4).fill(TcpOptionKind.Nop));
}

/** `size` bytes of `value`, then four of `echo` where given. */
function option(kind: number, value: number, size: 0 | 1 | 2 | 4, echo?: number): Uint8Array {
  const view = viewOf(new Uint8Array(2 + size + (echo === undefined ? 0 : 4)));
  view.setUint8(0, kind);
  view.setUint8(1, view.byteLength);
  if (size === 1) view.setUint8(2, value);
  if (size === 2) view.setUint16(2, value);
  if (size === 4) view.setUint32(2, value);
  if (echo !== undefined) view.setUint32(2 + size, echo);
  return new Uint8Array(view.buffer);
}

function sackOption(blocks: readonly SackBlock[]): Uint8Array {
  const view = viewOf(new Uint8Array(2 + 8 * blocks.length));
  view.setUint8(0, TcpOptionKind.Sack);
  view.setUint8(1, view.byteLength);
  for (const [index, block] of blocks.entries()) {
    view.setUint32(2 + 8 * index, block.left);
    view.setUint32(6 + 8 * index, block.right);
  }
  return new Uint8Array(view.buffer);
}
