/**
 * Which frames matter: those that the report cites, and those of each flow around its stalls.
 * The trap: a gateway may translate a flow, so it has several pairs of ends; any of them is the flow's.
 */
import type { Endpoint, Flow, Report } from '../../analyzer/index.ts';
import { formatAddress } from '../../packet/address.ts';
import type { PacketRecord } from '../../packet/file/record.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { Frame, FrameKind } from '../../packet/wire/frame.ts';

export type FrameChoice = 'evidence' | 'all';

/** So long before and after a stall a flow's frames are kept, ns: a few round trips, not a transfer. */
const AROUND_STALL = 250_000_000n;

interface Window {
  readonly from: bigint;
  readonly to: bigint;
}

/** Tells of a frame whether it is one of a flow that stalled, around that time. Times are the report's, ns since the epoch. */
export class StallFrames {
  readonly #windows = new Map<string, Window[]>();
  readonly #frame = new Frame();

  constructor({ flows, captures }: Report) {
    let last = 0n;
    for (const { coveredUntil } of captures) {
      if (coveredUntil !== null && BigInt(coveredUntil) > last) last = BigInt(coveredUntil);
    }
    for (const flow of flows) {
      for (const { start, end } of flow.stalls) {
        const window = {
          from: BigInt(start) - AROUND_STALL,
          to: (end === null ? last : BigInt(end)) + AROUND_STALL,
        };
        for (const key of pairsOf(flow)) this.#windows.set(key, [...(this.#windows.get(key) ?? []), window]);
      }
    }
  }

  has(record: PacketRecord, time: bigint): boolean {
    if (this.#windows.size === 0) return false;
    const frame = this.#frame;
    decodeFrame(record, frame);
    const { kind, address, ipVersion, sourcePort, destinationPort } = frame;
    if ((kind !== FrameKind.Tcp && kind !== FrameKind.Udp) || ipVersion === 0) return false;
    const version = ipVersion === 6 ? 6 : 4;
    const key = pairKey(
      kind === FrameKind.Tcp ? 'tcp' : 'udp',
      { address: formatAddress(address, 0, version), port: sourcePort },
      { address: formatAddress(address, 4, version), port: destinationPort },
    );
    return this.#windows.get(key)?.some(({ from, to }) => from <= time && time <= to) ?? false;
  }
}

function pairsOf({ protocol, client, server, translated = [], legs = [] }: Flow): Set<string> {
  const pairs: [Endpoint, Endpoint][] = [
    [client, server],
    ...legs.map((leg): [Endpoint, Endpoint] => [leg.client, leg.server]),
    ...translated.flatMap((other): [Endpoint, Endpoint][] => [
      [other, server],
      [client, other],
    ]),
  ];
  return new Set(pairs.map(([a, b]) => pairKey(protocol, a, b)));
}

/** The same in both directions. */
function pairKey(protocol: Flow['protocol'], a: Endpoint, b: Endpoint): string {
  const [x, y] = [`${a.address} ${a.port}`, `${b.address} ${b.port}`];
  return x < y ? `${protocol} ${x} ${y}` : `${protocol} ${y} ${x}`;
}
