/**
 * When each host was heard over UDP at all, whatever the conversation: one that
 * fell silent for a single one of them speaks of that one, one that fell silent
 * for all speaks of the path.
 * The trap: a host that nobody asks is silent too. A gap alone proves nothing.
 */
import { millis, type Nanos } from '../../../packet/time.ts';
import type { Frame } from '../../../packet/wire/frame.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import { mix } from '../../flow/hash-slots.ts';

const SHORTEST_GAP: Nanos = millis(500);
const LONG_GAP: Nanos = millis(1000);
/** The newest are kept: an outage is looked for at the end of a capture, not an hour before. */
const MOST_GAPS = 128;
const MOST_PEERS = 16_384;

interface Gap {
  readonly from: Nanos;
  readonly to: Nanos;
  /** The frame that ended it. */
  readonly frame: FrameId;
}

/** One host, as far as it was heard. */
export class PeerLog {
  private readonly gaps: Gap[] = [];
  /** Before this, gaps may have been forgotten. */
  private since: Nanos | null = null;
  private last: Nanos = 0;

  heard(time: Nanos, frame: FrameId): void {
    if (this.since === null) this.since = time;
    else if (time - this.last >= SHORTEST_GAP) {
      this.gaps.push({ from: this.last, to: time, frame });
      if (this.gaps.length > MOST_GAPS) this.since = (this.gaps.shift() as Gap).to;
    }
    this.last = time;
  }

  get wasHeard(): boolean {
    return this.since !== null;
  }

  /** True where it is certain that something of it came between two moments. */
  wasHeardIn(from: Nanos, to: Nanos): boolean {
    if (this.since === null || this.last <= from || this.since >= to) return false;
    if (this.last < to || this.since > from) return true;
    return to - from >= SHORTEST_GAP && !this.gaps.some((g) => g.from <= from && g.to >= to);
  }

  /** True where it was heard at least once in every second from one moment to the other. */
  wasHeardThroughout(from: Nanos, to: Nanos): boolean {
    if (this.since === null || this.since > from || this.last < to) return false;
    return this.gaps.every((g) => g.to - g.from < LONG_GAP || g.to <= from || g.from >= to);
  }

  /** The first datagram after a silence that began before `from` and ended before `to`. */
  wokeIn(from: Nanos, to: Nanos): { readonly time: Nanos; readonly frame: FrameId } | null {
    const gap = this.gaps.find((g) => g.from <= from && g.to > from && g.to < to);
    return gap === undefined ? null : { time: gap.to, frame: gap.frame };
  }
}

/** The hosts that matter: those that were asked something. */
export class Peers {
  private readonly known = new Map<number, PeerLog>();
  private readonly others = new PeerLog();

  /** The log of a datagram's sender or receiver; one log for all beyond the first 16,384. */
  of(frame: Frame, which: 'source' | 'destination'): PeerLog {
    const key = keyOf(frame, which === 'source' ? 0 : 4);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size >= MOST_PEERS) return this.others;
    const made = new PeerLog();
    this.known.set(key, made);
    return made;
  }
}

/** An IPv4 address as it is; an IPv6 address as 52 bits of hash above all of those. */
function keyOf({ address, ipVersion }: Frame, at: 0 | 4): number {
  if (ipVersion === 4) return address[at] as number;
  let [high, low] = [0, 0];
  for (let i = 0; i < 4; i++) {
    high = mix(high ^ (address[at + i] as number));
    low = mix((low + (address[at + i] as number)) ^ 0x9e3779b9);
  }
  return (high >>> 12) * 2 ** 32 + low + 2 ** 32;
}
