/** Exports with `?redact=1`: no original is in any of them, and in all of them the same stands for the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import { listCapture } from '../../packet/file/test-listing.ts';
import { buildTcp } from '../../packet/wire/build.ts';
import type { OpenStore } from '../store/open-store.ts';
import { chunksOf, storeReport, testFlow, testReport } from '../store/test-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let id = '';
beforeAll(async () => {
  server = await startTestServer();
  id = await storedIncident();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

const CLIENT = '10.77.0.5';
const SERVER = '10.77.9.80';
const TRANSLATED = '10.77.44.44';
/** Only in a sentence, and of a range that others are replaced by. */
const TOLD = '192.0.2.1';
const SECRET = 'GET /acme-secret HTTP/1.1\r\n\r\n';
const FORMS = ['report.json', 'flows.csv', 'flows.jsonl', 'incident.md', 'incident.html', 'annotated.pcapng'];

function capture(): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = createPcapWriter((piece) => pieces.push(piece));
  for (let i = 0; i < 3; i += 1) {
    const segment = { seq: 1, ack: 1, flags: 'PSH ACK', payload: SECRET };
    const ends = { source: CLIENT, destination: SERVER, sourcePort: 40_001, destinationPort: 80 };
    writer.packet({ time: 1_700_000_000_000_000_000n + BigInt(i), data: buildTcp({ ...segment, ...ends }) });
  }
  return Buffer.concat(pieces);
}

async function storedIncident(): Promise<string> {
  const incident = server.store.createIncident('Acme payments');
  const file = { name: 'acme-fw.pcap', vantage: null, mostBytes: 2 ** 20 };
  await server.store.addFile(incident.id, file, chunksOf(capture()));
  const report = testReport(0);
  const captures = report.captures.slice(0, 1).map((one) => ({
    ...one,
    file: 'acme-fw.pcap',
    sha256: 'ab'.repeat(32),
    vantage: { host: 'acmefw1', role: 'client' as const, inferred: false },
  }));
  const flow: Flow = {
    ...testFlow(3),
    client: { address: CLIENT, port: 40_001 },
    server: { address: SERVER, port: 80 },
    translated: [{ address: TRANSLATED, port: 1 }],
    claims: [
      {
        kind: 'observed',
        text: `acmefw1 asked ${TOLD} for ${SERVER}`,
        frames: [{ capture: 'c1', frame: 2 }],
      },
    ],
  };
  const whole: Report = { ...report, captures, flows: [flow] };
  expect(await storeReport(server.store as OpenStore, incident.id, whole)).toBe(true);
  server.store.addPin(incident.id, {
    target: `flow:${flow.id}`,
    at: null,
    title: 'acme asked',
    note: `call ${CLIENT}`,
  });
  return incident.id;
}

const ask = (form: string, query = '?redact=1') =>
  server.raw('GET', `/api/incidents/${id}/export/${form}${query}`);

describe.each(FORMS)('%s', (form) => {
  it('holds no original', async () => {
    const { status, bytes } = await ask(form);
    expect(status).toBe(200);
    const text = Buffer.from(bytes).toString('latin1');
    const originals = [/10\.77\./, /acme/i, new RegExp(testFlow(3).id), /(?:ab){32}/, new RegExp(id)];
    for (const original of originals) expect(text).not.toMatch(original);
    for (const address of [CLIENT, SERVER, TRANSLATED])
      expect(text).not.toContain(String.fromCharCode(...address.split('.').map(Number)));
  });

  it('holds them where nobody asked for less', async () => {
    const { bytes } = await ask(form, '');
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).toMatch(form === 'annotated.pcapng' ? /acme-secret/ : /10\.77\.0\.5/);
  });

  it('is the same when it is asked for again', async () => {
    expect((await ask(form)).bytes).toEqual((await ask(form)).bytes);
  });
});

it('says the same of the same in every form, and of nobody what another is called', async () => {
  const report = JSON.parse(Buffer.from((await ask('report.json')).bytes).toString()) as Report;
  const [flow] = report.flows;
  expect(flow?.client.address).toBe('192.0.2.2');
  expect(flow?.server.address).toBe('198.51.100.1');
  expect(flow?.claims[0]?.text).toMatch(/^client-1 asked 203\.0\.113\.\d for 198\.51\.100\.1$/);
  expect(report.captures[0]?.vantage.host).toBe('client-1');
  const line = Buffer.from((await ask('flows.csv')).bytes)
    .toString()
    .split('\r\n')[1];
  expect(line).toContain('192.0.2.2:40001,198.51.100.1:80');
  const { packets } = listCapture((await ask('annotated.pcapng')).bytes);
  expect(packets.length).toBeGreaterThan(0);
  expect(packets[0]?.data).toContain(String.fromCharCode(192, 0, 2, 2, 198, 51, 100, 1));
});

it('is asked for by 1 and by nothing else', async () => {
  expect((await ask('incident.md', '?redact=yes')).status).toBe(400);
});
