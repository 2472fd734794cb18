/**
 * DNS questions that got no answer in time, wherever they were seen. An answer
 * is owed from the first time a question is asked; a resolver that asks again
 * shows that it has none.
 * The trap: a server that takes its time is not a path that is gone. What was
 * answered without being asked again, or as often as it was asked, was not lost.
 */
import { type Nanos, seconds } from '../../../packet/time.ts';
import { NO_FRAME } from '../../flow/frame-id.ts';
import { type DnsExchange, SHORTEST_STALL } from '../../stall/udp/dns-exchange.ts';
import { SILENCE_IS_HANG } from '../outcome.ts';
import { inferred, observed } from '../rule.ts';
import { nameOfView, type UdpCase, type UdpEvidence, type UdpView } from './udp-case.ts';
import {
  answeredTry,
  type DnsEnding,
  type DnsSight,
  dnsLadder,
  tellDns,
  tellElsewhere,
} from './udp-dns-story.ts';
import {
  APART,
  capturesOf,
  claimsOf,
  isRefused,
  isSameEnd,
  othersHeard,
  rankOf,
  stoppedInside,
  translations,
} from './udp-sight.ts';

/** Two servers asked within this are asked at once, not one after the other. */
const AT_ONCE: Nanos = seconds(1);
/** A try is in vain once nothing came for so long. */
const ANSWER_WAIT: Nanos = seconds(1);
/** One exchange spans no more than this from one vantage to the other. */
const SAME_TIME: Nanos = seconds(2);

/** Every question that stood unanswered, once, told from where it is seen best. */
export function dnsCases(views: readonly UdpView[]): UdpCase[] {
  const sights = views.flatMap((view) =>
    [...view.watch.dnsRecords()].map((record): DnsSight => ({ ...record, view })),
  );
  const troubled = sights
    .filter(({ exchange }) => exchange.isTroubled)
    .sort((a, b) => rankOf(a.view) - rankOf(b.view) || timeOf(a) - timeOf(b));
  if (troubled.length === 0) return [];
  const failures = failedTries(troubled);
  const bySame = groupByQuestion(sights, troubled);
  const told = new Set<DnsExchange>();
  return troubled.flatMap((sight) => {
    if (told.has(sight.exchange)) return [];
    const others = elsewhere(sight, bySame.get(questionKey(sight)) ?? []);
    for (const other of others) told.add(other.exchange);
    // The client has its answer: what another vantage missed did not hurt.
    if (others.some((o) => o.view.role === 'client' && !o.exchange.isTroubled)) return [];
    const made = toCase(sight, others, failures, views);
    return made === null ? [] : [made];
  });
}

const timeOf = ({ view, exchange }: DnsSight): Nanos => view.toReference(exchange.first.time);

const questionKey = ({ exchange, ends }: DnsSight): string => `${exchange.question} ${ends.server.address}`;

/** Only what may belong to a question that is told, oldest first: a busy server's are many. */
function groupByQuestion(
  sights: readonly DnsSight[],
  troubled: readonly DnsSight[],
): Map<string, DnsSight[]> {
  const groups = new Map<string, DnsSight[]>();
  for (const sight of troubled) groups.set(questionKey(sight), []);
  for (const sight of sights) groups.get(questionKey(sight))?.push(sight);
  for (const group of groups.values()) group.sort((a, b) => timeOf(a) - timeOf(b));
  return groups;
}

/** The same exchange at other vantages, or translated at the same one. */
function elsewhere(own: DnsSight, group: readonly DnsSight[]): DnsSight[] {
  const from = timeOf(own) - SAME_TIME;
  const to = own.view.toReference(own.exchange.lastTime) + SAME_TIME;
  const { id, question } = own.exchange;
  const first = countBefore(group.length, (i) => timeOf(group[i] as DnsSight), from);
  const beyond = countBefore(group.length, (i) => timeOf(group[i] as DnsSight), to);
  return group.slice(first, beyond).filter((s) => {
    if (s.exchange === own.exchange) return false;
    if (question !== 0) return s.exchange.id === id || isSameEnd(s.ends.client, own.ends.client);
    // A question that was cut off is known by its id, and by a port or an address that was not translated.
    const { client } = s.ends;
    const alike = client.port === own.ends.client.port || client.address === own.ends.client.address;
    return s.exchange.id === id && alike;
  });
}

