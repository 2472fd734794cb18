/**
 * Tests only: conversations as the captures along a path see them. A `Trip` is
 * one connection from client to server through node A or B; every segment names
 * how far it got, and every capture is written from that.
 * Times are seconds; a segment needs 0.1 ms from an end to a node and 0.02 ms
 * through it. Sequence numbers count from the SYN, as in test-frames.ts.
 * The trap: an end hears only what reached it, and answers only when told to.
 */
import { LinkType } from '../packet/link-type.ts';
import { buildTcp, type TcpFrame } from '../packet/wire/build.ts';
import { payloadBytes } from '../packet/wire/bytes.ts';
import { PacketType } from '../packet/wire/frame.ts';
import { createAnalysis } from './analysis.ts';
import { type Correlation, correlate } from './correlate.ts';
import type { Report } from './report/report.ts';
import { epoch, type Packet, pcapOf, type Sending, type Source } from './test-frames.ts';
import { vantageFromName } from './vantage/file-name.ts';
import { guessPlace } from './vantage/vantage.ts';
import { VantageAnalysis } from './vantage-analysis.ts';

export type NodeName = 'a' | 'b';
type End = 'client' | 'server';
export type Place = End | `${NodeName}.in` | `${NodeName}.out`;

export const PLACES: readonly Place[] = ['client', 'a.in', 'a.out', 'b.in', 'b.out', 'server'];

export interface Step extends Omit<Sending, 'lost'> {
  /** The last place that sees it. Default the other end. */
  to?: Place;
  /** The first place that sees it: a node that makes it in the sender's name. Default the sender. */
  from?: Place;
  /** Default the trip's. */
  via?: NodeName;
}

export interface TripOptions {
  /** `address port`. */
  client?: string;
  server?: string;
  /** The client as the server knows it, by node. Default as it is. */
  outside?: Partial<Record<NodeName, string>>;
  /** Added to the numbers of client and server on the outer side. Default nothing. */
  shift?: readonly [number, number];
  /** The nodes that do so. Default both. */
  shifting?: readonly NodeName[];
  isn?: readonly [number, number];
  /** With timestamps, a tick a millisecond. Default true. */
  stamped?: boolean;
  /** What its timestamps count from: another host's clock. Default 1. */
  ticks?: number;
}

interface Speaker {
  readonly address: string;
  readonly port: number;
  readonly isn: number;
  next: number;
  /** So far the other end has heard it in order. */
  heard: number;
  ipId: number;
  /** The newest of its timestamps that the other end has heard. */
  echo: number;
}

interface Glimpse {
  readonly at: number;
  readonly place: Place;
  /** It leaves the host that the place belongs to. */
  readonly leaves: boolean;
  readonly fields: TcpFrame;
}

const LINK = 0.0001;
const NODE = 0.00002;
/** MACs of the hosts, and of the two sides of either node. */
export const MAC: Readonly<Record<Place, string>> = {
  client: '02:00:00:00:00:0c',
  server: '02:00:00:00:00:0e',
  'a.in': '02:00:00:00:0a:01',
  'a.out': '02:00:00:00:0a:02',
  'b.in': '02:00:00:00:0b:01',
  'b.out': '02:00:00:00:0b:02',
};

export class Trip {
  via: NodeName = 'a';
  private readonly glimpses: Glimpse[] = [];
  private readonly ends: Record<End, Speaker>;
  private readonly options: TripOptions;

  constructor(options: TripOptions = {}) {
    const { client = '10.1.0.10 40000', server = '10.2.0.10 80', isn = [1000, 5000] } = options;
    this.options = options;
    const speaker = (text: string, own: number, ipId: number): Speaker => ({
      ...tuple(text),
      isn: own,
      next: 0,
      heard: 0,
      ipId,
      echo: 0,
    });
    this.ends = { client: speaker(client, isn[0], 100), server: speaker(server, isn[1], 7000) };
  }

  /** From here on everything passes this node. */
  through(node: NodeName): this {
    this.via = node;
    return this;
  }

  client(at: number, step: Step = {}): this {
    return this.send('client', at, step);
  }

  server(at: number, step: Step = {}): this {
    return this.send('server', at, step);
  }

  handshake(at = 0): this {
    const options = { mss: 1460, sackPermitted: true, windowScale: 7 };
    this.client(at, { flags: 'SYN', options });
    this.server(at + 0.001, { flags: 'SYN ACK', options });
    return this.client(at + 0.002);
  }

