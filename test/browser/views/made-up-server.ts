/** The routes that the views ask, with tiles made by brute force. `delay` and `fail` make it slow or broken on purpose. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BUCKETS, encodeTile, type LaneFrame } from '../../../analyzer/index.ts';
import { firstFrom, type MadeUpFrame, makeTile } from '../../made-up-timeline.ts';
import type { MadeUpIncident } from './made-up-incident.ts';

export interface MadeUpServer {
  readonly origin: string;
  /** ms that a tile takes. */
  delay: number;
  /** Whether tiles fail. */
  fail: boolean;
  readonly asked: string[];
  stop(): Promise<void>;
}

/** `page`: files of the page by path. */
export async function startMadeUpServer(
  incident: MadeUpIncident,
  page: ReadonlyMap<string, { type: string; body: string | Uint8Array }>,
): Promise<MadeUpServer> {
  const state = { delay: 0, fail: false, asked: [] as string[] };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const file = page.get(url.pathname);
    if (file !== undefined) return void response.writeHead(200, { 'content-type': file.type }).end(file.body);
    state.asked.push(url.pathname);
    if (url.pathname.includes('/tiles/')) {
      if (state.fail)
        return send(response, { error: { code: 'broken', message: 'The database is locked.' } }, 500);
      return void setTimeout(() => sendTile(incident, url, response), state.delay);
    }
    void answer(incident, url, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(state, { origin: `http://127.0.0.1:${port}`, stop: () => stop(server) });
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function send(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const TILE = /\/lanes\/([^/]+)\/tiles\/(\d+)\/(-?\d+)$/;

function sendTile(incident: MadeUpIncident, url: URL, response: ServerResponse): void {
  const [, lane = '', r = '0', i = '0'] = TILE.exec(url.pathname) ?? [];
  const width = BUCKETS * 2 ** Number(r);
  const frames = between(incident.lanes.get(lane) ?? [], Number(i) * width, (Number(i) + 1) * width);
  const tile = makeTile(frames, Number(r), Number(i));
  const vantage = Number(/^v(\d+)/.exec(lane)?.[1] ?? 0);
  for (const column of [tile.worstCapture, tile.firstCapture, tile.lastCapture]) column.fill(vantage);
  response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(encodeTile(tile));
}

const between = (frames: readonly MadeUpFrame[], from: number, to: number): MadeUpFrame[] =>
  frames.slice(firstFrom(frames, from), firstFrom(frames, to));

async function answer(
  incident: MadeUpIncident,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname.replace(/^\/api\/incidents\/made-up/, '');
  const query = (name: string, otherwise: number): number => Number(url.searchParams.get(name) ?? otherwise);
  const [from, to, limit] = [query('from', 0), query('to', Number.MAX_SAFE_INTEGER), query('limit', 1000)];
  if (path === '') return send(response, incident.detail);
  if (path === '/flows/f1') return send(response, incident.flow);
  if (path.endsWith('/journeys')) {
    const all = incident.journeys.filter(({ time }) => time >= from && time < to);
    return send(response, {
      journeys: all.slice(0, limit),
      total: all.length,
      truncated: all.length > limit,
    });
  }
  const lane = /^\/lanes\/([^/]+)\/frames$/.exec(path)?.[1];
  if (lane !== undefined) {
    const least = query('least', 0);
    const all = between(incident.lanes.get(lane) ?? [], from, to).filter(({ mark }) => mark >= least);
    if (url.searchParams.get('order') === 'desc') all.reverse();
    return send(response, {
      frames: all.slice(0, limit).map((frame) => row(lane, frame)),
      truncated: all.length > limit,
    });
  }
  const frame = /^\/frames\/([^/]+)\/(\d+)$/.exec(path);
  if (frame !== null) return send(response, { sightings: sightings(incident, frame[1]!, Number(frame[2])) });
  if (path === '/pins' && request.method === 'POST') return send(response, { id: 'p1' }, 201);
  send(response, { error: { code: 'not-found', message: `Nothing at ${path}.` } }, 404);
}

function row(lane: string, frame: MadeUpFrame): LaneFrame {
  const { time, seq, ack, length, window, mark } = frame;
  const capture = `c${Number(/^v(\d+)/.exec(lane)?.[1] ?? 0) + 1}`;
  return {
    frame: { capture, frame: frame.frame },
    time,
    from: lane.endsWith('.s') ? 'server' : 'client',
    seq,
    ack,
    length,
    window,
    flags: length > 0 ? 'PSH ACK' : 'ACK',
    mark,
    flow: lane.includes('.') ? 'f1' : null,
  };
}

function sightings({ journeys, detail }: MadeUpIncident, capture: string, number: number): unknown[] {
  const journey = journeys.find(({ stops }) =>
    stops.some(({ frame }) => frame?.capture === capture && frame.frame === number),
  );
  const origin = BigInt(detail.timeline?.origin ?? 0);
  const seen = (journey?.stops ?? []).flatMap(({ frame, vantage, time }) =>
    frame === undefined || time === undefined
      ? []
      : [{ frame, vantage, time: String(origin + BigInt(time)), layers: [] }],
  );
  return seen.sort((a, b) => Number(b.frame.capture === capture) - Number(a.frame.capture === capture));
}
