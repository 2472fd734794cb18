/**
 * Is this a `Report` as the contract has it? First the shape, field by field,
 * then what the fields say of each other. Written apart from the types, so that
 * a report from JSON, or from a program gone wrong, is checked the same.
 */
import { CAUSE_IDS, OUTCOMES, type Report } from '../analyzer/index.ts';
import {
  among,
  type Check,
  count,
  duration,
  flag,
  listOf,
  mapOf,
  matching,
  number,
  objectOf,
  orNull,
  port,
  sentence,
  text,
} from './shape.ts';

const time = matching(/^-?\d+$/, 'time in ns');
const captureId = matching(/^c[1-9]\d*$/, 'capture id');
const flowId = matching(/^f[0-9a-f]{10}$/, 'flow id');
const cause = among(CAUSE_IDS);
const end = among(['client', 'server']);
const frameNumber: Check = (value, at) => (value === 0 ? [`${at}: frames count from 1`] : count(value, at));
const frame = objectOf({ capture: captureId, frame: frameNumber });
const endpoint = objectOf({ address: matching(/^[\d.]+$|^[\da-f:.]+$/, 'address'), port });
const pathKind = among(['forwarded', 'translated', 'sequence-shifted', 'terminated', 'unknown']);

/** A counter as the file claims it: 64 bits, of which a number keeps 53. */
const claimed: Check = (value, at) =>
  Number.isInteger(value) && (value as number) >= 0 ? [] : [`${at}: ${String(value)} is no counter`];

const SHOWN =
  'data retransmission probe ack zero-window window-update syn syn-ack fin rst arp vrrp icmp segment';

const claim = objectOf(
  { kind: among(['observed', 'inferred', 'absent']), text: sentence, frames: listOf(frame) },
  {
    shows: objectOf({
      from: among(['client', 'server', 'network', 'other-flow']),
      what: among(SHOWN.split(' ')),
    }),
    journal: listOf(objectOf({ file: text, line: count })),
    coverage: objectOf({ from: time, to: time, why: sentence }),
  },
);

const advice = objectOf(
  { text: sentence, effect: objectOf({}, { resumesAfter: duration, failsAfter: duration }) },
  {
    change: objectOf({ who: among(['client', 'server', 'gateway']), setting: text, value: text }),
    safeToRetry: among(['yes', 'no', 'unknown']),
  },
);

const gap = objectOf(
  { interface: orNull(text), from: time, to: orNull(time), why: sentence },
  { packets: count },
);

const capture = objectOf(
  {
    id: captureId,
    file: text,
    format: among(['pcap', 'pcapng', 'unknown']),
    linkTypes: listOf(text),
    vantage: objectOf(
      { host: sentence, role: among(['client', 'node', 'server', 'unknown']), inferred: flag },
      { side: among(['in', 'out']) },
    ),
    frames: count,
    firstTime: orNull(time),
    lastTime: orNull(time),
    coveredUntil: orNull(time),
    snaplen: orNull(count),
    dropped: orNull(claimed),
    truncated: flag,
    interfaces: listOf(
      objectOf({ name: orNull(text), linkType: text, snaplen: count, dropped: orNull(claimed) }),
    ),
  },
  {
    sha256: text,
    gaps: listOf(gap),
    collector: objectOf({ host: text, engine: text, stamps: among(['kernel', 'userland']), number: count }),
  },
);

const stall = objectOf(
  {
    start: time,
    end: orNull(time),
    duration,
    waiting: end,
    owedBy: end,
    cause: orNull(cause),
    outage: orNull(duration),
    backoff: orNull(duration),
    recovery: orNull(duration),
    rung: orNull(count),
    nextRetry: orNull(time),
    censored: flag,
    frames: objectOf({ last: frame }, { first: frame }),
  },
  { outageWithin: duration },
);

const ladderRow = objectOf({
  frame,
  time,
  from: end,
  flags: text,
  seq: count,
  ack: count,
  length: count,
  window: count,
  label: sentence,
});

const rungTime = objectOf({ rung: count, after: duration });

const sender = objectOf(
  { by: end, syn: flag, waits: listOf(duration), frames: listOf(frame) },
  { resumed: objectOf({ predicted: rungTime, seen: rungTime }) },
);

