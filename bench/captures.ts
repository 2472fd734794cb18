/** The captures that are measured, as the issues of speed, memory and correlation name them. */
import type { FailoverOptions } from './failover-traffic.ts';
import type { TrafficOptions } from './traffic.ts';

export interface BenchCapture extends TrafficOptions {
  readonly name: string;
}

const MIXED = { bulkFlows: 4, snaplen: 96, loss: 0.001 };

export const CAPTURES: readonly BenchCapture[] = [
  { name: '100k', ...MIXED, packets: 100_000, flows: 1000, seconds: 6 },
  { name: '1.9M', ...MIXED, packets: 1_900_000, flows: 20_000, seconds: 120 },
  // Twice as long with as many flows: memory must not grow with the length.
  { name: '3.8M', ...MIXED, packets: 3_800_000, flows: 20_000, seconds: 240 },
  // 1 GB in full frames: what costs here is reading.
  { name: 'full 1G', ...MIXED, packets: 950_000, flows: 8, bulkFlows: 8, snaplen: 65_535, seconds: 60 },
  // Nothing but short flows: memory grows with flows, and this is by how much.
  { name: 'short 100k', ...MIXED, packets: 1_300_000, flows: 100_000, seconds: 120 },
];

/** What the timeline is measured with: `--only timeline`. */
export const TIMELINES: readonly BenchCapture[] = [
  { name: 'timeline 10M', ...MIXED, packets: 10_000_000, flows: 20_000, seconds: 630 },
];

/** One failover, captured in six places. */
export interface BenchIncident extends FailoverOptions {
  readonly name: string;
  readonly translates: boolean;
}

const FAILOVER = { packets: 1_000_000, flows: 20_000, bulkFlows: 8, seconds: 120, outage: 8 };

/** The bar: together within four times what they take one by one. */
export const INCIDENTS: readonly BenchIncident[] = [
  { name: 'six, 1M', ...FAILOVER, translates: false },
  { name: 'six, 1M, NAT', ...FAILOVER, translates: true },
];
