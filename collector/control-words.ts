/**
 * What is said over a collector's control socket: a request a connection, a JSON object on a line, and one answer.
 * Times are ns since the epoch, decimal: JSON has no integers of that size.
 */
import path from 'node:path';
import { z } from 'zod';
import { CollectorError } from './words.ts';

const nanos = z.string().regex(/^\d{1,20}$/);

export const requestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('trigger'), why: z.string().min(1).max(500) }),
  z.strictObject({ command: z.literal('status') }),
]);
export type ControlRequest = z.infer<typeof requestSchema>;

const interfaceSchema = z.object({
  vantage: z.string(),
  interface: z.string(),
  state: z.enum(['capturing', 'waiting', 'restarting']),
  packets: z.number(),
  bytes: z.number(),
  /** Null where the engine cannot tell. */
  dropped: z.number().nullable(),
  gaps: z.number(),
});

export const statusSchema = z.object({
  pid: z.number(),
  host: z.string(),
  folder: z.string(),
  since: nanos,
  engine: z.string(),
  snaplen: z.number(),
  interfaces: z.array(interfaceSchema),
  /** Bytes. */
  ring: z.object({ files: z.number(), bytes: z.number(), keep: z.number() }),
  pins: z.object({ pins: z.number(), bytes: z.number(), keep: z.number() }),
  /** Null: nothing is shipped. */
  ship: z
    .object({
      server: z.string(),
      state: z.string(),
      /** Files and bytes that wait for the server. */
      waitingFiles: z.number(),
      waitingBytes: z.number(),
      /** When the server last acknowledged something. */
      acknowledged: nanos.nullable(),
    })
    .nullable(),
  /** The latest thing that went wrong, and when. */
  trouble: z.object({ at: nanos, what: z.string() }).nullable(),
});
export type CollectorStatus = z.infer<typeof statusSchema>;

export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('status'), status: statusSchema }),
  z.object({ kind: z.literal('pinned'), pin: z.string(), from: nanos, to: nanos }),
  z.object({ kind: z.literal('refused'), why: z.string() }),
]);
export type ControlAnswer = z.infer<typeof answerSchema>;

/** unix(7): `sun_path` has 108 bytes, with a zero at the end. */
const LONGEST_SOCKET_PATH = 107;

/** By the shorter of its names, since a socket's must be short. @throws CollectorError where both are too long */
export function controlSocketOf(folder: string): string {
  const whole = path.resolve(folder, 'control.sock');
  const short = path.relative(process.cwd(), whole);
  const socket = short.length < whole.length ? short : whole;
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return socket;
  throw new CollectorError(
    `folder: the path of its socket, ${whole}, is longer than ${LONGEST_SOCKET_PATH} bytes`,
    'name a folder with a shorter path, or start where it is nearer',
  );
}
