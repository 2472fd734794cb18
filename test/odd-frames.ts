/**
 * One capture of frames that are not plain TCP, in order, with what tshark says
 * of each: its stream and flags, or null where it shows no TCP.
 */
import { buildIcmp, buildTcp, type TcpFrame } from '../packet/wire/build.ts';
import { writePcap } from './tcp-segment.ts';

export interface OddFrame {
  what: string;
  data: Uint8Array;
  /** Bytes kept of `data`; all where absent. */
  cut?: number;
  /** `stream \t flags`. */
  expected: string | null;
}

const ETHERNET = 14;
const IPV4 = 20;
const TO_TCP = ETHERNET + IPV4;

const flow = (sourcePort: number, fields: TcpFrame): Uint8Array =>
  buildTcp({ sourcePort, destinationPort: 9, window: 1000, ...fields });
const quote = (sourcePort: number, bytes: number, fields: TcpFrame): Uint8Array =>
  buildIcmp({
    source: '10.0.0.9',
    destination: '10.0.0.1',
    type: 3,
    code: 1,
    body: flow(sourcePort, { link: 'raw', ...fields }).subarray(0, IPV4 + bytes),
  });
/** Overwrites the byte that holds the header length, in units of four bytes. */
function withHeaderLength(words: number, data: Uint8Array): Uint8Array {
  data[TO_TCP + 12] = words << 4;
  return data;
}

export const ODD_FRAMES: readonly OddFrame[] = [
  { what: 'a quoted SYN makes a stream', data: quote(1, 20, { flags: 'SYN', seq: 100 }), expected: '0\t' },
  { what: 'but sets no base', data: flow(1, { flags: 'SYN', seq: 500 }), expected: '0\t' },
  {
    what: 'a quoted SYN with another number begins a new stream',
    data: quote(1, 20, { flags: 'SYN', seq: 100 }),
    expected: '1\treused_ports',
  },
  { what: 'eight quoted bytes make none', data: quote(2, 8, { flags: 'SYN' }), expected: null },
  { what: 'nor do 15', data: quote(3, 15, { flags: 'SYN' }), expected: null },
  { what: 'but 16 do, up to and with the window', data: quote(4, 16, { flags: 'SYN' }), expected: '2\t' },

  { what: 'a segment', data: flow(5, { seq: 101, payload: 10 }), expected: '3\t' },
  {
    what: 'a header cut before the end of the window is not seen',
    data: flow(5, { seq: 111, payload: 10 }),
    cut: TO_TCP + 15,
    expected: null,
  },
  {
    what: 'a header cut behind the window counts, but shows no flags',
    data: flow(5, { seq: 121, payload: 10 }),
    cut: TO_TCP + 16,
    expected: '3\t',
  },
  { what: 'as the next shows', data: flow(5, { seq: 131, payload: 10 }), expected: '3\t' },
  {
    what: 'a header longer than its packet is not judged',
    data: withHeaderLength(9, flow(5, { seq: 900, payload: 10 })),
    expected: '3\t',
  },
  { what: 'as the next shows', data: flow(5, { seq: 141, payload: 10 }), expected: '3\t' },

  {
    what: 'inside VXLAN it is the same stream',
    data: flow(5, { seq: 151, payload: 10, tunnels: [{ type: 'vxlan' }] }),
    expected: '3\t',
  },
  {
    what: 'and inside GRE',
    data: flow(5, { seq: 161, payload: 10, tunnels: [{ type: 'gre' }], vlans: [7] }),
    expected: '3\t',
  },
  {
    what: 'a length of 0, as TSO leaves it, is the length of the frame',
    data: flow(5, { seq: 171, payload: 10, ipLength: 0 }),
    expected: '3\t',
  },
  {
    what: 'padding is no payload, so this is an empty segment',
    data: flow(5, { seq: 181, padTo: 60 }),
    expected: '3\tduplicate_ack',
  },
  { what: 'as the next shows', data: flow(5, { seq: 181, payload: 1 }), expected: '3\t' },

  {
    what: 'a first fragment that was cut is shown, and not judged',
    data: flow(6, { seq: 1, payload: 100, fragment: { offset: 0, length: 80 } }),
    cut: TO_TCP + 30,
    expected: '4\t',
  },
  {
    what: 'the fragments behind it are not shown',
    data: flow(6, { seq: 1, payload: 100, fragment: { offset: 80, length: 40 } }),
    expected: null,
  },
  { what: 'the last frame', data: flow(6, { seq: 101, payload: 10 }), expected: '4\t' },
];

/** They as a capture, one a millisecond. */
export function oddCapture(): Uint8Array {
  return writePcap(
    ODD_FRAMES.map(({ data, cut }, i) => ({
      time: 1_000_000_000n + BigInt(i) * 1_000_000n,
      data: data.subarray(0, cut ?? data.length),
      originalLength: data.length,
    })),
  );
}
