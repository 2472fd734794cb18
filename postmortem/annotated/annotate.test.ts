import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clock, createAnalysis, type Report } from '../../analyzer/index.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { listCapture } from '../../packet/file/test-listing.ts';
import { buildTcp } from '../../packet/wire/build.ts';
import { annotateCaptures, explainLeftOut } from './annotate.ts';

const START = 1_700_000_000_000_000_000n;

interface Made {
  readonly linkType: number;
  /** As if_tsresol. */
  readonly resolution: number;
  /** ms after the start; in any order. */
  readonly times: readonly number[];
  /** ms that its clock is ahead. */
  readonly ahead: number;
}

const capture = fc.record({
  linkType: fc.constantFrom(1, 101, 113),
  resolution: fc.constantFrom(6, 9, 3),
  times: fc.array(fc.nat(5000), { minLength: 1, maxLength: 20 }),
  ahead: fc.integer({ min: -3000, max: 3000 }),
});

/** Two interfaces of one kind, taken in turn. Each packet tells in its bytes which it is. */
function bytesOf({ linkType, resolution, times, ahead }: Made, index: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = createPcapngWriter((piece) => pieces.push(piece));
  for (const name of ['eth0', 'eth1']) writer.addInterface({ name, linkType, resolution });
  for (const [i, ms] of times.entries()) {
    const time = START + BigInt(ms + ahead) * 1_000_000n;
    writer.packet({ time, interfaceId: i % 2, data: Uint8Array.of(index, i), originalLength: 99 });
  }
  return Buffer.concat(pieces);
}

function reportOf(files: readonly Uint8Array[], made: readonly Made[]): Report {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const [i, bytes] of files.entries()) {
    const feed = analysis.addCapture({ file: `f${i}.pcapng`, vantage: { host: `host-${i}` } });
    feed.push(bytes);
    feed.end();
  }
  const report = analysis.finish();
  const clocks = report.captures.map(
    ({ id }, i): Clock => ({
      capture: id,
      reference: report.captures[0]!.id,
      offset: made[i]!.ahead / 1000,
      skewPpm: 0,
      error: 0.001,
      pairs: 4,
    }),
  );
  return { ...report, clocks };
}

async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 61) yield bytes.subarray(at, at + 61);
}

async function annotated(report: Report, files: readonly Uint8Array[], chunks = cut): Promise<Uint8Array> {
  const inputs = report.captures.map(({ id }, i) => ({ capture: id, chunks: chunks(files[i]!) }));
  const pieces: Uint8Array[] = [];
  for await (const piece of annotateCaptures({ report, inputs, frames: 'all' }).chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}

test('no packet is lost or changed, each has its time by the one clock, and files keep their order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(capture, { minLength: 1, maxLength: 4 }), async (made) => {
      const files = made.map(bytesOf);
      const report = reportOf(files, made);
      const file = await annotated(report, files);
      const { packets, codes, reader } = listCapture(file);
      // Late packets stay late, which the reader remarks on.
      expect(codes.filter((code) => code !== 'time-backwards')).toEqual([]);
      for (const [index, { times, linkType }] of made.entries()) {
        const own = packets.filter(({ data }) => data.charCodeAt(0) === index);
        expect(own.map(({ data }) => data.charCodeAt(1))).toEqual([...times.keys()]);
        expect(own.map(({ epoch }) => epoch)).toEqual(times.map((ms) => START + BigInt(ms) * 1_000_000n));
        expect(own.every((p) => p.linkType === linkType && p.originalLength === 99)).toBe(true);
        const names = new Set(own.map(({ interfaceIndex }) => reader.interfaces[interfaceIndex]?.name));
        expect([...names]).toEqual([`host-${index} eth0`, `host-${index} eth1`].slice(0, times.length));
      }
      if (made.every(({ times }) => times.every((t, i) => i === 0 || t >= times[i - 1]!))) {
        const all = packets.map(({ epoch }) => epoch!);
        expect(all.every((t, i) => i === 0 || t >= all[i - 1]!)).toBe(true);
      }
      expect(await annotated(report, files)).toEqual(file);
    }),
    { numRuns: 12 },
  );
});

test('captures in order make a file in order', async () => {
  const sorted = capture.map((one) => ({ ...one, times: [...one.times].sort((a, b) => a - b) }));
  await fc.assert(
    fc.asyncProperty(fc.array(sorted, { minLength: 2, maxLength: 4 }), async (made) => {
      const files = made.map(bytesOf);
      const { packets } = listCapture(await annotated(reportOf(files, made), files));
      const times = packets.map(({ epoch }) => epoch!);
      expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
    }),
    { numRuns: 12 },
  );
});

test('a file that is cut is written as far as it can be read', async () => {
  const made: Made = { linkType: 1, resolution: 9, times: [1, 2, 3], ahead: 0 };
  const whole = bytesOf(made, 0);
  const files = [whole.subarray(0, whole.length - 5)];
  const { packets, problems } = listCapture(await annotated(reportOf(files, [made]), files));
  expect(problems).toEqual([]);
  expect(packets).toHaveLength(2);
});

test('of a stall that holds very many frames the first are written, and it is known how many were not', async () => {
  const pieces: Uint8Array[] = [];
  const writer = createPcapngWriter((piece) => pieces.push(piece));
  const interfaceId = writer.addInterface({ resolution: 9 });
  const client = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 40_000, destinationPort: 80 };
  const server = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 80, destinationPort: 40_000 };
  const request = { ...client, flags: 'PSH ACK', seq: 101, ack: 501, payload: 'GET /' } as const;
  const opened = [
    { ...client, flags: 'SYN', seq: 100 },
    { ...server, flags: 'SYN ACK', seq: 500, ack: 101 },
    { ...client, seq: 101, ack: 501 },
  ] as const;
  const again = Array.from({ length: 2500 }, () => request);
  for (const [i, fields] of [...opened, ...again].entries())
    writer.packet({
      time: START + BigInt(i) * 100_000_000n,
      interfaceId,
      data: buildTcp({ ...fields, ipId: i }),
    });
  const file = Buffer.concat(pieces);
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  const feed = analysis.addCapture({ file: 'f.pcapng', vantage: { host: 'client' } });
  feed.push(file);
  feed.end();
  const report = analysis.finish();
  const { id } = report.captures[0]!;
  const made = annotateCaptures({ report, inputs: [{ capture: id, chunks: cut(file) }], frames: 'evidence' });
  const written: Uint8Array[] = [];
  for await (const chunk of made.chunks) written.push(chunk);
  // The file says it itself: a server's answer has no other place for what is known at its end.
  const { reader, codes, packets } = listCapture(Buffer.concat(written));
  expect(codes).toEqual([]);
  expect(packets).toHaveLength(made.written);
  expect(reader.notes.comments.at(-1)).toBe(explainLeftOut(made.leftOut));
  expect(explainLeftOut(made.leftOut)).toMatch(
    /^4\d\d frames of long stalls left out: .*first 2,000 are here/,
  );
  expect(made.leftOut).toBeGreaterThan(400);
  expect(made.written).toBeGreaterThanOrEqual(2000);
  expect(made.written + made.leftOut).toBeLessThanOrEqual(2503);
});
