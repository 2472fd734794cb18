/**
 * Captures that cannot be an end's own: another one holds segments of that end
 * from before or after them, and where they begin or stop nothing moved. A
 * node's capture begins and stops like that at a takeover.
 * The trap: an end's capture that was started late or stopped early lacks
 * segments as well, but it begins and stops amid the others.
 */
import { seqDistance } from '../../packet/seq.ts';
import type { Nanos } from '../../packet/time.ts';
import { TcpFlag } from '../../packet/wire/frame.ts';
import type { Sighting, Trails } from '../flow/trail.ts';
import type { FlowView, JoinedLeg } from './join.ts';
import { unshifted } from './shared-packets.ts';

export interface Lacking {
  readonly client: boolean;
  readonly server: boolean;
}

type End = 'client' | 'server';

/** No transfer pauses for so long by itself, and retransmissions from the second rung on are further apart. */
const PAUSE: Nanos = 500_000_000;
/** Across a pause no more is sent or acknowledged than a window, and few are larger. */
const WINDOW = 1 << 24;
/** Connections that are looked at: a takeover shows in any that it hits. */
const MOST_LEGS = 500;

/** For each vantage, by index, whether it lacks what an end sent. */
export function lackingOf(legs: readonly JoinedLeg[], trails: readonly Trails[]): Lacking[] {
  const found = trails.map(() => ({ client: false, server: false }));
  const joint = legs.filter((l) => l.views.length > 1).slice(0, MOST_LEGS);
  for (const { views } of joint) {
    for (const end of ['client', 'server'] as const) {
      const rows = views.map((v) => rowsOf(v, end, trails[v.vantage] as Trails));
      for (const [i, view] of views.entries()) {
        const own = found[view.vantage] as { client: boolean; server: boolean };
        own[end] ||= rows.some((others, j) => j !== i && isLacking(rows[i] as Sighting[], others));
      }
    }
  }
  return found;
}

function rowsOf(view: FlowView, end: End, trails: Trails): Sighting[] {
  const { flow } = view.watch.connection;
  return trails
    .of(flow.index)
    .filter((r) => r.sender === flow[end] && (r.flags & TcpFlag.Ack) !== 0)
    .map((r) => unshifted(r, view));
}

function isLacking(own: readonly Sighting[], others: readonly Sighting[]): boolean {
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined) return false;
  const furthest = own.reduce((a, b) => (isPast(b, a) ? b : a));
  const after = others.findIndex((r) => isPast(r, furthest));
  if (after > 0 && isAfterPause(others, after)) return true;
  const from = others.findIndex((r) => !isPast(first, r));
  return from > 0 && isPast(first, others[from - 1] as Sighting) && isAfterPause(others, from);
}

/** It carries or acknowledges more. */
function isPast(r: Sighting, than: Sighting): boolean {
  const sent = seqDistance(endOf(r), endOf(than));
  const acked = seqDistance(r.ack, than.ack);
  // Numbers that something shifted are further apart.
  return sent >= 0 && acked >= 0 && sent + acked > 0 && Math.max(sent, acked) < WINDOW;
}

const endOf = ({ seq, length }: Sighting): number => (seq + length) >>> 0;

function isAfterPause(rows: readonly Sighting[], index: number): boolean {
  const [before, row] = [rows[index - 1] as Sighting, rows[index] as Sighting];
  return !row.skippedBefore && row.time - before.time >= PAUSE;
}
