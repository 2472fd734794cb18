/**
 * The segment that makes an end talk: a bare acknowledgment with a sequence number that the end does
 * not expect. It must answer with what it does expect (RFC 9293, section 3.10.7.4), even if it only ever reads.
 * The trap: nobody here knows its window. Of two numbers 2^31 apart at least one is outside, because a
 * window is at most 2^30 (RFC 7323, section 2.3). No timestamp option, so that PAWS has nothing to discard.
 */
import { buildTcp } from '../../../packet/wire/build.ts';
import type { Leg } from './legs.ts';

/** The sequence number of the `attempt`-th probe, counted from 0. */
export const probeNumber = (first: number, attempt: number): number =>
  (first + (attempt % 2) * 0x8000_0000) >>> 0;

/** An IP packet. Window 0: should the number be acceptable after all, it invites no data. */
export const probePacket = (leg: Leg, seq: number): Uint8Array =>
  buildTcp({
    link: 'raw',
    source: leg.inNameOf.address,
    destination: leg.end.address,
    sourcePort: leg.inNameOf.port,
    destinationPort: leg.end.port,
    seq,
    ack: 0,
    flags: 'ACK',
    window: 0,
  });
