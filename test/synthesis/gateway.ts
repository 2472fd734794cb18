/**
 * A simulated world around a gateway pair: client and server, node A and node
 * B, each with an inner and an outer link, and the six captures of one run.
 * Who forwards when is a plan; what a node does with a packet is its options;
 * everything else follows from TCP at the ends.
 * The trap: captures share one run but not one clock, and each misses what its
 * faults say; the truth is only ever what the plan said.
 */
import { type Nanos, seconds } from '../../packet/time.ts';
import { Chance, Clockwork } from './world/clockwork.ts';
import { Link, type LinkOptions, type Passing, type Station } from './world/link.ts';
import { Machine } from './world/machine.ts';
import { GatewayNode, type NodeOptions, type Side } from './world/node.ts';
import { BROADCAST, type NeighbourPacket, type Packet } from './world/packet.ts';
import type { Handlers, Talk } from './world/talk.ts';
import { capture, ORIGIN, type Sighting, Tap, type TapFaults } from './world/tap.ts';
import type { TcpEnd } from './world/tcp-end.ts';

export type { Passing };

export const VANTAGES = ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'] as const;
export type VantageName = (typeof VANTAGES)[number];
export type NodeName = 'a' | 'b';
/** `neighbour` is a second client host, `second-server` another address; neither is captured. */
export type HostName = 'client' | 'neighbour' | 'server' | 'second-server';

export interface Tenure {
  readonly node: NodeName;
  readonly from: Nanos;
  readonly to?: Nanos;
  /** Only on this side. Default both. */
  readonly side?: Side;
  /** Its interfaces are up and it holds no office: it neither answers for the gateway nor advertises. */
  readonly standby?: boolean;
}

export interface GatewayOptions {
  readonly seed?: number;
  readonly ipv6?: boolean;
  /** One way between client and inner link, server and outer link. Default 0: a LAN. */
  readonly clientDelay?: Nanos;
  readonly serverDelay?: Nanos;
  /** TTLs that the ends send with. Default 64. */
  readonly ttl?: { readonly client?: number; readonly server?: number };
  readonly a?: NodeOptions;
  readonly b?: NodeOptions;
  /** When which node has its interfaces. */
  readonly tenures: readonly Tenure[];
  /** The MACs move with the role (a cloud's adapters), or each node keeps its own. */
  readonly macs?: 'move' | 'stay';
  readonly flooding?: boolean;
  /** Nodes in office advertise themselves once a second (VRRP). */
  readonly vrrp?: boolean;
  /** Which of two nodes with one MAC a frame reaches. */
  readonly choose?: LinkOptions['choose'];
  /** Frames that vanish between two interfaces. */
  readonly loses?: (passing: Passing) => boolean;
  readonly faults?: Partial<Record<VantageName, TapFaults>>;
  readonly snaplen?: number;
}

export interface CaptureFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const FIRST_ADVERT = seconds(0.2);

export class Gateway {
  readonly clock = new Clockwork();
  readonly chance: Chance;
  readonly nodes: Record<NodeName, GatewayNode>;
  private readonly o: GatewayOptions;
  private readonly taps: Record<VantageName, Tap>;
  private readonly links: Record<Side, Link>;
  private readonly machines: Record<HostName, Machine>;
  private readonly hosts: Record<HostName, Station>;
  private readonly stations: Record<NodeName, Record<Side, Station>>;
  /** The gateway's MAC as each host knows it. */
  private readonly nextHop: Record<HostName, string>;
  private readonly turns = new Map<string, Nanos>();

  constructor(options: GatewayOptions) {
    this.o = options;
    this.chance = new Chance(options.seed ?? 1);
    const faults = options.faults ?? {};
    this.taps = Object.fromEntries(VANTAGES.map((v) => [v, new Tap(faults[v] ?? {})])) as typeof this.taps;
    this.links = { in: this.link(), out: this.link() };
    const stations = (node: NodeName) => ({ in: this.nodeSide(node, 'in'), out: this.nodeSide(node, 'out') });
    this.stations = { a: stations('a'), b: stations('b') };
    const first = (side: Side): string => this.stations.a[side].mac;
    this.nextHop = {
      client: first('in'),
      neighbour: first('in'),
      server: first('out'),
      'second-server': first('out'),
    };
    this.hosts = {
      client: this.host('client', 'in'),
      neighbour: this.host('neighbour', 'in'),
      server: this.host('server', 'out'),
      'second-server': this.host('second-server', 'out'),
    };
    this.machines = Object.fromEntries(
      (Object.keys(this.hosts) as HostName[]).map((name) => [name, this.machine(name)]),
    ) as typeof this.machines;
    this.nodes = { a: this.node('a', options.a ?? {}), b: this.node('b', options.b ?? {}) };
    this.begin();
  }

