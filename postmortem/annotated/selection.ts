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

/**
 * More frames than these of one stall in one capture tell nothing new: probes of hours, or a side that goes on asking. What the
 * report cites is written all the same.
 */
export const MOST_OF_A_STALL = 2000;

interface Window {
  readonly from: bigint;
  readonly to: bigint;
  /** How many frames of each capture were chosen for it. */
  readonly taken: Map<string, number>;
}

/** Tells of a frame whether it is one of the first of a flow that stalled, around that time. Times are the report's, ns since the epoch. */
export class StallFrames {
  readonly #windows = new Map<string, Window[]>();
  readonly #frame = new Frame();
  /** Frames that were around a stall, beyond `MOST_OF_A_STALL`. */
  leftOut = 0;

  constructor({ flows, captures }: Report) {
    let last = 0n;
    for (const { coveredUntil } of captures) {
      if (coveredUntil !== null && BigInt(coveredUntil) > last) last = BigInt(coveredUntil);
    }
    for (const flow of flows) {
      for (const { start, end } of flow.stalls) {
        const window: Window = {
          from: BigInt(start) - AROUND_STALL,
          to: (end === null ? last : BigInt(end)) + AROUND_STALL,
          taken: new Map(),
        };
        for (const key of pairsOf(flow)) {
          const known = this.#windows.get(key);
          if (known === undefined) this.#windows.set(key, [window]);
          else known.push(window);
        }
      }
    }
  }

  /** Takes the frame, where it is one: a question counts. */
  take(capture: string, record: PacketRecord, time: bigint): boolean {
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
    const around = this.#windows.get(key)?.filter(({ from, to }) => from <= time && time <= to) ?? [];
    if (around.length === 0) return false;
    const room = around.some(({ taken }) => (taken.get(capture) ?? 0) < MOST_OF_A_STALL);
    if (!room) this.leftOut++;
    else for (const { taken } of around) taken.set(capture, (taken.get(capture) ?? 0) + 1);
    return room;
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
