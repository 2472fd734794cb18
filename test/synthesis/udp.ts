/**
 * UDP across a pair of gateways that exists only as the frames of captures: a
 * client, node A and node B with a NAT on the outer side, a server. A datagram
 * is told by its way: through which node, from which outer port, and how far.
 * The trap: what the client sends is seen at its own capture also when it is
 * lost on the next link; `to` names the last hop that saw it.
 */
import { createAnalysis, type Flow, type Report } from '../../analyzer/index.ts';
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import { millis, type Nanos } from '../../packet/time.ts';
import { buildUdp, type UdpFrame } from '../../packet/wire/build.ts';
import { writeDns } from '../../packet/wire/dns.ts';
import { QuicType, writeQuicLong, writeQuicShort } from '../../packet/wire/quic.ts';
import { epoch } from './network.ts';

export type Hop = 'client' | 'in' | 'out' | 'server';

export interface UdpWay {
  /** Default `a`. */
  node?: 'a' | 'b';
  /** The last hop that sees it; default: it arrives. */
  to?: Hop;
  /** Port on the outer side; default the client's own. 0: no translation at all. */
  outerPort?: number;
}

export interface UdpOptions {
  client?: string;
  server?: string;
  /** Outer address of the NAT; default an address of the documentation range. */
  outer?: string;
  clientPort?: number;
  serverPort?: number;
  snaplen?: number;
  link?: UdpFrame['link'];
}

interface Packet {
  readonly time: Nanos;
  readonly bytes: Uint8Array;
}

const CLIENT_WAY: readonly Hop[] = ['client', 'in', 'out', 'server'];
/** From one hop to the next. */
const LINK: Nanos = millis(3);
const NODE_MAC = { a: '02:00:00:00:00:0a', b: '02:00:00:00:00:0b' };
const CLIENT_MAC = '02:00:00:00:01:10';
const SERVER_MAC = '02:00:00:00:02:10';

/** All captures of one incident, by vantage: `client`, `node-a.in`, … */
export class UdpIncident {
  readonly captures = new Map<string, Packet[]>();

  talk(options: UdpOptions = {}): UdpTalk {
    return new UdpTalk(this, options);
  }

  dns(options: UdpOptions = {}): DnsTalk {
    return new DnsTalk(this, {
      client: '10.1.0.10',
      server: '10.2.0.53',
      clientPort: 40_001,
      serverPort: 53,
      ...options,
    });
  }

  quic(options: UdpOptions & QuicOptions = {}): QuicTalk {
    return new QuicTalk(this, options);
  }

  add(vantage: string, time: Nanos, bytes: Uint8Array): void {
    const known = this.captures.get(vantage);
    if (known === undefined) this.captures.set(vantage, [{ time, bytes }]);
    else known.push({ time, bytes });
  }

  /** Both sides of a node in one capture, as `tcpdump -i any` takes it. */
  join(host: string): this {
    for (const side of ['in', 'out']) {
      for (const { time, bytes } of this.captures.get(`${host}.${side}`) ?? []) this.add(host, time, bytes);
    }
    return this;
  }

  /** The capture of a vantage as a file. */
  pcap(vantage: string, snaplen?: number): Uint8Array {
    const chunks: Uint8Array[] = [];
    const writer = createPcapWriter((c) => chunks.push(c), {
      nanoseconds: true,
      ...(snaplen === undefined ? {} : { snaplen }),
    });
    const packets = [...(this.captures.get(vantage) ?? [])].sort((a, b) => a.time - b.time);
    for (const { time, bytes } of packets) writer.packet({ time: epoch(time), data: bytes });
    return Buffer.concat(chunks);
  }

  /** The report of some vantages, in this order. */
  diagnose(
    vantages: readonly string[],
    options: { until?: Nanos; snaplen?: number; ladderFor?: string } = {},
  ): Report {
    const { until, snaplen, ladderFor } = options;
    const analysis = createAnalysis({
      tool: { name: 'stallscope', version: '0.0.0' },
      ...(until === undefined ? {} : { until: epoch(until) }),
      ...(ladderFor === undefined ? {} : { ladderFor }),
    });
    for (const vantage of vantages) {
      const [host, side] = vantage.split('.') as [string, 'in' | 'out' | undefined];
      const feed = analysis.addCapture({
        file: `${vantage}.pcap`,
        vantage: side === undefined ? { host } : { host, side },
      });
      feed.push(this.pcap(vantage, snaplen));
      feed.end();
    }
    return analysis.finish();
  }
}

/** Datagrams between one port of the client and one of the server. */
export class UdpTalk {
  protected readonly incident: UdpIncident;
  protected readonly options: Required<Omit<UdpOptions, 'snaplen' | 'link'>>;

  constructor(incident: UdpIncident, options: UdpOptions) {
    this.incident = incident;
    const v6 = options.client?.includes(':') ?? false;
    this.options = {
      client: '10.1.0.10',
      server: '10.2.0.10',
      outer: v6 ? '2001:db8:ffff::1' : '203.0.113.1',
      clientPort: 41_000,
      serverPort: 443,
      ...options,
    };
  }

  /** From the client towards the server; `at` is when it leaves. */
  up(at: Nanos, payload: Uint8Array, way: UdpWay = {}, port = this.options.clientPort): this {
    const { client, server, outer, serverPort } = this.options;
    const { node = 'a', to = 'server', outerPort = 0 } = way;
    const inner = { source: client, destination: server, sourcePort: port, destinationPort: serverPort };
    const beyond = outerPort === 0 ? inner : { ...inner, source: outer, sourcePort: outerPort };
    this.pass(CLIENT_WAY, at, { node, to, inner, beyond, payload });
    return this;
  }

