/**
 * A sample of a vantage's packets, for setting clocks against each other. What
 * is sampled is decided by a hash of the packet's own numbers, so that every
 * vantage keeps the same packets without knowing of the others.
 * The trap: the numbers must be those that a NAT leaves alone, so addresses,
 * ports, TTL and IP identification are not among them.
 */
import type { Nanos } from '../../packet/time.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { FirstOfName } from './first-of-name.ts';
import type { EndIndex } from './flow.ts';

const MOST = 16_384;
/** Thinning goes on until so few are left. */
const ENOUGH = 12_288;
/** Of a finer sample nothing would be left. */
const FINEST = 2 ** 31 - 1;

/** Two words that name a packet wherever it is captured (sequence numbers, length, flags, timestamp). */
export interface PacketName {
  seq: number;
  ack: number;
  length: number;
  flags: number;
  /** -1 where there is none. */
  tsVal: number;
}

/** The name in 53 bits; packets that differ share one with a chance of 2^-53. */
export function nameOf({ seq, ack, length, flags, tsVal }: PacketName): number {
  return nameOfNumbers(seq, (flags & TcpFlag.Ack) === 0 ? 0 : ack, length, flags, tsVal < 0 ? 0 : tsVal);
}

/** The same without an object; `ack` is 0 where the flag is not set, `tsVal` where there is none. */
export function nameOfNumbers(
  seq: number,
  ack: number,
  length: number,
  flags: number,
  tsVal: number,
): number {
  return highOf(seq, ack, flags, tsVal) * 4_294_967_296 + lowOf(seq, ack, length, tsVal);
}

/** The 32 bits that a packet is sampled by. */
const lowOf = (seq: number, ack: number, length: number, tsVal: number): number =>
  mix(mix(seq ^ mix(ack + 0x9e3779b9) ^ Math.imul(length + 1, 0x85ebca6b)) ^ mix(tsVal ^ 0x27d4eb2f));

/** The 21 above them. */
const highOf = (seq: number, ack: number, flags: number, tsVal: number): number =>
  mix(tsVal + mix(seq + 0x165667b1) + (flags & SHAPE) * 65_599 + ack) & 0x1fffff;

/** FIN, SYN, RST and ACK: PSH and ECN bits may be changed on the way or by offload. */
const SHAPE = TcpFlag.Fin | TcpFlag.Syn | TcpFlag.Rst | TcpFlag.Ack;

/** Finaliser of MurmurHash3 (public domain). */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

export class Samples {
  private names = new Float64Array(256);
  private times = new Float64Array(256);
  private flows = new Int32Array(256);
  private ids = new Int32Array(256);
  private count = 0;
  private mask = 0;
  /** Somebody made packets that the finest sample holds: more of them tell nothing. */
  private isFull = false;

  add(flow: number, frame: Frame, sender: EndIndex): void {
    if (this.isFull) return;
    const ack = (frame.flags & TcpFlag.Ack) === 0 ? 0 : frame.ack;
    const tsVal = frame.hasTimestamps ? frame.tsVal : 0;
    const low = lowOf(frame.seq, ack, frame.payloadLength, tsVal);
    if ((low & this.mask) !== 0) return;
    const key = highOf(frame.seq, ack, frame.flags, tsVal) * 4_294_967_296 + low;
    if (this.count === this.names.length) this.grow();
    this.names[this.count] = key;
    this.times[this.count] = frame.time;
    this.flows[this.count] = flow * 2 + sender;
    this.ids[this.count] = frame.hasTimestamps ? NO_ID : frame.ipId;
    this.count += 1;
    if (this.count > MOST) this.thin();
  }

  /** Every packet that was sampled once (or several times within `COPY`, by its first time). */
  byName(): Map<number, Sample> {
    const found = new Map<number, Sample>();
    for (let i = 0; i < this.count; i++) {
      const key = this.names[i] as number;
      const time = this.times[i] as number;
      const known = found.get(key);
      const at = this.flows[i] as number;
      if (known === undefined) {
        const ipId = this.ids[i] as number;
        found.set(key, { time, flow: at >> 1, sender: (at & 1) as EndIndex, ipId, repeated: false });
      } else if (time - known.time > COPY) known.repeated = true;
    }
    return found;
  }

  /** Makes room for so many more that no packet pays for it twice. */
  private thin(): void {
    this.keepWhere(this.isTelling());
    while (this.count > ENOUGH && this.mask < FINEST) {
      this.mask = this.mask * 2 + 1;
      // A bitwise operation looks at the low 32 bits (ECMAScript, ToInt32).
      this.keepWhere((i) => ((this.names[i] as number) & this.mask) === 0);
    }
    this.isFull = this.count > ENOUGH;
  }

  /** The first of every name, and one that says that it came again: a storm of one packet crowds nothing out. */
  private isTelling(): (i: number) => boolean {
    const firsts = new FirstOfName(this.count);
    const again = new Set<number>();
    // Those that are kept move to the front meanwhile.
    const times = this.times.slice(0, this.count);
    return (i) => {
      const first = firsts.take(this.names[i] as number, i);
      if (first < 0) return true;
      if ((times[i] as number) - (times[first] as number) <= COPY || again.has(first)) return false;
      again.add(first);
      return true;
    };
  }

  private keepWhere(isKept: (i: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (!isKept(i)) continue;
      this.names[kept] = this.names[i] as number;
      this.times[kept] = this.times[i] as number;
      this.flows[kept] = this.flows[i] as number;
      this.ids[kept] = this.ids[i] as number;
      kept += 1;
    }
    this.count = kept;
  }

  private grow(): void {
    const size = this.names.length * 2;
    const names = new Float64Array(size);
    names.set(this.names);
    const times = new Float64Array(size);
    times.set(this.times);
    const flows = new Int32Array(size);
    flows.set(this.flows);
    const ids = new Int32Array(size);
    ids.set(this.ids);
    this.ids = ids;
    this.names = names;
    this.times = times;
    this.flows = flows;
  }
}

/** A router holds a packet no longer than this. */
const COPY: Nanos = 100_000_000;

export const NO_ID = -1;

export interface Sample {
  readonly time: Nanos;
  readonly flow: number;
  readonly sender: EndIndex;
  /** Tells a retransmission from its original where no timestamp does; `NO_ID` where one does, or IPv6 has none. */
  readonly ipId: number;
  /** The same packet was there again much later: which of the two is meant cannot be told. */
  repeated: boolean;
}
