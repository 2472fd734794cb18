import { expect, it } from 'vitest';
import { createPcapngWriter } from '../packet/file/pcapng-writer.ts';
import { createAnalysis } from './index.ts';
import type { Report } from './report/report.ts';
import { epoch, HTTP_GET, Talk } from './test-frames.ts';

/** A request and its answer, each packet on the interface that its index is given. */
function reportOf(interfaceOf: (index: number, count: number) => number): Report {
  const talk = new Talk();
  talk.handshake(0);
  talk.client(1, { payload: HTTP_GET });
  talk.server(1.1, { payload: 500 });
  talk.client(1.2);
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk));
  for (const name of ['eth0', 'eth1']) writer.addInterface({ name, resolution: 9 });
  const { packets } = talk;
  for (const [i, { at, data }] of packets.entries()) {
    writer.packet({ time: epoch(at), data, interfaceId: interfaceOf(i, packets.length) });
  }
  const analysis = createAnalysis({ tool: { name: 'test', version: '1' } });
  const feed = analysis.addCapture({ file: 'two.pcapng' });
  for (const chunk of chunks) feed.push(chunk);
  feed.end();
  return analysis.finish();
}

const codes = ({ problems }: Report): string[] => problems.map((p) => p.code);

it('one file with segments of two interfaces at once says so, and nothing in it is sure', () => {
  const report = reportOf((i) => i % 2);
  expect(codes(report)).toEqual(['several-interfaces']);
  expect(report.problems[0]?.at).toEqual({ capture: 'c1', frame: 3 });
  expect(report.flows.map((f) => f.confidence)).toEqual(['low']);
});

it('files that were joined one after the other are one place', () => {
  const report = reportOf((i, count) => (i < count / 2 ? 0 : 1));
  expect(codes(report)).toEqual([]);
  expect(report.flows.map((f) => f.confidence)).not.toContain('low');
});
