/**
 * Who said on the link that an address is at a MAC, and who asked: ARP (RFC
 * 826), neighbour discovery (RFC 4861) and VRRP frames, as they came.
 * The trap: a request that nobody answers is told by its silence, so requests
 * are kept as well as answers.
 */
import { formatAddress, isGroup } from '../../packet/address.ts';
import type { Nanos } from '../../packet/time.ts';
import { type Frame, FrameKind } from '../../packet/wire/frame.ts';
import type { FrameId } from '../flow/frame-id.ts';

export type NeighbourKind = 'asks' | 'answers' | 'announces' | 'vrrp';

export interface NeighbourEvent {
  readonly kind: NeighbourKind;
  readonly time: Nanos;
  readonly id: FrameId;
  /** Who sent it: MAC (-1 unknown) and address. */
  readonly mac: number;
  readonly address: string;
  /** Address asked about; the same as `address` for an announcement. */
  readonly about: string;
  /** Where the frame was sent to; broadcasts and multicasts as they are, -1 unknown. */
  readonly to: number;
}

/** The first and the newest events; what lies between in a long capture is repetition. */
const KEPT_FIRST = 2048;
const KEPT_LAST = 2048;

export class Neighbours {
  private readonly first: NeighbourEvent[] = [];
  private last: NeighbourEvent[] = [];

  observe(frame: Frame, id: FrameId): void {
    const event = toEvent(frame, id);
    if (event === null) return;
    if (this.first.length < KEPT_FIRST) this.first.push(event);
    else this.last.push(event);
    if (this.last.length >= 2 * KEPT_LAST) this.last = this.last.slice(-KEPT_LAST);
  }

  get events(): readonly NeighbourEvent[] {
    return this.last.length === 0 ? this.first : [...this.first, ...this.last];
  }
}

function toEvent(frame: Frame, id: FrameId): NeighbourEvent | null {
  const base = { time: frame.time, id, to: frame.macDestination };
  if (frame.kind === FrameKind.Vrrp) {
    const address = formatAddress(frame.address, 0, frame.ipVersion === 6 ? 6 : 4);
    return { ...base, kind: 'vrrp', mac: frame.macSource, address, about: `vrrp ${frame.vrrpId}` };
  }
  if (frame.arpOperation === 0) return null;
  const version = frame.kind === FrameKind.Icmp ? 6 : 4;
  const address =
    version === 6 && frame.arpOperation === 1
      ? formatAddress(frame.address, 0, 6)
      : formatAddress(frame.arpAddress, 0, version);
  const asked = formatAddress(frame.arpAddress, 4, version);
  const mac = frame.arpSenderMac >= 0 ? frame.arpSenderMac : frame.macSource;
  const gratuitous =
    version === 4 ? asked === address : frame.arpOperation === 2 && isGroup(frame.macDestination);
  if (gratuitous) return { ...base, kind: 'announces', mac, address, about: address };
  return frame.arpOperation === 1
    ? { ...base, kind: 'asks', mac, address, about: asked }
    : { ...base, kind: 'answers', mac, address, about: address };
}