const stuck = objectOf({
  by: end,
  bytes: orNull(count),
  nextRetry: orNull(time),
  givesUp: orNull(time),
  waitUntil: orNull(time),
  why: sentence,
});

const request = objectOf({ method: sentence, answered: flag, idempotent: flag });

const timerFate = objectOf(
  { outcome: among(['resumes', 'fails', 'may-fail', 'waits']) },
  { after: duration, aboutToGoOn: among([true]) },
);
const timer = objectOf(
  { client: sentence, timer: sentence, end, delivered: timerFate },
  { set: objectOf({ text: sentence, fate: timerFate }) },
);

const flow = objectOf(
  {
    id: flowId,
    protocol: among(['tcp', 'udp']),
    client: endpoint,
    server: endpoint,
    start: time,
    end: time,
    bytesToClient: count,
    bytesToServer: count,
    seenAt: listOf(captureId),
    path: pathKind,
    outcome: among(OUTCOMES),
    cause: orNull(cause),
    candidates: listOf(cause),
    contributing: listOf(cause),
    confidence: among(['high', 'medium', 'low']),
    stalls: listOf(stall),
    claims: listOf(claim),
    ruledOut: listOf(objectOf({ cause, because: sentence })),
    splitBy: listOf(sentence),
    advice: listOf(advice),
  },
  {
    translated: listOf(endpoint),
    legs: listOf(objectOf({ client: endpoint, server: endpoint, seenAt: listOf(captureId) })),
    endedBy: objectOf({
      who: among(['client', 'server', 'old-node', 'new-node', 'unknown']),
      how: among(['FIN', 'RST', 'ICMP']),
      frame,
    }),
    replacedBy: flowId,
    streams: mapOf(captureId, count),
    ladder: listOf(ladderRow),
    sender,
    stuck,
    request,
    timers: listOf(timer),
  },
);

const problemOf = (capture: Check): Check =>
  objectOf({
    code: matching(/^[a-z0-9-]+$/, 'code'),
    message: sentence,
    at: objectOf({ capture }, { offset: count, frame: frameNumber }),
  });
/** A journal is no capture: its problems name its file. */
const problem: Check = (value, at) => problemOf(isOfJournal(value) ? text : captureId)(value, at);
const isOfJournal = (value: unknown): boolean =>
  /^journal-/.test(String((value as { code?: unknown } | null)?.code));

const clock = objectOf(
  {
    capture: captureId,
    reference: captureId,
    offset: number,
    skewPpm: number,
    error: orNull(duration),
    pairs: count,
  },
  { at: time, from: time, until: time, skewErrorPpm: duration, by: among(['packets', 'exchange', 'hosts']) },
);

const failover = objectOf(
  {
    id: sentence,
    pathLost: time,
    pathRestored: orNull(time),
    restoredBy: among(['seen', 'bound']),
    outage: orNull(duration),
    marks: listOf(claim),
  },
  {
    from: sentence,
    to: sentence,
    lostWithin: duration,
    restoredWithin: duration,
    directions: listOf(objectOf({ toward: end, lost: orNull(time), restored: orNull(time) })),
    contrast: listOf(
      objectOf({
        trait: among(['age', 'port', 'owed', 'idle']),
        affected: sentence,
        others: sentence,
        counts: objectOf({ affected: count, others: count }),
      }),
    ),
  },
);

const report = objectOf({
  schemaVersion: among([1]),
  tool: objectOf({ name: sentence, version: sentence }),
  headline: sentence,
  captures: listOf(capture),
  clocks: listOf(clock),
  failovers: listOf(failover),
  path: objectOf({ kind: pathKind, claims: listOf(claim) }),
  flows: listOf(flow),
  causes: listOf(objectOf({ id: cause, flows: listOf(flowId), worstStall: orNull(duration) })),
  summary: objectOf({ flows: count, byOutcome: mapOf(among(OUTCOMES), count) }),
  advice: listOf(advice),
  problems: listOf(problem),
});

/** What is wrong with it; nothing for a report. */
export function checkReport(value: unknown): string[] {
  const wrong = report(value, 'report');
  // What fields say of each other can be asked only where they are there.
  return wrong.length > 0 ? wrong : checkSense(value as Report);
}

