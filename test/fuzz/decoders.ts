/**
 * One mutated frame through every decoder of `packet/wire/`, in the middle of a buffer. The same frame between
 * other bytes must come out the same: a decoder that reads beyond its frame would tell.
 */
import type { PacketRecord } from '../../packet/file/record.ts';
import { concat } from '../../packet/wire/bytes.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { dissectFrame } from '../../packet/wire/dissect.ts';
import { DnsHead, dnsName, readDns } from '../../packet/wire/dns.ts';
import { Frame } from '../../packet/wire/frame.ts';
import { QuicHead, readQuicLong } from '../../packet/wire/quic.ts';
import { listTcpOptions, sackBlocks } from '../../packet/wire/tcp-options.ts';
import { parseCertificateIssuer } from '../../packet/wire/tls.ts';
import { EDGES, pick, type Random } from './mutations.ts';

export interface FuzzFrame {
  readonly linkType: number;
  readonly data: Uint8Array;
  readonly originalLength: number;
}

const MARGIN = 48;
const MOST_BYTES = 1600;

/** Changes a frame in one to six places: mostly in its headers, where lengths and types are. */
export function mutateFrame(base: FuzzFrame, other: FuzzFrame, random: Random): FuzzFrame {
  let data: Uint8Array = base.data.slice(0, MOST_BYTES);
  for (let n = 1 + random(6); n > 0; n--)
    data = MUTATIONS[random(MUTATIONS.length)]!(data, other.data, random);
  const originalLength = pick(random, [
    ...[data.length, data.length, data.length, Math.max(base.originalLength, data.length), 0, 65_535],
    pick(random, EDGES),
  ]);
  return { linkType: random(20) === 0 ? other.linkType : base.linkType, data, originalLength };
}

const MUTATIONS: readonly ((data: Uint8Array, other: Uint8Array, random: Random) => Uint8Array)[] = [
  (data, _, random) => put(data, random, 1),
  (data, _, random) => put(data, random, 2),
  (data, _, random) => put(data, random, 4),
  (data, _, random) => {
    if (data.length > 0) {
      const at = random(Math.min(data.length, 100));
      data[at] = data[at]! ^ (1 << random(8));
    }
    return data;
  },
  (data, _, random) => data.slice(0, random(data.length + 1)),
  (data, _, random) => {
    const from = random(data.length + 1);
    return concat(data.subarray(0, from), data.subarray(from + 1 + random(8)));
  },
  (data, _, random) => {
    const at = random(data.length + 1);
    return concat(data.subarray(0, at), data.subarray(Math.max(0, at - 1 - random(20)))).slice(0, MOST_BYTES);
  },
  (data, other, random) =>
    concat(data.subarray(0, random(data.length + 1)), other.subarray(random(other.length + 1))).slice(
      0,
      MOST_BYTES,
    ),
];

function put(data: Uint8Array, random: Random, size: 1 | 2 | 4): Uint8Array {
  const within = Math.min(data.length, random(3) === 0 ? MOST_BYTES : 100);
  if (within < size) return data;
  const view = new DataView(data.buffer, data.byteOffset);
  const at = random(within - size + 1);
  const value = random(2) === 0 ? random(2 ** 32) : pick(random, EDGES);
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value);
  else view.setUint32(at, value);
  return data;
}

/** The faults of decoding it: none, but for a bug. */
export function checkDecoders(frame: FuzzFrame): string[] {
  try {
    const [a, b] = [0x00, 0xff].map((filling) => JSON.stringify(decodeAll(frame, filling)));
    return a === b ? [] : [`it depends on bytes beyond the frame: ${firstDifference(a!, b!)}`];
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

function firstDifference(a: string, b: string): string {
  const at = [...a].findIndex((char, i) => char !== b[i]);
  return `${a.slice(Math.max(0, at - 60), at + 40)} / ${b.slice(at, at + 40)}`;
}

function decodeAll({ linkType, data, originalLength }: FuzzFrame, filling: number): unknown {
  const bytes = new Uint8Array(data.length + 2 * MARGIN).fill(filling);
  bytes.set(data, MARGIN);
  const view = new DataView(bytes.buffer);
  const record: PacketRecord = {
    frame: 1,
    time: 0,
    hasTime: true,
    interfaceIndex: 0,
    linkType,
    view,
    offset: MARGIN,
    capturedLength: data.length,
    originalLength,
  };
  const frame = new Frame();
  decodeFrame(record, frame);
  const { view: _, ...fields } = frame;
  const { payloadOffset, capturedPayload } = frame;
  checkPayload(frame, MARGIN + data.length);
  return [
    fields,
    [...frame.address, ...frame.outerAddress, ...frame.quotedAddress, ...frame.arpAddress],
    sackBlocks(frame),
    dissectFrame(record),
    readers(view, payloadOffset, capturedPayload),
    readers(view, MARGIN, data.length),
  ];
}

function checkPayload({ payloadOffset, capturedPayload, payloadLength }: Frame, end: number): void {
  const bad = capturedPayload < 0 || capturedPayload > Math.max(0, payloadLength);
  const beyond = capturedPayload > 0 && (payloadOffset < MARGIN || payloadOffset + capturedPayload > end);
  if (bad || beyond) {
    throw new Error(
      `a payload of ${capturedPayload} of ${payloadLength} bytes at ${payloadOffset}, frame to ${end}`,
    );
  }
}

/** What reads a payload, on any bytes. */
function readers(view: DataView, at: number, length: number): unknown {
  const dns = new DnsHead();
  const quic = new QuicHead();
  const bytes = new Uint8Array(view.buffer, at, length);
  return [
    readDns(view, at, length, dns),
    { ...dns },
    dnsName(view, at, length),
    readQuicLong(view, at, length, quic),
    { ...quic },
    parseCertificateIssuer(bytes),
    listTcpOptions(view, at, at + Math.min(length, 40)),
  ];
}
