/**
 * A network that exists only as the frames one capture would hold: flows add
 * their frames at their own times, and the capture is written in the order of
 * time, as a pcap or pcapng file in memory.
 * The trap: frames of one instant keep the order in which they were added.
 */
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { LinkType } from '../../packet/link-type.ts';
import type { Nanos } from '../../packet/time.ts';
import { buildArp, buildIcmp, buildTcp, type TcpFrame } from '../../packet/wire/build.ts';
import { Conversation, type ConversationOptions } from './conversation.ts';

/** 2026-11-22 11:00:00 UTC: a fixed day, so that reports read the same on every run. */
const ORIGIN = 1_795_345_200n * 1_000_000_000n;

export interface SynthFrame {
  time: Nanos;
  bytes: Uint8Array;
  /** Interface of a pcapng file. */
  device: number;
}

export interface NetworkOptions {
  snaplen?: number;
  /** `sll2` is what `tcpdump -i any` writes on the host itself. */
  link?: 'ethernet' | 'sll2' | 'raw';
  pcapng?: boolean;
  /** pcapng with this many interfaces. */
  devices?: number;
  /** Where the capture is taken. Default client. */
  at?: 'client' | 'server' | 'node';
  /** The statistics block of a pcapng file says that the capture ran to here. */
  ranUntil?: Nanos;
}

export class Network {
  readonly options: NetworkOptions;
  readonly frames: SynthFrame[] = [];
  private flows = 0;

  constructor(options: NetworkOptions = {}) {
    this.options = options;
  }

  /** A new conversation; the port grows by one a flow. */
  flow(options: ConversationOptions = {}): Conversation {
    this.flows += 1;
    return new Conversation(this, { clientPort: 41_000 + this.flows, ...options });
  }

  add(time: Nanos, bytes: Uint8Array, device = 0): SynthFrame {
    const frame = { time, bytes, device };
    this.frames.push(frame);
    return frame;
  }

  remove(frame: SynthFrame): void {
    const at = this.frames.indexOf(frame);
    if (at >= 0) this.frames.splice(at, 1);
  }

  /** A gratuitous ARP that announces an address. */
  announces(time: Nanos, address: string, mac: string): this {
    this.add(time, buildArp({ senderAddress: address, senderMac: mac, sourceMac: mac }));
    return this;
  }

  /** An ICMP error about a packet, sent by a router to the packet's source. */
  icmp(time: Nanos, router: string, type: number, code: number, about: TcpFrame): this {
    const body = buildTcp({ ...about, link: 'raw' });
    const { source = '' } = about;
    this.add(time, buildIcmp({ type, code, source: router, destination: source, ttl: 64, body }));
    return this;
  }

  /** Frames in the order of capture, after all flows have spoken. `arrange` may reorder, copy or re-time them. */
  bytes(arrange: (frames: SynthFrame[]) => SynthFrame[] = (f) => f): Uint8Array {
    const sorted = [...this.frames].sort((a, b) => a.time - b.time);
    const chunks: Uint8Array[] = [];
    const frames = arrange(sorted);
    if (this.options.pcapng || this.options.devices !== undefined) this.writePcapng(frames, chunks);
    else this.writePcap(frames, chunks);
    return join(chunks);
  }

  private writePcap(frames: readonly SynthFrame[], chunks: Uint8Array[]): void {
    const { snaplen } = this.options;
    const cut = snaplen === undefined ? {} : { snaplen };
    const writer = createPcapWriter((c) => chunks.push(c), {
      nanoseconds: true,
      linkType: this.linkType,
      ...cut,
    });
    for (const f of frames) writer.packet({ time: ORIGIN + BigInt(Math.round(f.time)), data: f.bytes });
  }

  private writePcapng(frames: readonly SynthFrame[], chunks: Uint8Array[]): void {
    const { snaplen, devices = 1, ranUntil } = this.options;
    const cut = snaplen === undefined ? {} : { snaplen };
    const writer = createPcapngWriter((c) => chunks.push(c));
    for (let i = 0; i < devices; i++) {
      writer.addInterface({ name: `eth${i}`, linkType: this.linkType, resolution: 9, ...cut });
    }
    for (const f of frames) {
      const time = ORIGIN + BigInt(Math.round(f.time));
      writer.packet({ time, data: f.bytes, interfaceId: f.device });
    }
    if (ranUntil === undefined) return;
    const endTime = ORIGIN + BigInt(ranUntil);
    writer.statistics({ time: endTime, endTime });
  }

  private get linkType(): number {
    const { link = 'ethernet' } = this.options;
    return { ethernet: LinkType.Ethernet, sll2: LinkType.LinuxSll2, raw: LinkType.Raw }[link];
  }
}

/** Nanoseconds since the epoch of a time of the network: what `--until` takes. */
export const epoch = (time: Nanos): bigint => ORIGIN + BigInt(Math.round(time));

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((n, c) => n + c.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
