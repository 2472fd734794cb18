/**
 * MPLS label stacks (RFC 3032), as a provider's edge puts them between Ethernet
 * and IP.
 * The trap: a label does not say what it carries; behind the bottom of the
 * stack only the first nibble tells IPv4 from IPv6 (RFC 4928).
 */
import { concat, viewOf } from './bytes.ts';
import type { Cursor } from './layer.ts';
import { Layer } from './layer.ts';

const LABEL = 4;
const BOTTOM_OF_STACK = 0x100;

export function decodeMpls(cursor: Cursor): Layer {
  const { view, captured } = cursor;
  let bottom = false;
  while (!bottom) {
    if (captured - cursor.at < LABEL) return Layer.Done;
    bottom = (view.getUint32(cursor.at) & BOTTOM_OF_STACK) !== 0;
    cursor.at += LABEL;
  }
  return Layer.Ip;
}

/** Outermost label first. */
export function writeMpls(labels: readonly number[], payload: Uint8Array): Uint8Array {
  const head = viewOf(new Uint8Array(LABEL * labels.length));
  for (const [index, label] of labels.entries()) {
    const bottom = index === labels.length - 1 ? BOTTOM_OF_STACK : 0;
    head.setUint32(index * LABEL, label * 0x1000 + bottom + 64);
  }
  return concat(new Uint8Array(head.buffer), payload);
}