  /** From the server towards the client. */
  down(at: Nanos, payload: Uint8Array, way: UdpWay = {}, port = this.options.clientPort): this {
    const { client, server, outer, serverPort } = this.options;
    const { node = 'a', to = 'client', outerPort = 0 } = way;
    const inner = { source: server, destination: client, sourcePort: serverPort, destinationPort: port };
    const beyond = outerPort === 0 ? inner : { ...inner, destination: outer, destinationPort: outerPort };
    this.pass([...CLIENT_WAY].reverse(), at, { node, to, inner, beyond, payload });
    return this;
  }

  private pass(
    hops: readonly Hop[],
    at: Nanos,
    sent: { node: 'a' | 'b'; to: Hop; inner: UdpFrame; beyond: UdpFrame; payload: Uint8Array },
  ): void {
    const { node, to, inner, beyond, payload } = sent;
    for (const [i, hop] of hops.entries()) {
      const isInner = hop === 'client' || hop === 'in';
      const up = hops[0] === 'client';
      const end = isInner ? CLIENT_MAC : SERVER_MAC;
      const fromNode = isInner !== up;
      const vantage = hop === 'client' || hop === 'server' ? hop : `node-${node}.${hop}`;
      const frame = buildUdp({
        ...(isInner ? inner : beyond),
        sourceMac: fromNode ? NODE_MAC[node] : end,
        destinationMac: fromNode ? end : NODE_MAC[node],
        ttl: up === isInner ? 64 : 63,
        payload,
      });
      this.incident.add(vantage, at + i * LINK, frame);
      if (hop === to) return;
    }
  }
}

export class DnsTalk extends UdpTalk {
  /** The client asks; `port` where it is not the talk's. */
  asks(
    at: Nanos,
    question: { id: number; name: string; type?: number; port?: number },
    way: UdpWay = {},
  ): this {
    const { port, ...fields } = question;
    return this.up(at, writeDns(fields), way, port);
  }

  answers(
    at: Nanos,
    question: { id: number; name: string; type?: number; port?: number; code?: number },
    way: UdpWay = {},
  ): this {
    const { port, ...fields } = question;
    return this.down(at, writeDns({ code: 0, records: 16, ...fields }), way, port);
  }

  /** Asked and answered at once. */
  exchange(
    at: Nanos,
    question: { id: number; name: string; type?: number; port?: number },
    way: UdpWay = {},
  ): this {
    return this.asks(at, question, way).answers(at + 4 * LINK, question, way);
  }
}

export interface QuicOptions {
  /** Length of the server's connection ID; default 8. */
  cidLength?: number;
  seed?: number;
}

export class QuicTalk extends UdpTalk {
  readonly serverCid: Uint8Array;
  readonly clientCid: Uint8Array;
  private state: number;

  constructor(incident: UdpIncident, { cidLength = 8, seed = 1, ...options }: UdpOptions & QuicOptions) {
    super(incident, options);
    this.state = seed;
    this.serverCid = this.bytes(cidLength);
    this.clientCid = this.bytes(0);
  }

  /** Initial, the server's answer, the client's Handshake and first short header. */
  opens(at: Nanos, way: UdpWay = {}): this {
    const { clientCid, serverCid } = this;
    this.initial(at, way);
    const answer = writeQuicLong({ destination: clientCid, source: serverCid }, this.bytes(1180));
    this.down(at + millis(12), answer, way);
    const handshake = { type: QuicType.Handshake, destination: serverCid, source: clientCid };
    this.up(at + millis(30), writeQuicLong(handshake, this.bytes(80)), way);
    return this.sends(at + millis(32), 60, way).replies(at + millis(45), 200, way);
  }

  initial(at: Nanos, way: UdpWay = {}): this {
    return this.up(
      at,
      writeQuicLong({ destination: this.bytes(8), source: this.clientCid }, this.bytes(1200)),
      way,
    );
  }

  /** A short header of the client. */
  sends(at: Nanos, length: number, way: UdpWay = {}, cid = this.serverCid): this {
    return this.up(at, writeQuicShort(cid, this.next(), this.bytes(length)), way);
  }

  /** A short header of the server. */
  replies(at: Nanos, length: number, way: UdpWay = {}): this {
    return this.down(at, writeQuicShort(this.clientCid, this.next(), this.bytes(length)), way);
  }

  /** Request and answer, the client's acknowledgement last. */
  asks(at: Nanos, way: UdpWay = {}): this {
    return this.sends(at, 90, way)
      .replies(at + millis(12), 400, way)
      .sends(at + millis(26), 35, way);
  }

  /** Waits that double, from the first on; returns when the last try was. */
  probes(
    at: Nanos,
    times: number,
    first: Nanos,
    way: UdpWay = {},
    from: 'client' | 'server' = 'client',
  ): Nanos {
    let time = at;
    for (let i = 0; i < times; i++) {
      time += first * 2 ** i;
      if (from === 'client') this.sends(time, 30, way);
      else this.replies(time, 30, way);
    }
    return time;
  }

  /** As good as random, and the same in every run. */
  private bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 255);
  }

  private next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.state >>> 16;
  }
}

/** `resumed by outage`, `hung, cause open`, …, one a flow. */
export const fates = (report: Report): string[] =>
  report.flows.map(({ outcome, cause, candidates }) => {
    if (cause !== null) return `${outcome} by ${cause}`;
    return candidates.length > 0 ? `${outcome}, cause open` : outcome;
  });

export function onlyFlow(report: Report): Flow {
  const [flow, ...more] = report.flows;
  if (flow === undefined || more.length > 0) throw new Error(`${report.flows.length} flows`);
  return flow;
}
