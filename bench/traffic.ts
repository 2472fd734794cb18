/**
 * Makes the captures that are measured, always the same bytes for the same
 * options: many short HTTP exchanges and a few bulk downloads, interleaved, as
 * seen beside the clients. Of the bulk segments one in a thousand is lost before
 * the capture: then come duplicate ACKs with SACK, and the segment again.
 */
import { type Connection, Flag, type Packet, PcapStream } from './pcap-stream.ts';

export interface TrafficOptions {
  readonly packets: number;
  readonly flows: number;
  readonly bulkFlows: number;
  readonly snaplen: number;
  /** Share of the bulk data segments that is lost. */
  readonly loss: number;
  readonly seconds: number;
}

const SEED = 20_250_701;
const MSS = 1448;
/** Short flows that are open at a time: each gets its turn every few dozen ms, so none of them stalls. */
const OPEN_AT_ONCE = 64;
/** Segments that arrive before the one sent again: a round trip at full speed. */
const SEGMENTS_TO_REPAIR = 12;

/** Writes the capture to `path`. */
export function writeTraffic(path: string, options: TrafficOptions): void {
  const stream = new PcapStream(path, options.snaplen);
  const step = (options.seconds * 1e9) / options.packets;
  const send: Send = (packet) => {
    packet.time = stream.packets * step;
    stream.write(packet);
  };
  const random = createRandom(SEED);
  const bulk = Array.from({ length: options.bulkFlows }, (_, i) => bulkFlow(i, options.loss, random, send));
  const short = shortFlows(options.flows - options.bulkFlows, options.bulkFlows, random, send);
  // What the short flows do not fill is the bulk flows', spread evenly.
  const shortShare = Math.min(
    1,
    ((options.flows - options.bulkFlows) * PACKETS_A_SHORT_FLOW) / options.packets,
  );
  let owed = 0;
  while (stream.packets < options.packets) {
    owed += shortShare;
    if (owed >= 1 && !short.next().done) owed -= 1;
    else bulk[stream.packets % bulk.length]!.next();
  }
  stream.close();
}

export type Send = (packet: Packet) => void;
export type Random = () => number;
/** Sends one packet, or an ACK with its segment, each time it is asked. */
export type Talk = Generator<void, void, void>;

/** Numbers in [0, 1) (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One in three is IPv6. */
export function connectionOf(index: number): Connection {
  return { ipVersion: index % 3 === 2 ? 6 : 4, host: index % 500, port: 10_000 + Math.floor(index / 500) };
}

class Ends {
  readonly #packet: Packet;
  readonly #send: Send;
  client: number;
  server: number;

  constructor(index: number, random: Random, send: Send) {
    this.#send = send;
    this.client = Math.floor(random() * 2 ** 32);
    this.server = Math.floor(random() * 2 ** 32);
    this.#packet = {
      connection: connectionOf(index),
      fromClient: true,
      time: 0,
      seq: 0,
      ack: 0,
      flags: 0,
      payload: 0,
      text: null,
      sack: null,
    };
  }

  fromClient(flags: number, payload = 0, text: Uint8Array | null = null): void {
    this.#emit(true, this.client, this.server, flags, payload, text, null);
    this.client = (this.client + payload + (flags & (Flag.Syn | Flag.Fin) ? 1 : 0)) >>> 0;
  }

  fromServer(flags: number, payload = 0, text: Uint8Array | null = null): void {
    this.#emit(false, this.server, this.client, flags, payload, text, null);
    this.server = (this.server + payload + (flags & (Flag.Syn | Flag.Fin) ? 1 : 0)) >>> 0;
  }

  /** The client asks again for what is missing. */
  selectiveAck(hole: number): void {
    const sack = { left: (hole + MSS) >>> 0, right: this.server };
    this.#emit(true, this.client, hole, Flag.Ack, 0, null, sack);
  }

  /** The server sends the missing segment. */
  resend(hole: number): void {
    this.#emit(false, hole, this.client, Flag.Ack, MSS, null, null);
  }

  #emit(
    fromClient: boolean,
    seq: number,
    ack: number,
    flags: number,
    payload: number,
    text: Uint8Array | null,
    sack: Packet['sack'],
  ): void {
    this.#send(Object.assign(this.#packet, { fromClient, seq, ack, flags, payload, text, sack }));
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const REQUEST = text('GET /index.html HTTP/1.1\r\nHost: www.example.net\r\nAccept: */*\r\n\r\n');
const ANSWER_SEGMENTS = 3;
const BODY = ANSWER_SEGMENTS * MSS - 64;
const ANSWER = text(
  `HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\nServer: example`.padEnd(60, '.').concat('\r\n\r\n'),
);
/** Handshake, request and its ACK, the answer and its ACKs, both FINs and the last ACK. */
export const PACKETS_A_SHORT_FLOW = 3 + 2 + ANSWER_SEGMENTS + 2 + 3;

export function* shortFlow(index: number, random: Random, send: Send): Talk {
  const { Syn, Ack, Psh, Fin } = Flag;
  const ends = new Ends(index, random, send);
  yield ends.fromClient(Syn);
  yield ends.fromServer(Syn | Ack);
  yield ends.fromClient(Ack);
  yield ends.fromClient(Ack | Psh, REQUEST.length, REQUEST);
  yield ends.fromServer(Ack);
  yield ends.fromServer(Ack, MSS, ANSWER);
  yield ends.fromServer(Ack, MSS);
  yield ends.fromClient(Ack);
  yield ends.fromServer(Ack | Psh, MSS);
  yield ends.fromClient(Ack);
  yield ends.fromClient(Ack | Fin);
  yield ends.fromServer(Ack | Fin);
  yield ends.fromClient(Ack);
}

function* shortFlows(count: number, first: number, random: Random, send: Send): Talk {
  let begun = 0;
  const open: Talk[] = [];
  while (begun < count || open.length > 0) {
    if (open.length < OPEN_AT_ONCE && begun < count) open.push(shortFlow(first + begun++, random, send));
    const at = Math.floor(random() * open.length);
    if (!open[at]!.next().done) yield;
    else open.splice(at, 1);
  }
}

/** A download that does not end before the capture does. */
export function* bulkFlow(index: number, loss: number, random: Random, send: Send): Talk {
  const { Syn, Ack, Psh } = Flag;
  const ends = new Ends(index, random, send);
  yield ends.fromClient(Syn);
  yield ends.fromServer(Syn | Ack);
  yield ends.fromClient(Ack);
  yield ends.fromClient(Ack | Psh, REQUEST.length, REQUEST);
  for (;;) {
    if (random() < loss) {
      const hole = ends.server;
      ends.server = (ends.server + MSS) >>> 0;
      for (let i = 0; i < SEGMENTS_TO_REPAIR; i++) {
        yield ends.fromServer(Ack, MSS);
        yield ends.selectiveAck(hole);
      }
      yield ends.resend(hole);
    }
    yield ends.fromServer(Ack, MSS);
    yield ends.fromServer(Ack, MSS);
    yield ends.fromClient(Ack);
  }
}
