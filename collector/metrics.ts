/**
 * A collector's state in Prometheus' text format 0.0.4, by HTTP and without a token: so on loopback, unless the configuration
 * names another address.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { CollectorStatus } from './control-words.ts';
import { CollectorError } from './words.ts';

export interface MetricsServer {
  /** `http://127.0.0.1:9109/metrics` */
  readonly url: string;
  close(): Promise<void>;
}

/** `address`: `9109`, or `127.0.0.1:9109`; port 0 is any that is free. @throws CollectorError where it cannot listen there */
export async function openMetrics(
  address: string,
  status: () => Promise<CollectorStatus> | CollectorStatus,
): Promise<MetricsServer> {
  const { host, port } = parseAddress(address);
  const server = createServer((request, response) => void serve(request, response, status));
  server.requestTimeout = 10_000;
  server.maxConnections = 32;
  await listen(server, host, port);
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[|\]$/g, '');
  return { host: host === '' ? '127.0.0.1' : host, port: Number(address.slice(colon + 1)) };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : '';
      const why = code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(
        new CollectorError(`metrics: cannot listen on ${host}:${port}: ${why}`, 'name another address:port'),
      );
    });
    server.listen({ port, host }, () => resolve());
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  status: () => Promise<CollectorStatus> | CollectorStatus,
): Promise<void> {
  const say = (code: number, text: string, headers: Record<string, string> = {}): void => {
    const type = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(code, { ...type, ...headers }).end(text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return say(405, 'only GET\n', { allow: 'GET, HEAD' });
  if (request.url?.split('?')[0] !== '/metrics') return say(404, 'metrics are at /metrics\n');
  try {
    say(200, metricsText(await status()));
  } catch {
    say(500, 'the state cannot be told\n');
  }
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export function metricsText(status: CollectorStatus): string {
  const { interfaces, ring, pins, ship } = status;
  const each = (value: (one: (typeof interfaces)[number]) => number | null): Sample[] =>
    interfaces.flatMap((one) => {
      const number = value(one);
      const labels = { vantage: one.vantage, interface: one.interface };
      return number === null ? [] : [{ labels, value: number }];
    });
  const one = (value: number): Sample[] => [{ value }];
  const families = [
    family(
      'packets_total',
      'counter',
      'Packets captured.',
      each(({ packets }) => packets),
    ),
    family(
      'captured_bytes_total',
      'counter',
      'Bytes of packets kept.',
      each(({ bytes }) => bytes),
    ),
    family(
      'dropped_packets_total',
      'counter',
      'Packets lost for want of room, where the engine can tell.',
      each(({ dropped }) => dropped),
    ),
    family(
      'gaps_total',
      'counter',
      'Times in which nothing was captured.',
      each(({ gaps }) => gaps),
    ),
    family(
      'capturing',
      'gauge',
      '1 while the interface is captured.',
      each(({ state }) => (state === 'capturing' ? 1 : 0)),
    ),
    family('ring_files', 'gauge', 'Files of the ring.', one(ring.files)),
    family('ring_bytes', 'gauge', 'Bytes of the ring.', one(ring.bytes)),
    family('ring_keep_bytes', 'gauge', 'The limit of the ring.', one(ring.keep)),
    family('pins', 'gauge', 'Pinned windows.', one(pins.pins)),
    family('pin_bytes', 'gauge', 'Bytes of pinned windows.', one(pins.bytes)),
    ...(ship === null ? [] : shipFamilies(ship)),
    family('start_time_seconds', 'gauge', 'When the collector started.', one(seconds(status.since))),
  ];
  return families.filter((text) => text !== '').join('');
}

function shipFamilies(ship: NonNullable<CollectorStatus['ship']>): string[] {
  const { waitingFiles, waitingBytes, acknowledged } = ship;
  return [
    family('spool_files', 'gauge', 'Files that wait for the server.', [{ value: waitingFiles }]),
    family('spool_bytes', 'gauge', 'Bytes that wait for the server.', [{ value: waitingBytes }]),
    family(
      'acknowledged_time_seconds',
      'gauge',
      'When the server last acknowledged that bytes are on its disk; 0: never.',
      [{ value: acknowledged === null ? 0 : seconds(acknowledged) }],
    ),
  ];
}

const seconds = (nanos: string): number => Number(BigInt(nanos) / 1_000_000n) / 1000;

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const whole = `stallscope_collector_${name}`;
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    return `${whole}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return `# HELP ${whole} ${help}\n# TYPE ${whole} ${type}\n${lines.join('\n')}\n`;
}

const escapeLabel = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
