/** The annotated capture of a stored incident: read back, with its comments at the frames that the report cites. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../analyzer/index.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { listCapture } from '../../packet/file/test-listing.ts';
import { buildTcp } from '../../packet/wire/build.ts';
import type { OpenStore } from '../store/open-store.ts';
import { chunksOf, storeReport, testFlow, testReport } from '../store/test-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

const FRAMES = 9;
const START = 1_700_000_000_000_000_000n;

/** Packet `i` holds its number. */
function capture(): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = createPcapngWriter((piece) => pieces.push(piece));
  const interfaceId = writer.addInterface({ linkType: 1, resolution: 9 });
  for (let i = 1; i <= FRAMES; i += 1) {
    const data = new Uint8Array(60).fill(i);
    writer.packet({ interfaceId, time: START + BigInt(i), data, originalLength: 60 });
  }
  return Buffer.concat(pieces);
}

const claim = (text: string, frame: number): Report['flows'][number]['claims'][number] => ({
  kind: 'observed',
  text,
  frames: [{ capture: 'c1', frame }],
});

async function storedIncident(): Promise<string> {
  const { id } = server.store.createIncident('Annotated');
  const file = { name: 'client.pcapng', vantage: null, mostBytes: 2 ** 20 };
  await server.store.addFile(id, file, chunksOf(capture()));
  const report = testReport(0);
  const flows = [{ ...testFlow(3), claims: [claim('it was sent again', 4), claim('and lost', 7)] }];
  const captures = report.captures.slice(0, 1);
  expect(await storeReport(server.store as OpenStore, id, { ...report, captures, flows })).toBe(true);
  return id;
}

const ask = (id: string, query = '') =>
  server.raw('GET', `/api/incidents/${id}/export/annotated.pcapng${query}`);

describe('annotated.pcapng', () => {
  it('has the frames that are cited, each with what is said of it', async () => {
    const { status, headers, bytes } = await ask(await storedIncident());
    expect(status).toBe(200);
    expect(headers['content-disposition']).toBe('attachment; filename=annotated.pcapng');
    const { packets, problems, reader } = listCapture(bytes);
    expect(problems).toEqual([]);
    expect(packets.map(({ data }) => data.charCodeAt(0))).toEqual([4, 7]);
    expect(reader.notes.packetComments.map(({ frame, text }) => [frame, text])).toEqual([
      [1, expect.stringMatching(/^client #4: it was sent again .*\[finding 1\]$/)],
      [2, expect.stringMatching(/^client #7: and lost .*\[finding 2\]$/)],
    ]);
  });

  it('says itself how many frames of long stalls it leaves out', async () => {
    const { id } = server.store.createIncident('A long stall');
    const pieces: Uint8Array[] = [];
    const writer = createPcapngWriter((piece) => pieces.push(piece));
    const interfaceId = writer.addInterface({ linkType: 1, resolution: 9 });
    const flow = testFlow(4);
    const from = BigInt(flow.stalls[0]!.start);
    const { client, server: to } = flow;
    const data = buildTcp({
      ...{
        source: client.address,
        sourcePort: client.port,
        destination: to.address,
        destinationPort: to.port,
      },
      seq: 1,
    });
    for (let i = 0; i < 2037; i += 1) writer.packet({ interfaceId, time: from + BigInt(i), data });
    const file = { name: 'client.pcapng', vantage: null, mostBytes: 2 ** 20 };
    await server.store.addFile(id, file, chunksOf(...pieces));
    const report = testReport(0);
    const captures = report.captures.slice(0, 1).map((one) => ({ ...one, coveredUntil: `${from + 2037n}` }));
    await storeReport(server.store as OpenStore, id, { ...report, captures, flows: [flow] });
    const some = listCapture((await ask(id)).bytes);
    expect(some.problems).toEqual([]);
    // And the one that the report cites.
    expect(some.packets).toHaveLength(2001);
    expect(some.reader.notes.comments.at(-1)).toMatch(/^36 frames of long stalls left out: /);
    const all = listCapture((await ask(id, '?frames=all')).bytes);
    expect(all.packets).toHaveLength(2037);
    expect(all.reader.notes.comments.join()).not.toMatch(/left out/);
  });

  it('has every frame where that is asked for, and the comments where they belong', async () => {
    const { bytes } = await ask(await storedIncident(), '?frames=all');
    const { packets, reader } = listCapture(bytes);
    expect(packets.map(({ epoch }) => epoch! - START)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
    expect(reader.notes.packetComments.map(({ frame }) => frame)).toEqual([4, 7]);
  });

  it('is the same when several ask at once', async () => {
    const id = await storedIncident();
    const [first, ...others] = await Promise.all([ask(id), ask(id), ask(id)]);
    expect(first!.status).toBe(200);
    for (const { bytes } of others) expect(bytes.equals(first!.bytes)).toBe(true);
  });

  it('says what is wrong: no result yet, another choice of frames, captures that are gone', async () => {
    const { id: empty } = server.store.createIncident();
    expect(await ask(empty)).toMatchObject({
      status: 404,
      json: { error: { code: 'not-found', message: 'the incident has no result yet' } },
    });
    const id = await storedIncident();
    expect(await ask(id, '?frames=some')).toMatchObject({ status: 400 });
    rmSync(server.store.captureFile(id, 'c1').path);
    const gone = { status: 404, json: { error: { code: 'captures-gone' } } };
    expect(await ask(id)).toMatchObject(gone);
    const deleted = await storedIncident();
    server.store.deleteFile(deleted, server.store.captureFile(deleted, 'c1').id);
    const { status, text } = await ask(deleted);
    expect(status).toBe(404);
    expect(text).toMatch(/no longer kept|no result yet/);
  });
});
