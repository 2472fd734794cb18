/**
 * One end of a synthesised connection: what its system puts into headers (TTL,
 * IP identification, options, window) and how far it has sent and received.
 */
import { seqAdd, seqDistance } from '../../packet/seq.ts';
import type { Nanos } from '../../packet/time.ts';

export interface HostOptions {
  address?: string;
  port?: number;
  /** As it arrives at the capture. */
  ttl?: number;
  /** How IP identifications run: Linux counts per connection, FreeBSD draws them, others send 0. */
  ipId?: 'counter' | 'random' | 'zero' | 'shared';
  timestamps?: boolean;
  mss?: number;
  /** -1: no window scaling. */
  windowScale?: number;
  /** As in the header. */
  window?: number;
  dontFragment?: boolean;
  mac?: string;
  isn?: number;
}

/** A segment that was sent and may be sent again. */
export interface Sent {
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly fin: boolean;
  readonly pushed: boolean;
}

/** Sequence number after it. */
export const endOf = (s: Sent): number => seqAdd(s.seq, s.payload.length + (s.fin ? 1 : 0));

export class Host {
  readonly address: string;
  readonly port: number;
  ttl: number;
  readonly mss: number;
  readonly windowScale: number;
  window: number;
  mac: string;
  readonly timestamps: boolean;
  readonly dontFragment: boolean;
  private readonly ipIds: NonNullable<HostOptions['ipId']>;

  /** SND.NXT. */
  next: number;
  readonly isn: number;
  /** SND.UNA, by the acknowledgements that reached this end. */
  una: number;
  /** RCV.NXT. */
  received = 0;
  /** TSval of the newest segment that reached this end. */
  echo = 0;
  readonly sent: Sent[] = [];
  /** Segments that arrived beyond a hole. */
  ahead: Sent[] = [];
  private ipId: number;
  private random = 0x2545f491;

  constructor(o: Required<Pick<HostOptions, 'address' | 'port' | 'mac' | 'isn'>> & HostOptions) {
    this.address = o.address;
    this.port = o.port;
    this.mac = o.mac;
    this.ttl = o.ttl ?? 64;
    this.mss = o.mss ?? 1460;
    this.windowScale = o.windowScale ?? 7;
    this.window = o.window ?? (this.windowScale < 0 ? 64_240 : 501);
    this.timestamps = o.timestamps ?? true;
    this.dontFragment = o.dontFragment ?? true;
    this.ipIds = o.ipId ?? 'counter';
    this.isn = o.isn;
    this.next = o.isn;
    this.una = o.isn;
    this.ipId = (o.isn ^ (o.port * 7919)) & 0xffff;
    this.random ^= o.port;
  }

  /** Bytes in one segment: the timestamp option takes twelve. */
  get segmentSize(): number {
    return this.mss - (this.timestamps ? 12 : 0);
  }

  /** The identification of the next frame, which stands for `packets` packets (offload). */
  takeIpId(packets: number): number {
    if (this.ipIds === 'zero') return 0;
    if (this.ipIds === 'random') {
      this.random = (Math.imul(this.random, 1_103_515_245) + 12_345) >>> 0;
      return (this.random >>> 11) & 0xffff;
    }
    const id = this.ipId;
    // A counter shared by all of a host's traffic moves on by itself.
    this.ipId = (this.ipId + packets + (this.ipIds === 'shared' ? 3 + (this.ipId % 5) : 0)) & 0xffff;
    return id;
  }

  /** Sent segments that were not acknowledged, oldest first. */
  get unacknowledged(): Sent[] {
    return this.sent.filter((s) => seqDistance(endOf(s), this.una) > 0);
  }

  tsVal(now: Nanos): number {
    return (Math.floor(now / 1e6) + (this.isn & 0xffffff)) >>> 0;
  }
}
