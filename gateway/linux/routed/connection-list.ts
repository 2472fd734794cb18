/**
 * Lines of `conntrack -L` and of `conntrackd -e` (and `-i`), which differ in that only the kernel's have a time-out.
 * The trap: the reply direction is where translation shows, and a line of conntrackd's external cache has none.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Tuple } from '../forwarder.ts';

export interface Connection {
  readonly protocol: 'tcp' | 'udp';
  /** conntrack's word, of TCP only: `ESTABLISHED`, … */
  readonly state: string | undefined;
  readonly original: Direction;
  /** As packets come back; undefined where the line has none. */
  readonly reply: Direction | undefined;
  readonly assured: boolean;
  /** Nothing has come back yet. */
  readonly unreplied: boolean;
}

interface Direction {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Lines between two turns of the event loop: some 20 ms. */
const PIECE = 5000;

/**
 * All connections of TCP and UDP in an output; other lines are passed over. In pieces: at once, 300,000 would keep the node
 * from its heartbeats for as long as its peer waits before it takes over.
 */
export async function parseConnections(output: string): Promise<Connection[]> {
  const connections: Connection[] = [];
  for (const [i, line] of output.split('\n').entries()) {
    if (i % PIECE === PIECE - 1) await breathe();
    const connection = parseConnection(line);
    if (connection !== undefined) connections.push(connection);
  }
  return connections;
}

/** `tcp 6 [time-out] [STATE] src=… dst=… sport=… dport=… [src=… …] [ASSURED] …`, or undefined where it is no such line. */
export function parseConnection(line: string): Connection | undefined {
  const words = line.trim().split(/\s+/);
  // With `-o extended` the network layer comes first: `ipv4     2 tcp      6 …`.
  const [protocol, number] = words;
  if (!(protocol === 'tcp' && number === '6') && !(protocol === 'udp' && number === '17')) return undefined;
  const directions = parseDirections(words);
  if (directions[0] === undefined) return undefined;
  return {
    protocol,
    state: protocol === 'tcp' ? words.slice(2, 4).find((word) => /^[A-Z][A-Z_0-9]+$/.test(word)) : undefined,
    original: directions[0],
    reply: directions[1],
    assured: words.includes('[ASSURED]'),
    unreplied: words.includes('[UNREPLIED]'),
  };
}

function parseDirections(words: readonly string[]): Direction[] {
  const directions: Direction[] = [];
  let fields = new Map<string, string>();
  for (const word of words) {
    const [, key, value] = /^(src|dst|sport|dport)=(.+)$/.exec(word) ?? [];
    if (key === undefined || value === undefined) continue;
    fields.set(key, value);
    if (key !== 'dport') continue;
    const direction = toDirection(fields);
    if (direction !== undefined) directions.push(direction);
    fields = new Map();
  }
  return directions;
}

function toDirection(fields: ReadonlyMap<string, string>): Direction | undefined {
  const source = fields.get('src');
  const destination = fields.get('dst');
  const sourcePort = Number(fields.get('sport'));
  const destinationPort = Number(fields.get('dport'));
  if (source === undefined || destination === undefined) return undefined;
  if (!Number.isInteger(sourcePort) || !Number.isInteger(destinationPort)) return undefined;
  return { source, destination, sourcePort, destinationPort };
}

/** The same for the same connection in either program's words. */
export const connectionKey = ({ protocol, original }: Connection): string =>
  `${protocol} ${original.source} ${original.sourcePort} ${original.destination} ${original.destinationPort}`;

/** Whether an address is one of its ends, before or after translation. */
export const touches = ({ original, reply }: Connection, addresses: ReadonlySet<string>): boolean =>
  [original, ...(reply === undefined ? [] : [reply])].some(
    ({ source, destination }) => addresses.has(source) || addresses.has(destination),
  );

/** As end to end. Where it is translated, `outside` is how the server sees it. */
export function toTuple({ original, reply }: Connection): Tuple {
  const client = { address: original.source, port: original.sourcePort };
  const server = { address: original.destination, port: original.destinationPort };
  if (reply === undefined) return { client, server };
  const outside = {
    client: { address: reply.destination, port: reply.destinationPort },
    server: { address: reply.source, port: reply.sourcePort },
  };
  const same = (a: typeof client, b: typeof client) => a.address === b.address && a.port === b.port;
  return same(client, outside.client) && same(server, outside.server)
    ? { client, server }
    : { client, server, outside };
}
