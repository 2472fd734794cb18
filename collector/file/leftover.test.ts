/** What a kill leaves, cut anywhere, is a whole file again, with all that was whole in it. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { mendLeftover } from './leftover.ts';
import { nameFile } from './ring-file.ts';
import { gapsOf, MS, readCaptures, START, somePackets, testFolder } from './test-recording.ts';

const NAME = nameFile('node-a.in', START, 7);
/** Section, two interfaces, three packets of the first, statistics of both, one packet of the second. */
const blocks: Uint8Array[] = [];

beforeAll(() => {
  const writer = createPcapngWriter((block) => blocks.push(block));
  writer.addInterface({ name: 'eth0', resolution: 9 });
  writer.addInterface({ name: 'eth1', resolution: 9, linkType: 276 });
  for (const packet of somePackets(START + MS, 3)) writer.packet(packet);
  const time = START + 10n * MS;
  writer.statistics({ interfaceId: 0, time, endTime: time, received: 5n, interfaceDropped: 2n });
  writer.statistics({ interfaceId: 1, time, endTime: time, received: 0n });
  writer.packet({ ...somePackets(START + 20n * MS, 1)[0]!, interfaceId: 1 });
});

function leave(bytes: Uint8Array): { file: string; folder: string } {
  const folder = testFolder();
  const file = path.join(folder, NAME);
  fs.writeFileSync(`${file}.part`, bytes);
  return { file, folder };
}

/** Blocks that are whole in the first `length` bytes. */
function wholeWithin(length: number): number {
  let end = 0;
  return blocks.filter((block) => {
    end += block.length;
    return end <= length;
  }).length;
}

describe('a leftover', () => {
  it('cut at any byte keeps its whole blocks', async () => {
    const all = Buffer.concat(blocks);
    for (let length = all.length; length > 0; length -= 37) {
      const { file, folder } = leave(all.subarray(0, length));
      const mended = await mendLeftover(file);
      const whole = wholeWithin(length);
      if (whole < 2) {
        expect([mended, fs.readdirSync(folder)]).toEqual([null, []]);
        continue;
      }
      const [read] = readCaptures(folder);
      expect(read).toMatchObject({ name: NAME, listing: { codes: [] } });
      expect(read?.listing.packets).toHaveLength([0, 0, 0, 0, 1, 2, 3, 3, 3, 4][whole]!);
      expect(fs.statSync(file).size).toBe(mended?.file.bytes);
    }
  });

  it('says when each interface was last heard of, and what was lost before', async () => {
    const { file, folder } = leave(Buffer.concat(blocks));
    const mended = await mendLeftover(file);
    expect(mended).toMatchObject({
      file: { path: file, vantage: 'node-a.in', number: 7, from: START },
      ends: new Map([
        ['eth0', START + 10n * MS],
        ['eth1', START + 20n * MS],
      ]),
    });
    const [read] = readCaptures(folder);
    expect(gapsOf(read!)).toEqual(['eth0 10- the collector was ended', 'eth1 20- the collector was ended']);
    expect(read!.listing.reader.interfaces).toMatchObject([
      { received: 5, dropped: 2, linkType: 1 },
      { received: 1, dropped: null, linkType: 276 },
    ]);
  });

  it('that ends in zeros, as after a loss of power, ends before them', async () => {
    const { file, folder } = leave(Buffer.concat([...blocks, Buffer.alloc(5000)]));
    await mendLeftover(file);
    const [read] = readCaptures(folder);
    expect(read).toMatchObject({ listing: { codes: [] } });
    expect(read!.listing.packets).toHaveLength(4);
  });

  it('keeps the time of its last change', async () => {
    const { file } = leave(Buffer.concat(blocks));
    fs.utimesSync(`${file}.part`, 1_795_662_725, 1_795_662_725);
    await mendLeftover(file);
    expect(fs.statSync(file).mtimeMs).toBe(1_795_662_725_000);
  });
});