function checkSense(report: Report): string[] {
  const { flows, summary, causes } = report;
  const ids = flows.map(({ id }) => id);
  const outcomes = Object.entries(summary.byOutcome);
  const counted = (outcome: string): number => flows.filter((f) => f.outcome === outcome).length;
  return [
    ...unless(new Set(ids).size === ids.length, 'two flows have the same id'),
    ...unless(summary.flows === flows.length, `summary.flows is ${summary.flows}, there are ${flows.length}`),
    ...outcomes.flatMap(([o, n]) =>
      unless(counted(o) === n, `summary.byOutcome.${o} is ${n}, not ${counted(o)}`),
    ),
    ...causes.flatMap(({ id, flows: named }) => {
      const wanted = flows.filter((f) => f.cause === id).map((f) => f.id);
      return unless(named.join() === wanted.join(), `causes: ${id} names other flows than have it`);
    }),
    ...checkCaptures(report),
    ...report.failovers.flatMap((f) => checkFailover(f).map((wrong) => `${f.id}: ${wrong}`)),
    ...[...report.failovers.flatMap((f) => f.marks), ...report.path.claims].flatMap(checkClaim),
    ...flows.flatMap((f) => checkFlow(f).map((wrong) => `flow ${f.id}: ${wrong}`)),
  ];
}

const unless = (holds: boolean, wrong: string): string[] => (holds ? [] : [wrong]);
const isOrdered = (a: string, b: string): boolean => BigInt(a) <= BigInt(b);

/** Whatever names a capture names one of this report, and a frame that it has. */
function checkCaptures({ captures, clocks, failovers, path, flows }: Report): string[] {
  // In pcapng a block that cannot be read keeps its number and is no frame.
  const frames = new Map(
    captures.map((c) => [c.id, c.format === 'pcapng' ? Number.POSITIVE_INFINITY : c.frames]),
  );
  const unknown = (ids: readonly string[], where: string): string[] =>
    ids.filter((id) => !frames.has(id)).map((id) => `${where}: there is no capture ${id}`);
  const claims = [...failovers.flatMap((f) => f.marks), ...path.claims, ...flows.flatMap((f) => f.claims)];
  const cited = [
    ...claims.flatMap((c) => c.frames),
    ...flows.flatMap((f) =>
      f.stalls.flatMap(({ frames: { last, first } }) => (first ? [last, first] : [last])),
    ),
    ...flows.flatMap((f) => (f.endedBy ? [f.endedBy.frame] : [])),
    ...flows.flatMap((f) => f.ladder?.map((row) => row.frame) ?? []),
    ...flows.flatMap((f) => f.sender?.frames ?? []),
  ];
  return [
    ...unless(frames.size === captures.length, 'two captures have the same id'),
    ...clocks.flatMap((c) => unknown([c.capture, c.reference], 'clocks')),
    ...unless(!clocks.some((c) => c.capture === c.reference), "clocks: the reference's own"),
    ...unless(new Set(clocks.map((c) => c.reference)).size < 2, 'clocks: two references'),
    ...cited
      .filter(({ capture, frame: n }) => n > (frames.get(capture) ?? 0))
      .map(({ capture, frame: n }) => `a claim cites ${capture} #${n}, which it has not`),
    ...flows.flatMap((f) => unknown(f.seenAt, `flow ${f.id}: seenAt`)),
  ];
}

/** The bounds of its two times reach at most from one to the other, but for rounding. */
function checkFailover(failover: Report['failovers'][number]): string[] {
  const { pathLost, pathRestored, outage, lostWithin, restoredWithin, directions = [] } = failover;
  const reach = (outage ?? Number.POSITIVE_INFINITY) + 1e-6;
  const towards = directions.map((d) => d.toward);
  return [
    ...unless(pathRestored === null || isOrdered(pathLost, pathRestored), 'restored before it is lost'),
    ...unless(
      (pathRestored === null) === (outage === null),
      'an outage without its end, or an end without it',
    ),
    ...unless((lostWithin ?? 0) <= reach, 'lostWithin reaches beyond the outage'),
    ...unless((restoredWithin ?? 0) <= reach, 'restoredWithin reaches beyond the outage'),
    ...unless(restoredWithin === undefined || pathRestored !== null, 'restoredWithin, but not restored'),
    ...unless(new Set(towards).size === towards.length, 'a direction is there twice'),
  ];
}

