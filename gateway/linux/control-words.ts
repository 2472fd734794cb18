/**
 * What is said over a node's control socket: one request a connection, a JSON object a line; the
 * answer is a line for everything that happens, and an `end`.
 */
import path from 'node:path';
import { z } from 'zod';
import type { NodeConfig } from '../config.ts';

export const requestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('take-over'), force: z.boolean() }),
  z.strictObject({ command: z.literal('release') }),
  z.strictObject({ command: z.literal('status') }),
]);
export type Request = z.infer<typeof requestSchema>;

const role = z.enum(['active', 'standby', 'taking-over', 'releasing']);

export const statusSchema = z.object({
  node: z.string(),
  pid: z.number(),
  role,
  term: z.number(),
  /** The step of a takeover that is on its way. */
  step: z.string().nullable(),
  peer: z.object({
    node: z.string(),
    /** Whether it was heard within `deadAfter`. */
    alive: z.boolean(),
    role: role.nullable(),
    term: z.number().nullable(),
  }),
  forwarding: z.boolean(),
  connections: z.number(),
  known: z.number(),
  counters: z.record(z.string(), z.number()),
});
export type Status = z.infer<typeof statusSchema>;

export const answerSchema = z.discriminatedUnion('kind', [
  /** `time`: ns since the epoch; `since`: seconds since the request; `took`: seconds. */
  z.object({
    kind: z.literal('step'),
    time: z.string(),
    since: z.number(),
    step: z.string(),
    state: z.enum(['begun', 'done', 'failed']),
    took: z.number().optional(),
    why: z.string().optional(),
  }),
  z.object({ kind: z.literal('role'), time: z.string(), since: z.number(), role }),
  z.object({ kind: z.literal('note'), time: z.string(), since: z.number(), text: z.string() }),
  z.object({ kind: z.literal('status'), status: statusSchema }),
  z.object({ kind: z.literal('end'), ok: z.boolean(), role, why: z.string().optional() }),
]);
export type Answer = z.infer<typeof answerSchema>;

export const controlSocketOf = (config: Pick<NodeConfig, 'stateFolder'>): string =>
  path.join(path.resolve(config.stateFolder), 'control.sock');

/** unix(7): `sun_path` has 108 bytes, with a zero at the end. */
export const LONGEST_SOCKET_PATH = 107;
