import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FileOnDisk } from '../store/store.ts';
import { CAPTURES } from '../store/test-store.ts';
import { inFeedingOrder } from './feeding-order.ts';

const file = (path: string, vantage: string | null): FileOnDisk => ({
  id: path,
  name: path,
  kind: 'capture',
  size: 1,
  sha256: '',
  vantage,
  path: join(CAPTURES, path),
});

it('the parts of one vantage come by their first packet, the others as they came', async () => {
  const parts = ['rto-30/client.pcap.gz', 'rto-7/client.pcap.gz', 'rto-60perm/client.pcap.gz'];
  const headed = await inFeedingOrder(parts.map((path) => file(path, null)));
  const times = headed.map(({ head }) => head.time);
  const byTime = parts.toSorted((a, b) =>
    Number((times[parts.indexOf(a)] ?? 0n) - (times[parts.indexOf(b)] ?? 0n)),
  );
  expect(new Set(times).size).toBe(3);
  const alone = ['rto-7/server.pcap.gz', 'rto-30/server.pcap.gz'];
  for (const order of [parts, parts.toReversed(), byTime]) {
    const files = [
      file(alone[0] ?? '', null),
      ...order.map((path) => file(path, 'client')),
      file(alone[1] ?? '', null),
    ];
    const fed = await inFeedingOrder(files);
    expect(fed.map(({ file: { name } }) => name)).toEqual([alone[0], ...byTime, alone[1]]);
  }
});

it('a file without a time stays behind', async () => {
  const files = [file('rto-7/truth.json', 'client'), file('rto-7/client.pcap.gz', 'client')];
  expect((await inFeedingOrder(files)).map(({ file: { name } }) => name)).toEqual([
    'rto-7/client.pcap.gz',
    'rto-7/truth.json',
  ]);
});