  /** What a capture of one interface holds of it. */
  at(place: Place): Source {
    return { packets: this.glimpses.filter((g) => g.place === place).map((g) => written(g, 'ethernet')) };
  }

  /** What a capture of both interfaces of a node holds of it, as `tcpdump -i any` writes it. */
  anyOf(node: NodeName): Source {
    return { packets: this.glimpses.filter((g) => g.place.startsWith(node)).map((g) => written(g, 'sll2')) };
  }

  private send(who: End, at: number, step: Step): this {
    const [own, peer] = [this.ends[who], this.ends[who === 'client' ? 'server' : 'client']];
    const { seq = own.next, ack = peer.heard, from, to, via = this.via, ...rest } = step;
    const length = payloadBytes(rest.payload).length;
    const flags = String(rest.flags ?? (length > 0 ? 'PSH ACK' : 'ACK'));
    const end = seq + length + (/SYN|FIN/.test(flags) ? 1 : 0);
    const way = wayOf(who, via, from, to);
    const isOwn = way[0] === who;
    if (isOwn) own.next = Math.max(own.next, end);
    const stamp = Math.round(at * 1000) + (this.options.ticks ?? 1);
    const arrives = way.includes(who === 'client' ? 'server' : 'client');
    const stamped = this.options.stamped !== false && isOwn;
    const fields: TcpFrame = {
      ...rest,
      ipId: rest.ipId ?? (isOwn ? own.ipId++ & 0xffff : 0),
      flags,
      seq,
      ack,
      options: { ...rest.options, ...(stamped ? { timestamps: { value: stamp, echo: peer.echo } } : {}) },
    };
    for (const place of way) this.glimpses.push(this.glimpse(who, place, at, way, via, fields));
    if (arrives) {
      if (seq <= own.heard) own.heard = Math.max(own.heard, end);
      if (stamped) own.echo = stamp;
    }
    return this;
  }

  private glimpse(
    who: End,
    place: Place,
    at: number,
    way: readonly Place[],
    via: NodeName,
    fields: TcpFrame,
  ): Glimpse {
    const full = wayOf(who, via);
    const delay = delayTo(full.indexOf(place)) - delayTo(full.indexOf(way[0] as Place));
    const outer = place === 'server' || place.endsWith('out');
    const leaves = place === who || place === full[2];
    const made = way[0] !== who;
    const inside = tuple(this.options.client ?? '10.1.0.10 40000');
    const outside = this.options.outside?.[via];
    const client = outer && outside !== undefined ? tuple(outside) : inside;
    const { server } = this.ends;
    const { shift = [0, 0], shifting = ['a', 'b'] } = this.options;
    // What a node leaves as it is has the numbers of its sender's side everywhere.
    const [cs, ss] = (shifting.includes(via) ? outer : who === 'server') ? shift : [0, 0];
    const [seqBase, ackBase] =
      who === 'client'
        ? [this.ends.client.isn + cs, server.isn + ss]
        : [server.isn + ss, this.ends.client.isn + cs];
    const [source, destination] = who === 'client' ? [client, server] : [server, client];
    const hops = full.indexOf(place) >= 2 && !made ? 1 : 0;
    const far: Place = full.indexOf(place) >= 2 ? (full[3] as Place) : (full[1] as Place);
    const near: Place = full.indexOf(place) >= 2 ? (full[2] as Place) : (full[0] as Place);
    return {
      at: at + delay,
      place,
      leaves,
      fields: {
        sourceMac: MAC[near],
        destinationMac: MAC[far],
        ttl: 64 - hops,
        ...fields,
        source: source.address,
        sourcePort: source.port,
        destination: destination.address,
        destinationPort: destination.port,
        seq: ((fields.seq ?? 0) + seqBase) >>> 0,
        ack: /ACK/.test(String(fields.flags)) ? ((fields.ack ?? 0) + ackBase) >>> 0 : 0,
      },
    };
  }
}

/** The places that see a segment, in order. */
function wayOf(who: End, via: NodeName, from?: Place, to?: Place): Place[] {
  const path: Place[] = ['client', `${via}.in`, `${via}.out`, 'server'];
  if (who === 'server') path.reverse();
  const begin = from === undefined ? 0 : path.indexOf(from);
  const stop = to === undefined ? 3 : path.indexOf(to);
  if (begin < 0 || stop < begin) throw new Error(`no way from ${from} to ${to} through ${via}`);
  return path.slice(begin, stop + 1);
}

const delayTo = (index: number): number => [0, LINK, LINK + NODE, 2 * LINK + NODE][index] as number;

