/**
 * Captures of very many connections that all fail in one way, as an outage of a
 * busy gateway or a port scan leaves them. Frames are copies of one another with
 * other numbers in them, so that a hundred thousand flows take a second.
 */
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import { buildTcp, type TcpFrame } from '../../packet/wire/build.ts';

export const FATES = ['scanned', 'refused', 'hung', 'reset', 'gave up'] as const;
export type Fate = (typeof FATES)[number];

const REQUEST = 'GET / HTTP/1.1\r\n\r\n';
const NS = 1_000_000_000n;
const START = 1_790_000_000n * NS;
/** Between the frames of neighbouring flows. */
const STEP = 20_000n;
const SOURCE = 26;
const DESTINATION = 30;
const PORTS = 34;
const PORTS_A_HOST = 16_384;

interface Step {
  /** Seconds after the flow's first frame. */
  readonly after: bigint;
  readonly fromClient: boolean;
  readonly frame: Uint8Array;
}

const toServer = (fields: TcpFrame) => step(true, fields);
const toClient = (fields: TcpFrame) => step(false, fields);

function step(fromClient: boolean, fields: TcpFrame): (after: bigint) => Step {
  return (after) => ({ after, fromClient, frame: buildTcp(fields) });
}

const SYN = toServer({ flags: 'SYN', seq: 100 });
const OPENED = [
  SYN(0n),
  toClient({ flags: 'SYN ACK', seq: 500, ack: 101 })(0n),
  toServer({ seq: 101, ack: 501 })(0n),
  toServer({ flags: 'PSH ACK', seq: 101, ack: 501, payload: REQUEST, ipId: 1 })(0n),
];
const AGAIN = toServer({ flags: 'PSH ACK', seq: 101, ack: 501, payload: REQUEST, ipId: 2 });

const STORIES: Record<Fate, readonly Step[]> = {
  scanned: [SYN(0n)],
  refused: [SYN(0n), toClient({ flags: 'RST ACK', ack: 101 })(0n)],
  hung: [...OPENED, AGAIN(5n), AGAIN(15n)],
  reset: [...OPENED, toClient({ flags: 'RST', seq: 501 })(5n)],
  'gave up': [...OPENED, AGAIN(5n), toServer({ flags: 'RST ACK', seq: 119, ack: 501 })(10n)],
};

/** `flows` connections of one client network to one service, all of the same fate. */
export function manyFlows(fate: Fate, flows: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk));
  for (const { after, fromClient, frame } of STORIES[fate]) {
    for (let flow = 0; flow < flows; flow++) {
      address(frame, fromClient, flow);
      writer.packet({ time: START + after * NS + BigInt(flow) * STEP, data: frame });
    }
  }
  return Buffer.concat(chunks);
}

/** One port that is used again for each of `connections`, a second apart, as by a client that is never answered. */
export function onePort(connections: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk));
  for (let n = 0; n < connections; n++) {
    // Initial numbers far apart, each once: an odd factor passes through all 2^32.
    const frame = buildTcp({ flags: 'SYN', seq: Math.imul(n + 1, 0x9e3779b1) >>> 0 });
    writer.packet({ time: START + BigInt(n) * NS, data: frame });
  }
  return Buffer.concat(chunks);
}

function address(frame: Uint8Array, fromClient: boolean, flow: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(fromClient ? SOURCE : DESTINATION, 0x0a000000 + Math.floor(flow / PORTS_A_HOST));
  view.setUint32(fromClient ? DESTINATION : SOURCE, 0xc0000201);
  view.setUint16(fromClient ? PORTS : PORTS + 2, 1024 + (flow % PORTS_A_HOST));
  view.setUint16(fromClient ? PORTS + 2 : PORTS, 80);
}