/** Tries in vain at one server, oldest first, by the vantage's log of that server. */
interface ServerFailures {
  readonly all: Nanos[];
  /** Only of questions that were answered in the end: a name that nobody answers for says nothing of the path. */
  readonly answeredLater: Nanos[];
}
type Failures = Map<DnsExchange['server'], ServerFailures>;

function failedTries(troubled: readonly DnsSight[]): Failures {
  const failures: Failures = new Map();
  for (const { exchange } of troubled) {
    const known = failures.get(exchange.server) ?? { all: [], answeredLater: [] };
    failures.set(exchange.server, known);
    const isAnswered = exchange.firstAnswer !== null;
    const before = isAnswered ? answeredTry(exchange).time : Number.POSITIVE_INFINITY;
    for (const { time } of exchange.tries) {
      if (time >= before) continue;
      known.all.push(time);
      if (isAnswered) known.answeredLater.push(time);
    }
  }
  for (const { all, answeredLater } of failures.values()) {
    all.sort((a, b) => a - b);
    answeredLater.sort((a, b) => a - b);
  }
  return failures;
}

/** Tries in vain at a question's server, from when it was asked first to when it was asked with success. */
function failedIn(failures: Failures, x: DnsExchange, to: Nanos): UdpCase['failed'] {
  const { all, answeredLater } = failures.get(x.server) ?? { all: [], answeredLater: [] };
  const own = x.tries.findLast((t) => t.time < to)?.time ?? x.first.time;
  const before = (times: readonly Nanos[], at: Nanos): number =>
    countBefore(times.length, (i) => times[i] as Nanos, at);
  const last = answeredLater[before(answeredLater, to) - 1] ?? own;
  return { last: Math.max(own, last), count: before(all, to) - before(all, x.first.time) };
}

/** How many of so many sorted times lie before a moment; binary search, for there may be many questions. */
function countBefore(length: number, timeAt: (index: number) => Nanos, to: Nanos): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeAt(middle) < to) low = middle + 1;
    else high = middle;
  }
  return low;
}

function decide(x: DnsExchange, view: UdpView): DnsEnding | null {
  const { firstAnswer, turnedTo, askedAnew, first, last } = x;
  if (firstAnswer !== null) return { outcome: 'resumed', end: firstAnswer.time, endFrame: firstAnswer.frame };
  const silent = view.coveredUntil - first.time;
  // What reached the server and was not answered is the server's own matter.
  if (silent < SHORTEST_STALL || view.role === 'server') return null;
  const helped = turnedTo?.firstAnswer ?? null;
  if (turnedTo !== null && helped !== null) {
    // Asked at once, or a server that is not there at all: nobody waited for this one because of a failover.
    if (turnedTo.first.time - first.time < AT_ONCE || !x.server.wasHeard) return null;
    return { outcome: 'gave-up', end: turnedTo.first.time, endFrame: turnedTo.first.frame };
  }
  if (askedAnew !== null) return { outcome: 'gave-up', end: askedAnew.time, endFrame: askedAnew.frame };
  const inVain = view.coveredUntil - last.time >= ANSWER_WAIT ? x.tryCount : x.tryCount - 1;
  const hung = inVain > 1 || silent >= SILENCE_IS_HANG;
  return { outcome: hung ? 'hung' : 'undecided', end: null, endFrame: NO_FRAME };
}

