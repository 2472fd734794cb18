/**
 * Marks of a takeover that a capture can hold beside the flows: an address
 * that moves to another MAC (ARP, RFC 826; announced, RFC 5227; neighbour
 * advertisements, RFC 4861), VRRP advertisements from a new master (RFC 9568),
 * and a peer whose frames change MAC or TTL in mid-connection.
 * The trap: an announcement with the same MAC proves nothing, for hosts send
 * them at start-up; only a *change* is a mark.
 */
import { formatAddress, formatMac } from '../../packet/address.ts';
import type { Nanos } from '../../packet/time.ts';
import { type Frame, FrameKind } from '../../packet/wire/frame.ts';
import type { Flow } from '../flow/flow.ts';
import type { FrameId } from '../flow/frame-id.ts';

export type MarkKind = 'address-moved' | 'vrrp-master' | 'mac-changed' | 'ttl-changed' | 'id-series';

export interface Mark {
  readonly kind: MarkKind;
  readonly time: Nanos;
  readonly frame: FrameId;
  readonly text: string;
  /** Strong marks make a takeover likely by themselves; weak ones only beside a stall. */
  readonly strong: boolean;
  readonly flow: Flow | null;
}

/** Of each strength. */
const MAX_MARKS = 256;
const MAX_ADDRESSES = 4096;

export class Marks {
  readonly found: Mark[] = [];
  private strong = 0;
  private readonly macOf = new Map<string, number>();
  private readonly masterOf = new Map<string, string>();

  /** ARP, neighbour discovery and VRRP frames; others are ignored. */
  observe(frame: Frame, id: FrameId): void {
    if (frame.arpOperation !== 0) this.observeAddress(frame, id);
    else if (frame.kind === FrameKind.Vrrp) this.observeVrrp(frame, id);
  }

  /** The frames of a flow's peer come from another MAC than before. */
  macChanged(flow: Flow, time: Nanos, id: FrameId, address: string, from: number, to: number): void {
    const text = `frames of ${address} come from ${formatMac(to)}, before from ${formatMac(from)}`;
    this.add({ kind: 'mac-changed', time, frame: id, text, strong: true, flow });
  }

  ttlChanged(flow: Flow, time: Nanos, id: FrameId, address: string, from: number, to: number): void {
    const text = `segments of ${address} arrive with TTL ${to}, before with ${from}`;
    this.add({ kind: 'ttl-changed', time, frame: id, text, strong: false, flow });
  }

  private observeAddress(frame: Frame, id: FrameId): void {
    const mac = frame.arpSenderMac;
    if (mac < 0) return;
    // A solicitation names the address it asks for, not its own.
    if (frame.kind === FrameKind.Icmp && frame.arpOperation === 1) return;
    const version = frame.kind === FrameKind.Icmp ? 6 : 4;
    const address = formatAddress(frame.arpAddress, 0, version);
    if (address === '0.0.0.0' || address === '::') return;
    const known = this.macOf.get(address);
    if (known === undefined && this.macOf.size >= MAX_ADDRESSES) return;
    this.macOf.set(address, mac);
    if (known === undefined || known === mac) return;
    const text = `${address} moved from ${formatMac(known)} to ${formatMac(mac)}`;
    this.add({ kind: 'address-moved', time: frame.time, frame: id, text, strong: true, flow: null });
  }

  private observeVrrp(frame: Frame, id: FrameId): void {
    const version = frame.ipVersion === 6 ? 6 : 4;
    const source = formatAddress(frame.address, 0, version);
    const key = `${version}/${frame.vrrpId}`;
    const known = this.masterOf.get(key);
    if (known === undefined && this.masterOf.size >= MAX_ADDRESSES) return;
    this.masterOf.set(key, source);
    if (known === undefined || known === source) return;
    const text = `VRRP group ${frame.vrrpId}: ${source} advertises (priority ${frame.vrrpPriority}), before ${known}`;
    this.add({ kind: 'vrrp-master', time: frame.time, frame: id, text, strong: true, flow: null });
  }

  private add(mark: Mark): void {
    const last = this.found.at(-1);
    // A hundred flows change MAC at once: the first tells it.
    if (last !== undefined && last.kind === mark.kind && last.text === mark.text) return;
    // A TTL that alternates must not crowd out the one address that moved.
    const kept = mark.strong ? this.strong : this.found.length - this.strong;
    if (kept >= MAX_MARKS) return;
    if (mark.strong) this.strong += 1;
    this.found.push(mark);
  }
}
