/**
 * A sender's tries in a stall, and when the path was back: from the sender's own view, or, where the flow is judged from
 * another one, from the capture of the sender's host.
 * The trap: from the far end only those tries are seen that got through, and a ladder of these has the wrong waits. So a view
 * that is not the sender's own tells nothing here.
 */
import type { Nanos } from '../../packet/time.ts';
import { type CrossPacket, ONE_PASSAGE, type Sender } from '../failover/crossing.ts';
import type { EndIndex } from '../flow/flow.ts';
import { beginsWithProbe, type Rung } from '../stall/ladder.ts';
import type { Stall } from '../stall/stall.ts';
import type { Case, JudgedStall } from '../verdict/case.ts';
import { end } from '../verdict/hops.ts';
import type { Waits } from './sender-model.ts';

/** All times are of the view's clock. */
export interface Tries {
  readonly by: EndIndex;
  readonly syn: boolean;
  /** When the first wait began: the last answer, or a tail-loss probe after it. */
  readonly since: Nanos;
  readonly all: readonly Rung[];
  /** Bytes that it had sent and that nobody acknowledged, by its own host's capture; null where that does not tell. */
  readonly unacknowledged: number | null;
  /** The first proof that the path works that is not the flow's own going on; null where there is none. */
  readonly back: Nanos | null;
  /** The try that got through; null where the stall did not end by going on. */
  readonly through: Rung | null;
}

/** Null where the sender's own tries are in no capture. */
export function triesOf(c: Case, judged: JudgedStall): Tries | null {
  const found = fromOwnView(c, judged.stall) ?? fromItsHost(c, judged);
  if (found === null || found.all.length === 0) return null;
  const own = withoutProbe(found);
  // A clock that was set back in between tells no waits.
  if (own.all.some(({ time }, i) => time <= (own.all[i - 1]?.time ?? own.since))) return null;
  const through = throughOf(judged, own);
  return { ...own, through, back: backOf(judged, own, through) };
}

/** Waits that began before the path was back: what came later would tell what is to be predicted. */
export function waitsBefore({ all, since, syn }: Tries, moment: Nanos): Waits | null {
  const seen = all.filter(({ time }) => time < moment);
  if (seen.length === 0) return null;
  return { seen: seen.map(({ time }, i) => time - (seen[i - 1]?.time ?? since)), syn };
}

/**
 * A try that was on its way as the path showed itself is what showed it: the path was back before that came there. Where a
 * later one came to nothing, the path was not back for this connection, whatever showed it.
 */
function backOf({ path, stall }: JudgedStall, { all }: Seen, through: Rung | null): Nanos | null {
  const { back } = path;
  if (back === null || back.by === 'own-data' || back.time < stall.start) return null;
  const showing = all.find(({ time }) => time <= back.time && back.time - time < ONE_PASSAGE);
  const moment = showing?.time ?? back.time;
  const isVain = through !== null && all.some(({ time }) => time >= moment && time < through.time);
  return isVain ? null : moment;
}

/** What ended the stall came with it, or in answer to it. */
function throughOf({ stall }: JudgedStall, { all }: Seen): Rung | null {
  if (stall.end === null || stall.endedBy !== 'progress') return null;
  const until = stall.end + ONE_PASSAGE;
  return all.findLast(({ time }) => time <= until) ?? null;
}

/** No ladder begins with a wait and more than twice of it: the first try came by another timer (a tail-loss probe; RFC 8985). */
function withoutProbe(seen: Seen): Seen {
  const [first] = seen.all;
  if (seen.syn || first === undefined || !beginsWithProbe(seen.all, seen.since)) return seen;
  return { ...seen, since: first.time, all: seen.all.slice(1) };
}

type Seen = Omit<Tries, 'back' | 'through'>;

function fromOwnView({ near }: Case, { ladder, start }: Stall): Seen | null {
  if (ladder === null || (near !== null && near !== ladder.by)) return null;
  const first = ladder.rungs[0];
  if (first === undefined) return null;
  const probe = ladder.probes.filter((p) => p.time < first.time).at(-1);
  return {
    by: ladder.by,
    syn: ladder.syn,
    since: probe?.time ?? start,
    all: ladder.rungs,
    unacknowledged: null,
  };
}

/** From the packets that the capture of the sender's own host has of the stall. */
function fromItsHost(c: Case, { stall }: JudgedStall): Seen | null {
  const { cross, flow, main } = c;
  if (cross === null || main?.stall !== stall) return null;
  const asks = stall.what === 'answer' && stall.startUnanswered;
  const by = asks || stall.what === 'handshake' ? stall.waiting : stall.owedBy;
  const from: Sender = by === flow.client ? 'client' : 'server';
  const { hops } = cross;
  if (!hops.ends[from]) return null;
  const { crossing } = hops;
  const until = cross.toReference(stall.end ?? Number.MAX_SAFE_INTEGER);
  const own = crossing.packets.filter((p) => p.from === from && crossing.at(p, end(from)) !== null);
  const sent = own.filter((p) => p.time > hops.since && p.time <= until && isTry(p));
  const base = lowest(
    sent.filter((p) => own.some((o) => o !== p && o.seq === p.seq && o.time < p.time && isTry(o))),
  );
  if (base === null) return null;
  const original = own.find((p) => p.seq === base && isTry(p));
  const again = sent.filter((p) => p.seq === base && p !== original);
  const first = again[0];
  if (original === undefined || first === undefined) return null;
  // The timer begins anew with each answer that acknowledges something, and with a tail-loss probe.
  const heard = crossing.packets.filter(
    (p) => p.from !== from && p.time < first.time && crossing.at(p, end(from)) !== null,
  );
  const started = Math.max(original.time, ...heard.map((p) => p.time));
  const rungs = again.map((p): Rung => ({ time: p.time, id: idOf(p, c, from) }));
  return {
    by,
    syn: (first.flags & SYN) !== 0,
    since: cross.fromReference(started),
    all: rungs.map((r) => ({ time: cross.fromReference(r.time), id: r.id })),
    unacknowledged: (first.flags & SYN) !== 0 ? null : highest(own, base, until),
  };
}

/** B from `base` to the end of what had been sent: a trail keeps the last segments before each pause. */
const highest = (own: readonly CrossPacket[], base: number, until: Nanos): number =>
  Math.max(0, ...own.filter((p) => p.time <= until).map((p) => ((p.seq - base) | 0) + p.length));

const SYN = 0x02;
const FIN = 0x01;
const RST = 0x04;

const isTry = (p: CrossPacket): boolean =>
  (p.length > 0 || (p.flags & (SYN | FIN)) !== 0) && (p.flags & RST) === 0;

function lowest(packets: readonly CrossPacket[]): number | null {
  let low: number | null = null;
  for (const { seq } of packets) if (low === null || ((seq - low) | 0) < 0) low = seq;
  return low;
}

const idOf = (p: CrossPacket, { cross }: Case, from: Sender): number =>
  cross?.hops.crossing.at(p, end(from))?.row.id ?? 0;