function checkFlow(flow: Report['flows'][number]): string[] {
  const out = flow.ruledOut.map((r) => r.cause);
  const open = flow.candidates;
  const told = new Set([...out, ...open]);
  return [
    ...unless(isOrdered(flow.start, flow.end), 'it ends before it starts'),
    ...unless(new Set(open).size === open.length, 'a candidate is named twice'),
    ...unless(flow.cause === null || open.length === 0, 'a cause is named, and candidates as well'),
    ...unless(flow.outcome !== 'unaffected' || flow.cause === null, 'it is unaffected and has a cause'),
    ...unless(!open.some((id) => out.includes(id)), 'a candidate is ruled out'),
    ...unless(
      open.length === 0 || CAUSE_IDS.every((id) => told.has(id)),
      'a cause is neither a candidate nor ruled out',
    ),
    ...checkSightings(flow),
    ...flow.claims.flatMap(checkClaim),
    ...flow.stalls.flatMap((s, i) => checkStall(s).map((wrong) => `stall ${i}: ${wrong}`)),
  ];
}

/** Streams and legs speak of captures that saw the flow; its legs are two, and between them they have all of those. */
function checkSightings({ seenAt, streams = {}, legs, path }: Report['flows'][number]): string[] {
  const ofLegs = legs?.flatMap((leg) => leg.seenAt) ?? seenAt;
  return [
    ...unless(new Set(seenAt).size === seenAt.length, 'seenAt names a capture twice'),
    ...unless(
      Object.keys(streams).every((id) => seenAt.includes(id)),
      'a stream of a capture that did not see it',
    ),
    ...unless(legs === undefined || legs.length === 2, 'a proxied flow has two legs'),
    ...unless(legs === undefined || path === 'terminated', 'legs, but nothing ended the connection'),
    ...unless(
      [...new Set(ofLegs)].sort().join() === [...seenAt].sort().join(),
      'its legs were seen elsewhere than it',
    ),
  ];
}

/** An observation rests on frames or journal lines, an absence on coverage: rule 1 of the house. */
function checkClaim(claim: Report['flows'][number]['claims'][number]): string[] {
  const { kind, frames, journal, coverage } = claim;
  const rests = frames.length > 0 || (journal?.length ?? 0) > 0;
  return [
    ...unless(kind !== 'observed' || rests, `an observation without evidence: ${claim.text}`),
    ...unless(kind !== 'absent' || coverage !== undefined, `an absence without coverage: ${claim.text}`),
    ...unless(
      coverage === undefined || isOrdered(coverage.from, coverage.to),
      'a coverage ends before it begins',
    ),
  ];
}

/** A ms: what `duration = outage + backoff + recovery` is exact to. */
const SLACK = 0.001;

function checkStall(stall: Report['flows'][number]['stalls'][number]): string[] {
  const { start, end, duration: lasts, outage, backoff, recovery } = stall;
  const span = end === null ? lasts : Number(BigInt(end) - BigInt(start)) / 1e9;
  const known = outage !== null && backoff !== null && recovery !== null;
  const sum = known ? outage + backoff + recovery : lasts;
  return [
    ...unless(lasts >= 1, `it lasts ${lasts} s: less than a second is no stall`),
    ...unless(near(span, lasts), `it lasts ${lasts} s, but ends ${span} s after its start`),
    ...unless(near(sum, lasts), `its parts are ${sum} s, and it lasts ${lasts} s`),
    ...unless(
      known || (outage === null && backoff === null && recovery === null),
      'some of its parts are known',
    ),
    ...unless(
      (stall.outageWithin ?? 0) <= (outage ?? 0) + SLACK,
      'its outage may have been shorter than nothing',
    ),
    ...unless(stall.waiting !== stall.owedBy, 'who waits also owes'),
    ...unless(!stall.censored || end === null, 'it ended and is censored'),
  ];
}

/** As doubles resolve spans of centuries. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= SLACK + Math.abs(b) * 1e-12;
