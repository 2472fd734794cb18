import { expect, it } from 'vitest';
import { nameFile, parseFileName } from './ring-file.ts';
import { START } from './test-recording.ts';

it('a name holds vantage, time and number', () => {
  const name = nameFile('node-a.out', START + 123_999_999n, 42);
  expect(name).toBe('node-a.out-20261126T031200.123Z-000042.pcapng');
  const parsed = { vantage: 'node-a.out', number: 42, from: START + 123_000_000n };
  expect(parseFileName(name)).toEqual(parsed);
  expect(parseFileName(`${name}.part`)).toEqual(parsed);
  expect(parseFileName(nameFile('a-1-20261126T031200.123Z-000001', START, 1_234_567))).toMatchObject({
    vantage: 'a-1-20261126T031200.123Z-000001',
    number: 1_234_567,
  });
});

it.each([
  'pin.json',
  'node-a.pcapng',
  'node-a-20261326T031200.123Z-000042.pcapng',
  `${nameFile('a', START, 1)}.new`,
])('%s is none', (name) => {
  expect(parseFileName(name)).toBeNull();
});