function toCase(
  own: DnsSight,
  others: readonly DnsSight[],
  failures: Failures,
  views: readonly UdpView[],
): UdpCase | null {
  const { exchange: x, view, ends } = own;
  const decided = decide(x, view);
  if (decided === null) return null;
  const { outcome, end } = decided;
  const until = end ?? view.coveredUntil;
  const start = x.first.time;
  if (until - start < SHORTEST_STALL) return null;
  const reply = outcome === 'resumed' ? answeredTry(x) : null;
  const lost = x.tryCount - (reply === null ? 0 : x.tries.filter((t) => t.time >= reply.time).length);
  if (lost === 1 && isLoss(x, reply?.time ?? x.last.time)) return null;
  const tries = x.tries.filter((t) => t.time <= until);
  const failed = failedIn(failures, x, reply?.time ?? until);
  const triedUntil = reply === null ? x.last.time + ANSWER_WAIT : failed.last;
  const undelivered = findUndelivered(own, others, end);
  const stopped = stoppedInside(
    views,
    [own, ...others].map((s) => ({ view: s.view, ...s.exchange.last })),
  );
  return {
    kind: 'dns',
    view,
    ends,
    translated: translations(
      ends,
      others.map((o) => o.ends),
    ),
    seenAt: capturesOf([own, ...others]),
    firstTime: start,
    lastTime: x.lastTime,
    bytesToClient: x.bytesToClient,
    bytesToServer: x.bytesToServer,
    outcome,
    waiting: 'client',
    start,
    startFrame: x.first.frame,
    end,
    endFrame: decided.endFrame,
    until,
    tries,
    answered: reply,
    failed,
    smallest: 0,
    onePort: x.onePort,
    opening: false,
    wasIdle: false,
    others: othersHeard(x.server, start, triedUntil, until),
    serverUnknown: !x.server.wasHeard,
    nextTry: end === null ? nextTry(x) : null,
    refused: isRefused([own, ...others]),
    moved: null,
    undelivered,
    stopped,
    story: [...tellDns(own, decided, tries), ...tellElsewhere(own, others), ...claimsOf(stopped)],
    ladder: dnsLadder(own, tries, decided),
  };
}

/** One datagram that was lost on a path that worked: the server was heard right after it, or all the time. */
function isLoss({ server, first }: DnsExchange, until: Nanos): boolean {
  const soon = server.wasHeardIn(first.time + ANSWER_WAIT / 2, first.time + 1.5 * ANSWER_WAIT);
  return soon || server.wasHeardThroughout(first.time, until);
}

/** Resolvers ask again after the same time, or nearly. */
function nextTry(x: DnsExchange): Nanos | null {
  const before = x.tries.at(-2);
  return before === undefined ? null : x.last.time + (x.last.time - before.time);
}

/**
 * The new node passed the question on, its answer came to the node's outer
 * side, and it did not come through. The old node does not count: what reached
 * it while it lost its inner side says nothing of a mapping.
 */
function findUndelivered(own: DnsSight, others: readonly DnsSight[], end: Nanos | null): UdpEvidence | null {
  // A capture may hold one direction only: it must have seen something of the server to show that it did not hear it.
  if ((own.view.role !== 'client' && own.view.side !== 'in') || !own.exchange.server.wasHeard) return null;
  const ended = end === null ? Number.POSITIVE_INFINITY : own.view.toReference(end) - APART;
  for (const { exchange: x, view } of others) {
    if (view.role !== 'node' || view.side !== 'out' || x.firstAnswer === null || x.lastAnswer === null)
      continue;
    const late = view.toReference(x.first.time) > timeOf(own) + APART;
    const unheard = view.toReference(x.firstAnswer.time) < ended;
    const ofNode = x.askedFrom < 0 || x.answeredTo < 0 || x.askedFrom === x.answeredTo;
    // It was this node's turn: it saw the question first as a repeat, or answered more than one in vain.
    if (!unheard || !ofNode || !(late || x.answerCount > 1) || x.lastAnswer.time < x.last.time) continue;
    const inner =
      own.view.host === view.host
        ? own
        : others.find((o) => o.view.host === view.host && o.view.side === 'in');
    if (inner !== undefined && isAnsweredBy(inner, ended)) continue;
    // Behind the node the way may be cut for everybody.
    const since = own.exchange.first.time + view.toReference(x.firstAnswer.time) - timeOf(own);
    if (inner === undefined && !own.exchange.server.wasHeardIn(since, own.view.coveredUntil)) continue;
    const at = nameOfView(view);
    const text = `the server's answer reached ${at}, addressed to the node, and was not passed on to the client: the node lacks or has lost the mapping`;
    return {
      confidence: inner === undefined ? 'medium' : 'high',
      claims: [
        observed(`answer of the server at ${at}`, [x.firstAnswer.frame], { from: 'server', what: 'data' }),
        inferred(text, [x.firstAnswer.frame]),
      ],
    };
  }
  return null;
}

const isAnsweredBy = ({ exchange, view }: DnsSight, time: Nanos): boolean =>
  exchange.firstAnswer !== null && view.toReference(exchange.firstAnswer.time) < time;
