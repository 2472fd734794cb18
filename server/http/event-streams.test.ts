/** A page that does not read what it is sent. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobEvent, Jobs } from '../jobs/jobs.ts';
import { type OpenStore, openStore } from '../store/open-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../store/test-store.ts';
import { EventStreams } from './event-streams.ts';

let folder: TemporaryFolder;
let store: OpenStore;
beforeAll(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
});
afterAll(() => {
  store.close();
  folder.remove();
});

it('is told no more of progress, and is cut off in the end, so that nothing is kept for it', async () => {
  const summary = store.createIncident('x'.repeat(200));
  let tell: (event: JobEvent) => void = () => {};
  const jobs: Pick<Jobs, 'onEvent' | 'progress'> = {
    progress: () => null,
    onEvent(listener) {
      tell = listener;
      return () => {};
    },
  };
  const streams = new EventStreams(store, jobs, { heartbeatMs: 60_000, mostStreams: 9 });
  const app = express().get('/', (_request, response) => streams.open(summary.id, response));
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await expect.poll(() => streams.count).toBe(1);
  socket.pause();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200_000 && streams.count > 0; i += 1) {
    tell({ kind: 'state', incident: summary.id, summary });
    if (i % 500 === 0) await new Promise(setImmediate);
  }
  expect(streams.count).toBe(0);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  streams.close();
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
