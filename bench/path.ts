/**
 * The six places at which a failover is captured, and the way of a packet past
 * them: through one node or the other, with a hop less behind it, and under
 * another address where the nodes translate.
 * The trap: packets of both directions pass a place out of the order in which
 * they were sent; a capture has them in the order in which they passed.
 */
import { type Connection, type Hop, type Packet, PcapStream } from './pcap-stream.ts';

export const VANTAGES = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'] as const;
export type VantageName = (typeof VANTAGES)[number];
export type NodeName = 'node-a' | 'node-b';

/** How far a packet gets. */
export type Reach = 'all the way' | 'to the node' | 'nowhere';

/** ns by which the clock of a host is off. */
const CLOCK_OFF: Record<string, number> = {
  client: 0,
  'node-a': 3_200_000,
  'node-b': -41_000_000,
  server: 1_700_000_000,
};
/** ns from the client to each place. */
const DISTANCE = { client: 0, in: 100_000, out: 150_000, server: 350_000 };
/** Longer than any packet is under way. */
const REORDERED: number = 1_000_000;
const MAC = { client: 1, server: 2, 'node-a': { in: 0x0a, out: 0x1a }, 'node-b': { in: 0x0b, out: 0x1b } };
/** Where clients' addresses end and translated ones begin. */
const TRANSLATED = 0x100000;
const PORTS = 50_000;
const FIRST_PORT = 10_000;

export interface PathOptions {
  readonly fileOf: (vantage: VantageName) => string;
  readonly snaplen: number;
  /** The nodes give clients other addresses and ports (IPv4 only). */
  readonly translates: boolean;
}

/** Writes every packet to the captures that it passes. */
export class Path {
  readonly #captures: Record<VantageName, Capture>;
  readonly #translates: boolean;
  readonly #translated = new Map<Connection, Connection>();
  #ipId = 0;

  constructor({ fileOf, snaplen, translates }: PathOptions) {
    const open = (vantage: VantageName): Capture => new Capture(fileOf(vantage), snaplen);
    this.#captures = Object.fromEntries(VANTAGES.map((v) => [v, open(v)])) as Record<VantageName, Capture>;
    this.#translates = translates;
  }

  /** Lets it go its way; what a node sends itself begins at that node. */
  send(sent: Packet, node: NodeName, reach: Reach, from: 'end' | 'node' = 'end'): void {
    this.#ipId = (this.#ipId + 1) & 0xffff;
    const packet = { ...sent, ipId: this.#ipId };
    const { fromClient } = packet;
    const order = [...ORDER];
    if (!fromClient) order.reverse();
    const begin = from === 'end' ? 0 : 2;
    const length = reach === 'all the way' ? 4 : reach === 'to the node' ? 2 : 1;
    for (const at of order.slice(begin, length)) {
      const name = at === 'client' || at === 'server' ? at : (`${node}.${at}` as const);
      this.#captures[name].add(this.#as(packet, at), hopAt(at, node, fromClient, from));
    }
  }

  close(): void {
    for (const capture of Object.values(this.#captures)) capture.close();
  }

  /** As it looks there: behind the node a client has another address. */
  #as(packet: Packet, at: Place): Packet {
    const { connection } = packet;
    if (!this.#translates || connection.ipVersion === 6 || at === 'client' || at === 'in') return packet;
    let other = this.#translated.get(connection);
    if (other === undefined) {
      const nth = this.#translated.size;
      const host = TRANSLATED + Math.floor(nth / PORTS);
      other = { ipVersion: 4, host, port: FIRST_PORT + (nth % PORTS) };
      this.#translated.set(connection, other);
    }
    return { ...packet, connection: other };
  }
}

type Place = 'client' | 'in' | 'out' | 'server';
const ORDER: readonly Place[] = ['client', 'in', 'out', 'server'];

function hopAt(at: Place, node: NodeName, fromClient: boolean, from: 'end' | 'node'): Hop {
  const isNear = at === 'client' || at === 'in';
  const [end, side] = isNear ? [MAC.client, MAC[node].in] : [MAC.server, MAC[node].out];
  const isBeforeNode = isNear === fromClient;
  const host = at === 'client' || at === 'server' ? at : node;
  const travelled = fromClient ? DISTANCE[at] : DISTANCE.server - DISTANCE[at];
  return {
    later: travelled + (CLOCK_OFF[host] ?? 0),
    ttl: isBeforeNode || from === 'node' ? 64 : 63,
    destination: isBeforeNode ? side : end,
    source: isBeforeNode ? end : side,
  };
}

/** One capture file; holds packets back until none can come that passed before them. */
class Capture {
  readonly #stream: PcapStream;
  readonly #held: { time: number; packet: Packet; hop: Hop }[] = [];

  constructor(file: string, snaplen: number) {
    this.#stream = new PcapStream(file, snaplen);
  }

  add(packet: Packet, hop: Hop): void {
    const time = packet.time + hop.later;
    let at = this.#held.length;
    while (at > 0 && this.#held[at - 1]!.time > time) at -= 1;
    this.#held.splice(at, 0, { time, packet, hop });
    while (this.#held[0]!.time < time - REORDERED) this.#writeFirst();
  }

  close(): void {
    while (this.#held.length > 0) this.#writeFirst();
    this.#stream.close();
  }

  #writeFirst(): void {
    const { packet, hop } = this.#held.shift()!;
    this.#stream.write(packet, hop);
  }
}
