import { describe, expect, it } from 'vitest';
import { createPcapngWriter } from '../packet/file/pcapng-writer.ts';
import { buildTcp } from '../packet/wire/build.ts';
import { createFrameFinder, type FoundFrame } from './index.ts';
import { epoch, pcapOf } from './test-frames.ts';

const PACKETS = Array.from({ length: 50 }, (_, i) => ({
  at: i / 10,
  data: buildTcp({ seq: i + 1, payload: 10 }),
}));

const seqOf = ({ layers }: FoundFrame): string | undefined =>
  layers.find((l) => l.name === 'TCP')?.fields.find((f) => f.name === 'Sequence number')?.value;

function find(capture: Uint8Array, frames: readonly number[], chunk = capture.length): readonly FoundFrame[] {
  const finder = createFrameFinder(frames);
  for (let at = 0; at < capture.length && !finder.done; at += chunk)
    finder.push(capture.subarray(at, at + chunk));
  finder.end();
  return finder.found;
}

describe('frames by their numbers', () => {
  const capture = pcapOf([{ packets: PACKETS }]);

  it('are found in the order of the file, whatever the chunks', () => {
    for (const chunk of [1, 7, 1000, capture.length]) {
      const found = find(capture, [40, 3], chunk);
      expect(found.map((f) => f.frame)).toEqual([3, 40]);
      expect(found.map(seqOf)).toEqual(['3', '40']);
      expect(found[0]?.time).toBe(epoch(0.2).toString());
      expect(found[0]).toMatchObject({ linkType: 'EN10MB', capturedLength: 64, originalLength: 64 });
    }
  });

  it('no more bytes are wanted once the last was read', () => {
    const finder = createFrameFinder([2]);
    finder.push(capture.subarray(0, 400));
    expect(finder.done).toBe(true);
    finder.push(capture.subarray(400));
    finder.end();
    expect(finder.found.map((f) => f.frame)).toEqual([2]);
  });

  it('a number that the file does not have is not found', () => {
    expect(find(capture, [51])).toEqual([]);
    expect(find(capture, [])).toEqual([]);
    expect(find(new TextEncoder().encode('no capture at all, just text'), [1])).toEqual([]);
  });
});

it('a comment and the name of an interface are shown, and cannot act', () => {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  writer.addInterface({ name: 'eth0\u001b[2J', resolution: 9 });
  const data = buildTcp({});
  writer.packet({ time: epoch(1), data, interfaceId: 0 });
  writer.packet({ time: epoch(2), data, interfaceId: 0, comments: ['here it\nstops \u202e<b>'] });
  const all = chunks.flatMap((chunk) => [...chunk]);
  const [first, second] = find(Uint8Array.from(all), [1, 2]);
  expect(first?.layers.map((l) => l.name)).toEqual(['Frame', 'Ethernet', 'IPv4', 'TCP']);
  expect(second?.layers.map((l) => l.name)).toEqual(['Frame', 'Comment', 'Ethernet', 'IPv4', 'TCP']);
  expect(second?.layers[1]?.fields[0]?.value).toBe('here it\\nstops \\u202e<b>');
  expect(second?.layers[0]?.fields.at(-1)).toEqual({ name: 'Interface', value: 'eth0\\u001b[2J' });
});
