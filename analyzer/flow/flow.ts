/**
 * One TCP connection as the capture shows it: its two ends, when it was seen,
 * and who is the client. An end is 0 (the lower address and port) or 1;
 * a direction is named by the end that sends.
 * The trap: which end is the client may become clear only after many frames.
 */
import { formatAddress } from '../../packet/address.ts';
import { type Nanos, NOT_SMALL } from '../../packet/time.ts';
import type { FrameId } from './frame-id.ts';

/** 0 or 1: one end of a flow, and the direction in which it sends. */
export type EndIndex = 0 | 1;

export const otherEnd = (end: EndIndex): EndIndex => (end === 0 ? 1 : 0);

/** What made an end the client; earlier in the list is surer. */
export type ClientReason = 'syn' | 'syn-ack' | 'hello' | 'port' | 'peers' | 'guess';

export class Flow {
  /** Position in the table's list; grows by one a flow. */
  readonly index: number;
  /** As tshark numbers `tcp.stream`. */
  readonly stream: number;
  readonly ipVersion: 4 | 6;
  /** Addresses of end 0 (words 0..3) and end 1 (words 4..7). */
  readonly address: Uint32Array;
  readonly port: readonly [number, number];
  readonly firstFrame: FrameId;
  readonly firstTime: Nanos;
  /** Sequence number of the first segment seen: part of the flow's id. */
  readonly firstSeq: number;
  lastTime: Nanos;
  lastFrame: FrameId;
  frames = 0;
  /** On a cooked capture of a transparent proxy: the client's leg of this flow, under the same tuple. */
  twin: Flow | null = null;
  client: EndIndex;
  clientReason: ClientReason = 'guess';
  /** Both addresses as text, once somebody asked: they are asked for again and again, and end in the report. */
  private text0: string | null = null;
  private text1: string | null = null;

  constructor(init: {
    index: number;
    stream: number;
    ipVersion: 4 | 6;
    address: Uint32Array;
    port: [number, number];
    frame: FrameId;
    time: Nanos;
    seq: number;
  }) {
    this.index = init.index;
    this.stream = init.stream;
    this.ipVersion = init.ipVersion;
    this.address = init.address;
    this.port = init.port;
    this.firstFrame = init.frame;
    this.lastFrame = init.frame;
    this.firstTime = init.time;
    // As a field that holds what is not small from the start.
    this.lastTime = NOT_SMALL;
    this.lastTime = init.time;
    this.firstSeq = init.seq;
    this.client = init.port[0] > init.port[1] ? 0 : 1;
  }

  get server(): EndIndex {
    return otherEnd(this.client);
  }

  addressOf(end: EndIndex): string {
    if (end === 0) {
      this.text0 ??= formatAddress(this.address, 0, this.ipVersion);
      return this.text0;
    }
    this.text1 ??= formatAddress(this.address, 4, this.ipVersion);
    return this.text1;
  }

  /** Settles who is the client, unless something surer already did. */
  setClient(end: EndIndex, reason: ClientReason): void {
    if (RANK[reason] >= RANK[this.clientReason]) return;
    this.client = end;
    this.clientReason = reason;
  }

  /** Another capture of the same connection knows who is the client. */
  takeClient(end: EndIndex): void {
    this.client = end;
    if (this.clientReason === 'guess') this.clientReason = 'peers';
  }
}

const RANK: Record<ClientReason, number> = { syn: 0, 'syn-ack': 1, hello: 2, port: 3, peers: 4, guess: 5 };
