/** What an incident is called after its files. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { titleOf } from './incident-title.ts';

test.each([
  ['one file', [join('captures', 'client.pcap')], 'client.pcap'],
  ['files of one folder', [join('captures', 'a.pcap'), join('captures', 'b.pcap')], 'captures (2 files)'],
  ['files of several', [join('a', 'c.pcap'), join('b', 'd.pcap'), 'e.pcap'], 'c.pcap and 2 more'],
  ['standard input', ['-'], 'standard input'],
  ['standard input and a file', ['-', join('a', 'b.log')], 'standard input and 1 more'],
])('%s', (_, paths, title) => {
  expect(titleOf(paths)).toBe(title);
});
