/**
 * TCP with all its options, and UDP, for people.
 * The trap: the window is as the header has it; what it is scaled by was said
 * in the handshake, which is in another frame.
 */
import type { LayerSpan } from './decode.ts';
import type { DecodedLayer } from './decoded-layer.ts';
import { type Bounds, FieldReader, hex, hexOf, size } from './field-reader.ts';
import { type Frame, FrameKind, TcpFlag } from './frame.ts';
import { flagText } from './tcp.ts';
import { listTcpOptions, TcpOptionKind } from './tcp-options.ts';

const HEADER = 20;

export function dissectTcp({ at, captured }: LayerSpan, bounds: Bounds, frame: Frame): DecodedLayer {
  const fields = new FieldReader('TCP', at, bounds)
    .u16('Source port', 0)
    .u16('Destination port', 2)
    .u32('Sequence number', 4)
    .u32('Acknowledgement number', 8)
    .u16('Header length', 12, (v) => size((v >>> 12) * 4))
    .u16('Flags', 12, (v) => `${hex(v & 0x1ff, 3)} (${flagText(v & 0x1ff) || 'none'})`)
    .u16('Window', 14, (v) => `${v} (not scaled)`)
    .u16('Checksum', 16, (v) => hex(v, 4));
  if (frame.kind !== FrameKind.Tcp) return fields.layer;
  if ((frame.flags & TcpFlag.Urg) !== 0) fields.u16('Urgent pointer', 18);
  if (frame.lengthsContradict)
    return fields.add('Note', 'the lengths of the headers contradict each other').layer;
  const end = at + frame.headerLength;
  for (const option of listTcpOptions(bounds.view, at + HEADER, Math.min(end, captured))) {
    addOption(fields, bounds.view, option.at, option.length);
  }
  if (end > captured && captured > at + HEADER) fields.add('Options', bounds.cut);
  return fields.add('Payload length', size(frame.payloadLength)).layer;
}

/** Kinds that are told by their bytes (IANA). */
const OTHER_OPTIONS: Readonly<Record<number, string>> = {
  19: 'MD5 signature',
  28: 'User timeout',
  29: 'TCP-AO',
  30: 'Multipath TCP',
  34: 'Fast open cookie',
  172: 'Accurate ECN order 0',
  174: 'Accurate ECN order 1',
};

function addOption(fields: FieldReader, view: DataView, at: number, length: number): void {
  const kind = view.getUint8(at);
  if (kind === TcpOptionKind.Mss && length === 4) fields.add('MSS', size(view.getUint16(at + 2)));
  else if (kind === TcpOptionKind.WindowScale && length === 3) {
    const shift = view.getUint8(at + 2);
    fields.add('Window scale', `${shift} (times ${2 ** Math.min(shift, 14)})`);
  } else if (kind === TcpOptionKind.SackPermitted && length === 2) fields.add('SACK permitted', 'yes');
  else if (kind === TcpOptionKind.Timestamps && length === 10) {
    fields.add('Timestamp value', String(view.getUint32(at + 2)));
    fields.add('Timestamp echo', String(view.getUint32(at + 6)));
  } else if (kind === TcpOptionKind.Sack && length > 2 && (length - 2) % 8 === 0) {
    for (let i = at + 2, n = 1; i < at + length; i += 8, n++) {
      const [left, right] = [view.getUint32(i), view.getUint32(i + 4)];
      fields.add(`SACK block ${n}`, `${left} to ${right} (${size((right - left) >>> 0)})`);
    }
  } else fields.add(OTHER_OPTIONS[kind] ?? `Option ${kind}`, hexOf(view, at + 2, length - 2) || 'empty');
}

export function dissectUdp({ at }: LayerSpan, bounds: Bounds): DecodedLayer {
  return new FieldReader('UDP', at, bounds)
    .u16('Source port', 0)
    .u16('Destination port', 2)
    .u16('Length', 4, size)
    .u16('Checksum', 6, (v) => (v === 0 ? 'none' : hex(v, 4))).layer;
}
