/** A collector's gap and an orderly close: its numbers show that nothing moved in the gap. */
import { describe, expect, it } from 'vitest';
import { writeNote } from '../packet/file/collector-note.ts';
import { createPcapngWriter } from '../packet/file/pcapng-writer.ts';
import { LinkType } from '../packet/link-type.ts';
import { createAnalysis } from './analysis.ts';
import type { Report } from './report/report.ts';
import { epoch, HTTP_GET, Talk } from './test-frames.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';
const FILE = writeNote({
  note: 'file',
  v: 1,
  collector: 'c',
  host: 'client',
  vantage: 'client',
  number: 1,
  engine: 'tcpdump 4.99.3',
  stamps: 'kernel',
});

/** The client's capture of it, with two packets lost from one second to another. */
function collected({ packets }: Talk, from: number, to: number): Report {
  const analysis = createAnalysis({ tool: { name: 'test', version: '0' } });
  const feed = analysis.addCapture({ file: 'client.pcapng', vantage: { host: 'client' } });
  const writer = createPcapngWriter((bytes) => feed.push(bytes), { comments: [FILE] });
  writer.addInterface({ linkType: LinkType.Ethernet, name: 'eth0', resolution: 9 });
  for (const { at, data } of packets) writer.packet({ time: epoch(at), data, interfaceId: 0 });
  const gap = {
    note: 'gap',
    from: `${epoch(from)}`,
    to: `${epoch(to)}`,
    why: 'the kernel had no room',
    packets: 2,
  } as const;
  writer.statistics({ interfaceId: 0, time: epoch(packets.at(-1)?.at ?? 0), comments: [writeNote(gap)] });
  feed.end();
  return analysis.finish();
}

/** Two requests with a rest between them; the first is answered after `think` s. Ends at `IDLE + think + 0.03`. */
const IDLE = 5;
const talk = (think: number): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02 + think, { payload: ANSWER })
    .client(1.03 + think)
    .client(IDLE + think, { payload: HTTP_GET })
    .server(IDLE + think + 0.02, { payload: ANSWER })
    .client(IDLE + think + 0.03);

const closed = (think: number, after: number): Talk => {
  const at = IDLE + think + 0.03 + after;
  return talk(think)
    .client(at, { flags: 'FIN ACK' })
    .server(at + 0.01, { flags: 'FIN ACK' })
    .client(at + 0.02);
};

describe.each([0.05, 0.4, 0.9])('a close %s s after the last byte', (after) => {
  it.each([
    [-3, 0.02],
    [-0.5, 0.02],
    [-0.01, 0.02],
    [0.01, 0.03],
  ])('of which a gap from %s s to %s s after that byte hides nothing', (from, to) => {
    const [flow] = collected(closed(0, after), IDLE + 0.03 + from, IDLE + 0.03 + to).flows;
    expect(flow).toMatchObject({ outcome: 'unaffected', cause: null });
  });

  it('leaves a stall before the gap what it was', () => {
    const whole = collected(closed(4, after), 0.01, 0.02).flows[0];
    const cut = collected(closed(4, after), IDLE + 4.02, IDLE + 4.05).flows[0];
    expect([cut?.outcome, cut?.cause]).toEqual([whole?.outcome, whole?.cause]);
  });
});
