/** Exports of a report that was made for it: as large as needed, and as hostile as a capture can be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, formatNumber, type Report } from '../../analyzer/index.ts';
import { escapeMarkdown } from '../../postmortem/index.ts';
import type { OpenStore } from '../store/open-store.ts';
import { chunksOf, smallPcap, storeReport, testFlow, testReport } from '../store/test-store.ts';
import { csvCell } from './csv.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

async function incidentWith(report: Report): Promise<string> {
  const { id } = server.store.createIncident('An <b>incident</b>');
  await server.store.addFile(
    id,
    { name: 'c.pcap', vantage: null, mostBytes: 2 ** 20 },
    chunksOf(smallPcap()),
  );
  expect(await storeReport(server.store as OpenStore, id, report)).toBe(true);
  return id;
}

const exported = (id: string, name: string) => server.raw('GET', `/api/incidents/${id}/export/${name}`);

const EVIL = "=cmd|' /C calc'!A0 <script>alert(1)</script> [x](javascript:alert(1)) | `code` \n# head";

function evilReport(): Report {
  const report = testReport(0, EVIL);
  const flow: Flow = {
    ...testFlow(1),
    outcome: 'hung',
    client: { address: '=1+1', port: 1 },
    seenAt: ['@SUM(A1)', EVIL],
    claims: [{ kind: 'observed', text: EVIL, frames: [{ capture: 'c1', frame: 12 }] }],
  };
  return {
    ...report,
    flows: [flow],
    summary: { flows: 1, byOutcome: { hung: 1 } },
    failovers: [
      {
        id: 'failover-1',
        pathLost: '1700000000000700000',
        pathRestored: '1700000001880700000',
        restoredBy: 'seen',
        outage: 1.88,
        lostWithin: 0.5,
        restoredWithin: 0.25,
        from: EVIL,
        marks: [{ kind: 'observed', text: EVIL, frames: [{ capture: 'c1', frame: 7 }] }],
      },
    ],
    captures: [
      {
        id: 'c1',
        file: EVIL,
        sha256: 'ab'.repeat(32),
        format: 'pcap',
        linkTypes: ['ethernet'],
        vantage: { host: EVIL, role: 'unknown', inferred: true },
        frames: 12,
        firstTime: null,
        lastTime: null,
        coveredUntil: null,
        snaplen: null,
        dropped: null,
        truncated: false,
        interfaces: [],
      },
    ],
  };
}

describe('exports', () => {
  it('hold all flows, as the report has them', async () => {
    const report = testReport(3000);
    const id = await incidentWith(report);
    const whole = await exported(id, 'report.json');
    expect(whole.headers['content-disposition']).toBe('attachment; filename=report.json');
    expect(JSON.parse(whole.text)).toEqual(report);
    const lines = (await exported(id, 'flows.jsonl?sort=start&order=asc')).text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(report.flows);
    const csv = await exported(id, 'flows.csv?sort=start&order=asc');
    expect(csv.headers['content-type']).toMatch(/^text\/csv; charset=utf-8/);
    const rows = csv.text.trimEnd().split('\r\n');
    expect(rows[0]).toMatch(/^id,protocol,client,/);
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(report.flows.map(({ id }) => id));
  });

  it('take the filter of the flow table', async () => {
    const id = await incidentWith(testReport(100));
    const hung = await exported(id, 'flows.jsonl?q=outcome:hung');
    const outcomes = hung.text.trimEnd().split('\n');
    expect(outcomes.length).toBeGreaterThan(5);
    for (const line of outcomes) expect(JSON.parse(line)).toMatchObject({ outcome: 'hung' });
    expect(await exported(id, 'flows.csv?q=outcome:nonsense')).toMatchObject({ status: 400 });
    expect(await exported(id, 'flows.csv?q=outcome:hung&q=port:1')).toMatchObject({ status: 400 });
  });

  it('are refused before there is a result, and for what is no export', async () => {
    const { id } = server.store.createIncident();
    for (const name of [
      'report.json',
      'flows.csv',
      'flows.jsonl',
      'incident.md',
      'incident.html',
      'annotated.pcapng',
      'passwd',
    ]) {
      expect(await exported(id, name)).toMatchObject({
        status: 404,
        headers: { 'content-type': 'application/json; charset=utf-8' },
      });
    }
  });

  it('answer HEAD without a body', async () => {
    const id = await incidentWith(testReport(10));
    const { status, text } = await server.raw('HEAD', `/api/incidents/${id}/export/flows.csv`);
    expect({ status, text }).toEqual({ status: 200, text: '' });
  });

  it('go on being sent while others are answered, and end when nobody reads them', async () => {
    const id = await incidentWith(testReport(20_000));
    const sending = exported(id, 'report.json');
    for (let i = 0; i < 5; i += 1) expect((await server.raw('GET', '/healthz')).status).toBe(200);
    expect(JSON.parse((await sending).text).flows).toHaveLength(20_000);
    const gone = new AbortController();
    const half = await fetch(`${server.address}api/incidents/${id}/export/report.json`, {
      signal: gone.signal,
    });
    await half.body?.getReader().read();
    gone.abort();
    await expect
      .poll(async () => (await server.raw('GET', '/metrics')).text)
      .toMatch(/report.json",status="499"/);
  });
});

describe('incident.md', () => {
  it('names failovers, causes, flows with their evidence, pins and notes', async () => {
    const id = await incidentWith(evilReport());
    server.store.addPin(id, {
      target: 'frame:c1:7',
      at: '1700000000500000000',
      title: 'the last frame',
      note: 'seen by *both*\n\n<img src=x onerror=alert(1)>',
    });
    const { text, headers } = await exported(id, 'incident.md');
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(text).toMatch(/^# Postmortem: An \\<b>incident\\<\/b>\n/);
    for (const title of ['Summary', 'Impact', 'Timeline', 'Contributing factors', 'Action items'])
      expect(text).toContain(`\n## ${title}\n`);
    expect(text).toContain('| 2023-11-14 22:13:20.500 | +0.499 s | pinned: the last frame (note below) |');
    // As the headline rounds it, and with what the edges may be off by.
    expect(text).toContain(
      '| 2023-11-14 22:13:20.001 | +0.000 s | failover-1: the path was lost, or up to 0.50 s later',
    );
    expect(text).toContain(
      '| 2023-11-14 22:13:21.881 | +1.880 s | failover-1: the path was back, or up to 0.25 s earlier',
    );
    expect(text).toMatch(/\*\*ev-1\*\* observed: .*\(#7\)\n/);
    expect(text).toMatch(/\*\*ev-2\*\* observed: .*\(#12\)\n/);
    expect(text).toContain('> seen by \\*both\\*\n>\n> \\<img');
    expect(text).toContain('ab'.repeat(32));
  });

  it('lets nothing of a capture act', async () => {
    const { text } = await exported(await incidentWith(evilReport()), 'incident.md');
    expect(text).not.toMatch(/(?<!\\)</);
    // Links lead to its own headings alone.
    expect(text).not.toMatch(/(?<!\\)\]\((?!#[\w-]+\))/);
    expect(text).not.toMatch(/^# head/m);
    const rows = text.split('\n').filter((one) => one.startsWith('| `f'));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(10);
  });

  it('is the same for the same result, and counts what it leaves out', async () => {
    const id = await incidentWith(testReport(2000));
    const first = (await exported(id, 'incident.md')).text;
    expect((await exported(id, 'incident.md')).text).toBe(first);
    const { total } = server.store.flows(id, {
      sort: null,
      order: 'desc',
      q: '-outcome:unaffected',
      offset: 0,
      limit: 0,
    });
    expect(first).toContain(
      `\nAnd ${formatNumber(total - 500)} more flows: the report in JSON has them all.\n`,
    );
  });
});

describe('incident.html', () => {
  it('is one file that asks for nothing, and lets nothing of a capture act', async () => {
    const id = await incidentWith(evilReport());
    server.store.addPin(id, { target: 'frame:c1:7', at: '1700000000500000000', title: EVIL, note: EVIL });
    const { text, headers } = await exported(id, 'incident.html');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename=incident.html');
    expect(text).toContain('content="default-src &#39;none&#39;; style-src &#39;sha256-');
    expect(text).toContain('An &lt;b&gt;incident&lt;/b&gt;');
    expect(text).not.toMatch(/<script|<img|<b>|javascript:alert\(1\)"|href="(?!#)|src=/);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect((await exported(id, 'incident.html')).text).toBe(text);
  });

  it('holds no more flows than its table shows', async () => {
    const id = await incidentWith(testReport(2000));
    const { text } = await exported(id, 'incident.html');
    // Ten digits: the hash of a capture, which may begin with an f, too, has more.
    expect(text.match(/<td><code>f\w{10}<\/code><\/td>/g)).toHaveLength(500);
  });
});

describe('cells', () => {
  it.each([
    ['=1+1', "'=1+1"],
    [' =1', "' =1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@A1', "'@A1"],
    ['\t=1', "'\t=1"],
    ['a "b", c', '"a ""b"", c"'],
    [-1, '-1'],
    [null, ''],
    [['a', 'b'], 'a b'],
    [['=a', 'b'], "'=a b"],
  ])('of CSV: %j is %j', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it.each([
    ['a|b', 'a\\|b'],
    ['# head', '\\# head'],
    ['10.18 s (so)', '10.18 s (so)'],
    ['+0.5 s', '+0.5 s'],
    ['+ item', '\\+ item'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['line\nline', 'line line'],
    ['https://x.example', 'https\\://x.example'],
    ['\u202Egnp', 'gnp'],
  ])('of Markdown: %j is %j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});
