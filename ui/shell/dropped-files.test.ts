import { expect, test } from 'vitest';
import { readDroppedFiles } from './dropped-files.ts';

const file = (name: string) => ({
  name,
  isFile: true,
  isDirectory: false,
  file: (done: (file: File) => void) => done(new File(['x'], name)),
});

/** Hands its entries out two at a time, as browsers do by the hundred. */
const folder = (name: string, ...entries: { name: string }[]) => ({
  name,
  isFile: false,
  isDirectory: true,
  createReader: () => {
    let at = 0;
    return {
      readEntries: (done: (some: { name: string }[]) => void) => {
        done(entries.slice(at, at + 2));
        at += 2;
      },
    };
  },
});

const drop = (...entries: { name: string }[]): DataTransfer =>
  ({
    files: entries.map(({ name }) => new File(['x'], name)),
    items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })),
  }) as unknown as DataTransfer;

const names = async (transfer: DataTransfer): Promise<string[]> =>
  (await readDroppedFiles(transfer)).map(({ name }) => name);

test('files as they are, folders by what is in them, without hidden files', async () => {
  expect(await names(drop(file('a.pcap'), file('b.log')))).toEqual(['a.pcap', 'b.log']);
  const inner = folder('inner', file('d.pcap'));
  const outer = folder('outer', file('b.pcap'), file('.DS_Store'), file('c.pcap'), inner);
  expect(await names(drop(file('a.pcap'), outer))).toEqual(['a.pcap', 'b.pcap', 'c.pcap', 'd.pcap']);
});