function written({ at, place, leaves, fields }: Glimpse, link: 'ethernet' | 'sll2'): Packet {
  const came = fields.destinationMac === MAC[place] ? PacketType.Host : PacketType.OtherHost;
  const packetType = leaves ? PacketType.Outgoing : came;
  return { at, data: buildTcp({ ...fields, link, packetType }) };
}

function tuple(text: string): { address: string; port: number } {
  const [address, port] = text.split(' ') as [string, string];
  return { address, port: Number(port) };
}

/** One capture: its bytes, and its name as a file. */
export interface Taken {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface TakeOptions {
  /** Seconds that a capture's clock is ahead, by place. */
  readonly ahead?: Partial<Record<Place, number>>;
  /** Frames beside the connections, by place. */
  readonly more?: Partial<Record<Place, readonly Packet[]>>;
  /** Times at which a capture missed what it should have seen, by place. */
  readonly misses?: Partial<Record<Place, (at: number) => boolean>>;
}

/** The captures of some places, `client.pcap`, `node-a.in.pcap` and so on. */
export function taken(
  trips: readonly Trip[],
  places: readonly Place[] = PLACES,
  options: TakeOptions = {},
): Taken[] {
  return places.map((place) => {
    const by = options.ahead?.[place] ?? 0;
    const misses = options.misses?.[place] ?? (() => false);
    const packets = trips.flatMap((t) => t.at(place).packets).filter(({ at }) => !misses(at));
    return {
      file: fileOf(place),
      bytes: pcapOf([later([...packets, ...(options.more?.[place] ?? [])], by)]),
    };
  });
}

/** The same with one capture a node, of all its interfaces: `node-a.pcap`. */
export function takenOnAny(trips: readonly Trip[]): Taken[] {
  const node = (name: NodeName): Taken => ({
    file: `node-${name}.pcap`,
    bytes: pcapOf(
      trips.map((t) => t.anyOf(name)),
      LinkType.LinuxSll2,
    ),
  });
  const [client, server] = taken(trips, ['client', 'server']) as [Taken, Taken];
  return [client, node('a'), node('b'), server];
}

const fileOf = (place: Place): string => `${place.replace(/^([ab])\./, 'node-$1.')}.pcap`;

const later = (packets: readonly Packet[], by: number): Source => ({
  packets: packets.map(({ at, data }) => ({ at: at + by, data })),
});

/** Seconds. No capture of a test ends with the last frame that the test is about. */
const RAN_UNTIL = 600;

/** Captures read up to the silences, without a verdict. */
export function readAll(captures: readonly Taken[], ranUntil = RAN_UNTIL): VantageAnalysis[] {
  return captures.map(({ file, bytes }, i) => {
    const analysis = new VantageAnalysis({ until: epoch(ranUntil) });
    const opened = analysis.open(file, i);
    opened.reader.push(bytes);
    opened.reader.end();
    analysis.finish();
    return analysis;
  });
}

/** Captures correlated, each where its file name says it is. */
export function correlated(captures: readonly Taken[], ranUntil = RAN_UNTIL): Correlation {
  return correlate(
    readAll(captures, ranUntil).map((analysis, i) => ({
      analysis,
      named: vantageFromName(captures[i]?.file ?? ''),
      guess: guessPlace(analysis.watches, analysis.cooked).place,
    })),
  );
}

export interface ReportOptions {
  /** File names say where captures were taken. Default true; else they are numbered in their order. */
  readonly named?: boolean;
  readonly until?: number;
  readonly ladderFor?: string;
  readonly mostFlows?: number;
  /** Journals or logs of nodes, by file name. */
  readonly journals?: Readonly<Record<string, string>>;
}

/** The report on captures. */
export function reportOn(captures: readonly Taken[], options: ReportOptions = {}): Report {
  const { until, ladderFor, mostFlows, named = true, journals = {} } = options;
  const analysis = createAnalysis({
    tool: { name: 'test', version: '1' },
    ...(until === undefined ? {} : { until: epoch(until) }),
    ...(ladderFor === undefined ? {} : { ladderFor }),
    ...(mostFlows === undefined ? {} : { mostFlows }),
  });
  for (const [i, { file, bytes }] of captures.entries()) {
    const feed = analysis.addCapture({ file: named ? file : `${i + 1}.pcap` });
    feed.push(bytes);
    feed.end();
  }
  for (const [file, text] of Object.entries(journals)) analysis.addJournal({ file, text });
  return analysis.finish();
}
