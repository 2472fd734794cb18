/**
 * Tests only: frames and small captures by words. A `Talk` is what two ends
 * say to each other: it counts sequence numbers, acknowledgements and IP
 * identifications, so that a test names only what it is about.
 * Times are seconds after the first second of the capture, as numbers that a
 * person reads. Sequence numbers count from the SYN, as tshark shows them.
 */
import { createPcapWriter } from '../packet/file/pcap-writer.ts';
import { LinkType } from '../packet/link-type.ts';
import { seconds } from '../packet/time.ts';
import { buildTcp, type LinkName, recordOf, type TcpFrame } from '../packet/wire/build.ts';
import { payloadBytes } from '../packet/wire/bytes.ts';
import { decodeFrame } from '../packet/wire/decode.ts';
import { Frame } from '../packet/wire/frame.ts';
import { questionsOf } from './failover/lost-questions.ts';
import type { Place } from './vantage/vantage.ts';
import { VantageAnalysis } from './vantage-analysis.ts';
import { type JudgedFlow, judgeCapture } from './verdict/judge.ts';

/** The time 0 of every test: 2023-11-14 22:13:20 UTC. */
export const ORIGIN = 1_700_000_000_000_000_000n;
export const HTTP_GET = 'GET /file HTTP/1.1\r\nHost: a\r\n\r\n';

/** Decodes any built frame; `at` in seconds. */
export function decoded(bytes: Uint8Array, at = 0, link: LinkName = 'ethernet'): Frame {
  const frame = new Frame();
  decodeFrame(recordOf(bytes, { time: seconds(at), link }), frame);
  return frame;
}

/** One TCP segment, decoded. */
export const segment = (fields: TcpFrame & { at?: number } = {}): Frame =>
  decoded(buildTcp(fields), fields.at, fields.link);

export interface Packet {
  readonly at: number;
  readonly data: Uint8Array;
}

/** Anything that puts packets into a capture. */
export interface Source {
  readonly packets: readonly Packet[];
}

export interface Sending extends TcpFrame {
  /** From the sender's initial sequence number on; default: what it sends next. */
  seq?: number;
  /** Default: all that arrived of the other end. */
  ack?: number;
  /** Sent, and neither captured nor received. */
  lost?: boolean;
}

export interface TalkOptions {
  /** `address port`. */
  client?: string;
  server?: string;
  /** Initial sequence numbers of client and server. */
  isn?: readonly [number, number];
}

interface End {
  readonly address: string;
  readonly port: number;
  readonly isn: number;
  readonly ttl: number;
  readonly mac: string;
  next: number;
  heard: number;
  ipId: number;
}

/** A conversation as a capture beside the client sees it: client TTL 64, server TTL 63. */
export class Talk implements Source {
  readonly packets: Packet[] = [];
  private readonly clientEnd: End;
  private readonly serverEnd: End;

  constructor(options: TalkOptions = {}) {
    const { client = '10.0.0.1 40000', server = '10.0.0.2 80', isn = [1000, 5000] } = options;
    this.clientEnd = { ...endOf(client), isn: isn[0], ttl: 64, mac: '02:00:00:00:00:0c', ipId: 100 };
    this.serverEnd = { ...endOf(server), isn: isn[1], ttl: 63, mac: '02:00:00:00:00:0a', ipId: 200 };
  }

  client(at: number, fields: Sending = {}): this {
    return this.send(this.clientEnd, this.serverEnd, at, fields);
  }

  server(at: number, fields: Sending = {}): this {
    return this.send(this.serverEnd, this.clientEnd, at, fields);
  }

  /** SYN, SYN-ACK after 20 ms, ACK at once: the client is beside the capture. */
  handshake(at = 0): this {
    const options = { mss: 1460, sackPermitted: true, windowScale: 7 };
    this.client(at, { flags: 'SYN', options });
    this.server(at + 0.02, { flags: 'SYN ACK', options, ipId: 0 });
    return this.client(at + 0.0201);
  }

  private send(own: End, peer: End, at: number, fields: Sending): this {
    const { seq = own.next, ack = peer.heard, lost = false, ...rest } = fields;
    const length = payloadBytes(rest.payload).length;
    const flags = rest.flags ?? (length > 0 ? 'PSH ACK' : 'ACK');
    const end = seq + length + (/SYN|FIN/.test(String(flags)) ? 1 : 0);
    own.next = Math.max(own.next, end);
    if (!lost && seq <= own.heard) own.heard = Math.max(own.heard, end);
    const ipId = rest.ipId ?? own.ipId++ & 0xffff;
    if (lost) return this;
    const data = buildTcp({
      source: own.address,
      destination: peer.address,
      sourcePort: own.port,
      destinationPort: peer.port,
      sourceMac: own.mac,
      destinationMac: peer.mac,
      ttl: own.ttl,
      ...rest,
      flags,
      ipId,
      seq: (own.isn + seq) >>> 0,
      ack: /ACK/.test(String(flags)) ? (peer.isn + ack) >>> 0 : 0,
    });
    this.packets.push({ at, data });
    return this;
  }
}

function endOf(text: string): { address: string; port: number; next: number; heard: number } {
  const [address, port] = text.split(' ') as [string, string];
  return { address, port: Number(port), next: 0, heard: 0 };
}

/** Runs captured packets, in the order of time, through all stages up to the silences. `until` in seconds. */
export function watch(sources: readonly Source[], options: { until?: number; link?: number } = {}) {
  const until = options.until === undefined ? undefined : epoch(options.until);
  const vantage = new VantageAnalysis({ until });
  const file = vantage.open('test.pcap', 0);
  file.reader.push(pcapOf(sources, options.link));
  file.reader.end();
  vantage.finish();
  return vantage;
}

/** As `watch`, and judged as a capture that was taken at `place`. */
export function judge(
  sources: readonly Source[],
  options: { until?: number; place?: Place } = {},
): JudgedFlow[] {
  const vantage = watch(sources, options);
  const { watches, arrivals, marks, udp, coveredUntil } = vantage;
  const { place = 'client' } = options;
  const questions = questionsOf(udp.dnsRecords());
  return judgeCapture({ watches, arrivals, questions, marks, place, coveredUntil: coveredUntil ?? 0 });
}

/** The packets of all sources as the bytes of a nanosecond pcap, oldest first. */
export function pcapOf(sources: readonly Source[], link: number = LinkType.Ethernet): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((chunk) => chunks.push(chunk), { nanoseconds: true, linkType: link });
  const packets = sources.flatMap((s) => s.packets).sort((a, b) => a.at - b.at);
  for (const { at, data } of packets) writer.packet({ time: epoch(at), data });
  return Buffer.concat(chunks);
}

/** ns since the epoch. */
export const epoch = (at: number): bigint => ORIGIN + BigInt(Math.round(seconds(at)));
