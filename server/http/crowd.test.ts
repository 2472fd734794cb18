/** What clients may take of the server: places for listening pages, for uploads, and connections. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallPcap } from '../store/test-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const MOST = { mostStreams: 3, mostUploads: 2, mostConnections: 8 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: MOST });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server.end();
});

interface Caller {
  readonly socket: Socket;
  readonly text: () => string;
  readonly closed: () => boolean;
}

function call(path: string): Caller {
  const socket = connect(server.port, '127.0.0.1');
  let [text, closed] = ['', false];
  socket.setEncoding('latin1').on('data', (some: string) => {
    text += some;
  });
  socket
    .on('error', () => {})
    .on('close', () => {
      closed = true;
    });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return { socket, text: () => text, closed: () => closed };
}

it('pages that listen have so many places, and one that leaves makes room', async () => {
  const { id } = server.store.createIncident('crowded');
  const path = `/api/incidents/${id}/events`;
  const listening = Array.from({ length: MOST.mostStreams }, () => call(path));
  for (const one of listening) await expect.poll(one.text).toMatch(/^HTTP\/1\.1 200 /);
  const late = call(path);
  await expect.poll(late.text).toMatch(/^HTTP\/1\.1 503 .*retry-after: 30\r\n.*"busy"/is);
  late.socket.destroy();
  listening[0]?.socket.destroy();
  const next = (): Promise<string> => {
    const one = call(path);
    return expect
      .poll(one.text)
      .toMatch(/^HTTP\/1\.1 \d+/)
      .then(() => one.text().slice(9, 12))
      .finally(() => one.socket.destroy());
  };
  await expect.poll(next, { interval: 50 }).toBe('200');
  for (const one of listening) one.socket.destroy();
});

it('uploads have so many places; what is refused may come again, and does when one has ended', async () => {
  const { id } = server.store.createIncident('busy');
  const path = `/api/incidents/${id}/files?name=a.pcap`;
  const bytes = smallPcap();
  const running = Array.from({ length: MOST.mostUploads }, () => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    socket.write(`PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    return socket;
  });
  const runningNow = async (): Promise<string | undefined> =>
    /^stallscope_uploads_running (\d+)$/m.exec((await server.raw('GET', '/metrics')).text)?.[1];
  await expect.poll(runningNow).toBe(String(MOST.mostUploads));
  const refused = await server.raw('PUT', path, { body: bytes });
  expect(refused).toMatchObject({
    status: 503,
    headers: { 'retry-after': '5' },
    json: {
      error: { code: 'busy', message: '2 uploads are running already', hint: expect.stringMatching(/5 s/) },
    },
  });
  const { json: delivery } = await server.ask('POST', '/api/deliveries', {
    ...{ collector: 'c', name: 'a.pcap', size: bytes.length, sha256: '0'.repeat(64), kind: 'capture' },
    incident: { title: 'busy too' },
  });
  const piece = `/api/deliveries/${(delivery as { id: string }).id}?offset=0`;
  expect(await server.raw('PATCH', piece, { body: bytes })).toMatchObject({ status: 503 });
  running[0]?.write(bytes);
  running[1]?.destroy();
  await expect.poll(runningNow).toBe('0');
  expect((await server.raw('PUT', path, { body: bytes })).status).toBe(201);
  expect(server.store.incidentDetail(id).storedFiles).toHaveLength(2);
  running[0]?.destroy();
});

it('connections beyond the most are closed unheard, and when some go others are heard again', async () => {
  const all = Array.from({ length: MOST.mostConnections + 4 }, () => call('/healthz'));
  await expect.poll(() => all.filter((one) => one.closed()).length).toBe(4);
  const heard = all.filter((one) => !one.closed());
  for (const one of heard) await expect.poll(one.text).toMatch(/^HTTP\/1\.1 200 /);
  for (const one of all) if (one.closed()) expect(one.text()).toBe('');
  for (const one of heard) one.socket.destroy();
  const again = async (): Promise<string> => {
    const one = call('/healthz');
    await new Promise((resolve) => one.socket.once('data', resolve).once('close', resolve));
    one.socket.destroy();
    return one.text().slice(0, 12);
  };
  await expect.poll(again, { interval: 50 }).toBe('HTTP/1.1 200');
});