  /** An address of the world. */
  address(of: HostName | 'gateway-in' | 'gateway-out' | 'a-in' | 'a-out' | 'b-in' | 'b-out'): string {
    const [net, host] = ADDRESSES[of];
    return this.o.ipv6 === true ? `2001:db8:${net}::${host}` : `10.${net}.0.${host}`;
  }

  at(time: Nanos, action: () => void): void {
    this.clock.at(time, action);
  }

  /** Begins a conversation at a time. */
  open(talk: Talk, at: Nanos, from: HostName = 'client', to: HostName = 'server'): void {
    this.clock.at(at, () => {
      const tuple = {
        address: this.address(from),
        port: talk.clientPort,
        peerAddress: this.address(to),
        peerPort: talk.serverPort,
      };
      const handlers = (end: TcpEnd): Handlers => talk.client(end, this.clock);
      this.machines[from].connect(tuple, talk, handlers);
    });
  }

  /** A node says on a side that the gateway's address is its own: gratuitous ARP, or an unsolicited advertisement. */
  announce(node: NodeName, side: Side): void {
    const target = this.address(side === 'in' ? 'gateway-in' : 'gateway-out');
    const station = this.stations[node][side];
    const operation = this.o.ipv6 === true ? 2 : 1;
    this.links[side].send(
      station,
      { kind: 'neighbour', operation, sender: target, senderMac: station.mac, target },
      this.o.ipv6 === true ? '33:33:00:00:00:01' : BROADCAST,
    );
  }

  /** A host asks for the gateway's MAC: the one it knows by unicast, or everybody. */
  asks(name: HostName, everybody: boolean): void {
    const station = this.hosts[name];
    const side = sideOf(name);
    const target = this.address(side === 'in' ? 'gateway-in' : 'gateway-out');
    const all = this.o.ipv6 === true ? '33:33:ff:00:00:01' : BROADCAST;
    this.links[side].send(
      station,
      { kind: 'neighbour', operation: 1, sender: this.address(name), senderMac: station.mac, target },
      everybody ? all : this.nextHop[name],
    );
  }

  /** Runs to a time and ends: what comes later is in no capture. */
  run(until: Nanos): this {
    this.clock.run(until);
    return this;
  }

  /** The six captures; with `any`, four: both interfaces of a node in one file, as `tcpdump -i any` writes it. */
  captures(any = false): CaptureFile[] {
    const snaplen = this.o.snaplen ?? 128;
    const file = (name: string, vantages: readonly VantageName[]): CaptureFile => ({
      name: `${name}.pcap`,
      bytes: capture(
        vantages.map((v) => this.taps[v]),
        snaplen,
        vantages.length > 1 ? 'sll2' : 'ethernet',
      ),
    });
    if (!any) return VANTAGES.map((v) => file(v, [v]));
    return [
      file('client', ['client']),
      file('node-a', ['node-a.in', 'node-a.out']),
      file('node-b', ['node-b.in', 'node-b.out']),
      file('server', ['server']),
    ];
  }

  /** What a vantage has seen, in the order of time, on a perfect clock. */
  sightings(vantage: VantageName): readonly Sighting[] {
    return this.taps[vantage].sightings;
  }

  private begin(): void {
    for (const name of ['client', 'server'] as const) this.clock.at(0, () => this.asks(name, true));
    if (this.o.vrrp === true) this.clock.at(FIRST_ADVERT, () => this.advertise());
  }

  private advertise(): void {
    for (const node of (['a', 'b'] as const).filter((n) => this.isInOffice(n))) {
      for (const side of ['in', 'out'] as const) {
        const source = this.address(`${node}-${side}`);
        const address = this.address(side === 'in' ? 'gateway-in' : 'gateway-out');
        const packet: Packet = { kind: 'vrrp', source, priority: node === 'a' ? 150 : 100, address };
        const group = this.o.ipv6 === true ? '33:33:00:00:00:12' : '01:00:5e:00:00:12';
        this.links[side].send(this.stations[node][side], packet, group);
      }
    }
    this.clock.after(seconds(1), () => this.advertise());
  }

  private link(): Link {
    const { flooding = false, choose, loses } = this.o;
    return new Link({
      clock: this.clock,
      chance: this.chance,
      flooding,
      ...(choose === undefined ? {} : { choose }),
      ...(loses === undefined ? {} : { loses }),
    });
  }

  private host(name: HostName, side: Side): Station {
    const { clientDelay = 0, serverDelay = 0 } = this.o;
    const station: Station = {
      name,
      mac: HOST_MACS[name],
      tap: name === 'client' || name === 'server' ? this.taps[name] : null,
      delay: side === 'in' ? clientDelay : serverDelay,
      isAttached: () => true,
      receive: (packet) => this.hostReceives(name, packet),
    };
    this.links[side].join(station);
    return station;
  }

