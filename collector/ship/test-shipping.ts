/** For tests: files to be shipped in a folder of their own, and a shipper of them that says what happened. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExchangeNote } from '../../packet/file/collector-note.ts';
import type { CollectorEvent } from '../words.ts';
import type { ShipItem } from './delivery.ts';
import { createShipper, type Shipper, type ShipperTimes } from './shipper.ts';

export const QUICK: ShipperTimes = { look: 5, firstRetry: 5, mostRetry: 40, aside: 40, exchange: 60_000 };

const PCAP = Buffer.from('d4c3b2a10200040000000000000000000000040001000000', 'hex');

/** A capture of so many bytes that do not compress. */
export function makeItem(folder: string, name: string, size: number): ShipItem {
  const path = join(folder, name);
  const bytes = Buffer.concat([PCAP, randomBytes(size)]);
  writeFileSync(path, bytes);
  return {
    ...{ key: name, path, name, bytes: bytes.length, kind: 'capture', vantage: 'client' },
    incident: { title: 'Captures' },
  };
}

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface TestShipping {
  readonly items: ShipItem[];
  readonly acknowledged: string[];
  readonly events: CollectorEvent[];
  readonly notes: ExchangeNote[];
  readonly shipper: Shipper;
  troubles(): string[];
}

/** `items`: more may be added while it runs. */
export function shipItems(
  server: { url: string; tokenFile?: string; ca?: string },
  items: ShipItem[],
  times: Partial<ShipperTimes> = {},
): TestShipping {
  const acknowledged: string[] = [];
  const events: CollectorEvent[] = [];
  const notes: ExchangeNote[] = [];
  const shipper = createShipper({
    server,
    collector: 'c1',
    files: async () => items.filter(({ key }) => !acknowledged.includes(key)),
    onAcknowledged: ({ key }) => acknowledged.push(key),
    onExchange: (note) => notes.push(note),
    onEvent: (event) => events.push(event),
    times: { ...QUICK, ...times },
  });
  const troubles = (): string[] =>
    events.flatMap((event) => (event.event === 'trouble' ? [`${event.what} (${event.hint})`] : []));
  return { items, acknowledged, events, notes, shipper, troubles };
}

/** Until it holds. @throws what is said, after 20 s */
export async function until(holds: () => boolean, what: () => string = () => ''): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it never came to that: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
