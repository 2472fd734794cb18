/**
 * A capture: frames at the moment they pass one interface, written as tcpdump
 * would write them, with this vantage's clock, snap length and blind spots.
 * The trap: what is recorded is shared between captures and never changed.
 */
import { createPcapWriter } from '../../../packet/file/pcap-writer.ts';
import type { Nanos } from '../../../packet/time.ts';
import { bytesOf, LINK_TYPE, type Packet } from './packet.ts';

/** 2026-11-22 11:00:00 UTC: a fixed day, so that reports read the same on every run. */
export const ORIGIN = 1_795_345_200n * 1_000_000_000n;

export interface Sighting {
  readonly time: Nanos;
  readonly packet: Packet;
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly came: 'out' | 'in' | 'in-for-another' | 'in-for-all';
}

/** What makes a capture differ from what passed. */
export interface TapFaults {
  /** Its clock is ahead by this. */
  readonly offset?: Nanos;
  /** And drifts by this, in parts per million. */
  readonly skew?: number;
  /** Frames that the capture misses. */
  misses?(packet: Packet, time: Nanos): boolean;
}

const PACKET_TYPE = { in: 0, 'in-for-all': 1, 'in-for-another': 3, out: 4 } as const;

export class Tap {
  readonly sightings: Sighting[] = [];
  private readonly faults: TapFaults;

  constructor(faults: TapFaults) {
    this.faults = faults;
  }

  record(sighting: Sighting): void {
    if (this.faults.misses?.(sighting.packet, sighting.time) === true) return;
    this.sightings.push(sighting);
  }

  /** Ns since the epoch, on this vantage's clock. */
  epoch(time: Nanos): bigint {
    const { offset = 0, skew = 0 } = this.faults;
    return ORIGIN + BigInt(Math.round(time * (1 + skew / 1e6) + offset));
  }
}

/** One capture file: of one interface as Ethernet, or of several as `tcpdump -i any` writes them. */
export function capture(taps: readonly Tap[], snaplen: number, link: 'ethernet' | 'sll2'): Uint8Array {
  const frames = taps.flatMap((tap, device) =>
    tap.sightings.map((sighting) => ({ sighting, device, time: tap.epoch(sighting.time) })),
  );
  frames.sort((a, b) => a.sighting.time - b.sighting.time);
  const chunks: Uint8Array[] = [];
  const writer = createPcapWriter((c) => chunks.push(c), { snaplen, linkType: LINK_TYPE[link] });
  for (const { sighting, device, time } of frames) {
    const { packet, sourceMac, destinationMac, came } = sighting;
    const packetType = PACKET_TYPE[came];
    const wrapping = { sourceMac, destinationMac, link, packetType, deviceIndex: device + 2 };
    writer.packet({ time, data: bytesOf(packet, wrapping) });
  }
  const whole = new Uint8Array(chunks.reduce((n, c) => n + c.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