  private hostReceives(name: HostName, packet: Packet): void {
    const gateway = this.address(sideOf(name) === 'in' ? 'gateway-in' : 'gateway-out');
    if (packet.kind === 'neighbour' && packet.sender === gateway) this.nextHop[name] = packet.senderMac;
    if (packet.kind !== 'tcp' || packet.destination !== this.address(name)) return;
    // What a kernel needs until its answer is on the wire; the order stays.
    const time = this.clock.now + this.chance.between(4_000, 15_000);
    this.queued(`${name} receives`, time, () => this.machines[name].receive(packet));
  }

  /** Things of one kind happen one after the other. */
  private queued(kind: string, time: Nanos, action: () => void): void {
    const turn = Math.max(time, (this.turns.get(kind) ?? 0) + 800);
    this.turns.set(kind, turn);
    this.clock.at(turn, action);
  }

  private machine(name: HostName): Machine {
    const { ttl = {} } = this.o;
    const side = sideOf(name);
    return new Machine({
      clock: this.clock,
      chance: this.chance,
      ttl: (side === 'in' ? ttl.client : ttl.server) ?? 64,
      send: (p) =>
        this.queued(`${name} sends`, this.clock.now, () =>
          this.links[side].send(this.hosts[name], p, this.nextHop[name]),
        ),
    });
  }

  private nodeSide(node: NodeName, side: Side): Station {
    const station: Station = {
      name: `node-${node}.${side}`,
      mac: this.macOfNode(node, side),
      tap: this.taps[`node-${node}.${side}`],
      delay: 0,
      isAttached: (now) => this.o.tenures.some((t) => holds(t, node, now) && (t.side ?? side) === side),
      receive: (packet) => this.nodeReceives(node, side, packet),
    };
    this.links[side].join(station);
    return station;
  }

  private macOfNode(node: NodeName, side: Side): string {
    const last = side === 'in' ? '01' : '02';
    if (this.o.macs !== 'stay') return `02:00:00:00:${last}:01`;
    return `02:00:00:00:0${node}:${last}`;
  }

  private nodeReceives(node: NodeName, side: Side, packet: Packet): void {
    if (packet.kind !== 'neighbour') this.nodes[node].receive(packet, side);
    else if (this.isInOffice(node)) this.nodeAnswers(node, side, packet);
  }

  private isInOffice(node: NodeName): boolean {
    return this.o.tenures.some((t) => holds(t, node, this.clock.now) && t.standby !== true);
  }

  private nodeAnswers(node: NodeName, side: Side, asked: NeighbourPacket): void {
    const target = this.address(side === 'in' ? 'gateway-in' : 'gateway-out');
    if (asked.operation !== 1 || asked.target !== target || asked.sender === target) return;
    const station = this.stations[node][side];
    const answer: NeighbourPacket = {
      kind: 'neighbour',
      operation: 2,
      sender: target,
      senderMac: station.mac,
      target,
      asker: asked.sender,
    };
    this.clock.after(this.chance.between(4_000, 15_000), () =>
      this.links[side].send(station, answer, asked.senderMac),
    );
  }

  private node(name: NodeName, options: NodeOptions): GatewayNode {
    return new GatewayNode(
      {
        name: `node-${name}`,
        clock: this.clock,
        chance: this.chance,
        link: this.links,
        station: this.stations[name],
        macOf: (side, address) => this.macOfHost(side, address),
        address: { in: this.address(`${name}-in`), out: this.address(`${name}-out`) },
      },
      options,
    );
  }

  private macOfHost(side: Side, address: string): string {
    const hosts = (Object.keys(ADDRESSES) as (keyof typeof ADDRESSES)[]).filter(
      (n): n is HostName => n in HOST_MACS,
    );
    const found = hosts.find((h) => this.address(h) === address);
    return HOST_MACS[found ?? (side === 'in' ? 'client' : 'server')];
  }
}

const holds = (t: Tenure, node: NodeName, now: Nanos): boolean =>
  t.node === node && t.from <= now && now < (t.to ?? Number.POSITIVE_INFINITY);

/** Network and host part. */
const ADDRESSES = {
  client: [1, 10],
  neighbour: [1, 20],
  'gateway-in': [1, 1],
  'a-in': [1, 2],
  'b-in': [1, 3],
  server: [2, 10],
  'second-server': [2, 30],
  'gateway-out': [2, 1],
  'a-out': [2, 2],
  'b-out': [2, 3],
} as const;

const HOST_MACS: Record<HostName, string> = {
  client: '02:00:00:00:00:10',
  neighbour: '02:00:00:00:00:11',
  server: '02:00:00:00:00:20',
  'second-server': '02:00:00:00:00:21',
};

const sideOf = (host: HostName): Side => (host === 'client' || host === 'neighbour' ? 'in' : 'out');

/** Ns since the epoch of a time of the world: what a perfect clock would have said. */
export const epochOf = (time: Nanos): bigint => ORIGIN + BigInt(Math.round(time));

/** A failover in one step: A until `lost`, B from `restored`. */
export const failover = (lost: Nanos, restored: Nanos): Tenure[] => [
  { node: 'a', from: 0, to: lost },
  { node: 'b', from: restored },
];
