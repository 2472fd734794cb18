/**
 * What happened in the stall that a verdict rests on, sentence by sentence,
 * each with its frames. The same story for every cause; a rule that found its
 * cause adds its own proof.
 */
import { type Nanos, seconds as secondsOf } from '../../packet/time.ts';
import { type EndIndex, otherEnd } from '../flow/flow.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import type { Shows } from '../report/report.ts';
import type { SegmentEvent } from '../stall/segment-event.ts';
import { SHORTEST_SILENCE } from '../stall/silence.ts';
import { ANSWER_WAIT, type Stall } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { Case, JudgedStall } from './case.ts';
import { isRetryPending } from './outcome.ts';
import { inferred, observed, type VerdictClaim } from './rule.ts';
import { bytes, endName, plural, seconds } from './words.ts';

/** Frames cited for one sentence: the first and the newest ones of a long series. */
const CITED = 10;

/** The story of the main stall; nothing where there is none. */
export function narrate(c: Case): VerdictClaim[] {
  if (c.main === null) return [];
  const stall = c.main.stall;
  return [
    ...begin(c, stall),
    ...missing(c, stall),
    ...unansweredClaims(c, stall),
    ...answers(c, stall),
    ...repeats(c, stall),
    ...icmp(stall),
    ...path(c),
    ...marks(c),
    ...ending(c, stall),
    ...afterClose(c),
    ...absence(c, stall),
  ];
}

function begin(c: Case, stall: Stall): VerdictClaim[] {
  const owing = endName(c.flow, stall.owedBy);
  const data =
    stall.silence.startSender === stall.owedBy && stall.silence.lastData[stall.owedBy] === NO_FRAME
      ? NO_FRAME
      : stall.silence.lastData[stall.owedBy];
  const claims: VerdictClaim[] = [];
  if (stall.what === 'handshake') {
    claims.push(observed('first SYN of the connection', [stall.startFrame], { from: 'client', what: 'syn' }));
    return claims;
  }
  if (stall.what === 'probe-answer') {
    if (data !== NO_FRAME)
      claims.push(
        observed(`last data of the ${owing}; the connection is idle after it`, [data], {
          from: owing,
          what: 'data',
        }),
      );
    return claims;
  }
  if (data !== NO_FRAME && stall.what !== 'answer') {
    claims.push(
      observed(`last data of the ${owing} before the silence`, [data], { from: owing, what: 'data' }),
    );
  }
  if (stall.startFrame !== data) {
    const who = endName(c.flow, stall.silence.startSender);
    const asks = stall.what === 'answer' && stall.silence.startSender === stall.waiting;
    const text = asks ? `request of the ${who}` : `the ${who} acknowledges; nothing moved after this frame`;
    claims.push(observed(text, [stall.startFrame], { from: who, what: asks ? 'data' : 'segment' }));
  }
  claims.push(inferred(owedWords(c, stall), [stall.startFrame]));
  return claims;
}

function owedWords(c: Case, stall: Stall): string {
  const owing = endName(c.flow, stall.owedBy);
  switch (stall.what) {
    case 'unacknowledged':
      return `${stall.bytes ? `${bytes(stall.bytes)} of the ${owing} were` : `what the ${owing} sent was`} not acknowledged`;
    case 'promised':
      return `the ${owing} still owed ${bytes(stall.bytes ?? 0)} of the body it had promised`;
    case 'answer':
      return `the ${owing} owed an answer to the request`;
    case 'unseen':
      return `only one direction is in the capture: what the ${owing} sent cannot be told`;
    case 'mid-answer':
      if (stall.owedBy === c.flow.client) return `the ${owing} had more to send, as it showed later`;
      return `the ${owing} had sent ${bytes(stall.silence.turnBytes)} of an answer whose length is not in the capture; taken to be unfinished`;
    default:
      return `the ${owing} owed an answer`;
  }
}

function missing(c: Case, stall: Stall): VerdictClaim[] {
  if (stall.missing === null || stall.missing === 0) return [];
  const owing = endName(c.flow, stall.owedBy);
  const first = [...stall.events, ...(stall.ending === null ? [] : [stall.ending])].find(
    (e) => e.sender === stall.owedBy,
  );
  const before = stall.silence.lastOf[stall.owedBy];
  return [
    inferred(
      `after that the ${owing} sent ${plural(stall.missing, 'packet')} that never arrived here: its IP identification went on counting`,
      [before, first?.id ?? NO_FRAME].filter((f) => f !== NO_FRAME),
    ),
  ];
}

function unansweredClaims(c: Case, stall: Stall): VerdictClaim[] {
  const claims: VerdictClaim[] = [];
  const until = stall.end ?? stall.start + stall.duration;
  // The log of a very long silence has lost its middle.
  const atLeast = stall.silence.eventsDropped > 0 ? 'at least ' : '';
  for (const end of [c.flow.client, c.flow.server]) {
    const who = endName(c.flow, end);
    const own = stall.events.filter(
      (e, i) => e.sender === end && e.icmp < 0 && isVain(stall.events, i, until, stall),
    );
    const kinds: [string, Shows['what'], number][] = [
      [stall.kind === 'closed-window' ? 'window probe' : 'keepalive probe', 'probe', Segment.Probe],
      ['retransmission', 'retransmission', Segment.Resent],
      ['repeated SYN', 'syn', Segment.Syn],
      ['FIN', 'fin', Segment.Fin],
    ];
    for (const [noun, what, bit] of kinds) {
      const some = own.filter((e) => (e.bits & bit) !== 0);
      if (some.length === 0) continue;
      claims.push(
        observed(`${atLeast}${plural(some.length, noun)} of the ${who} without an answer`, cite(some), {
          from: who,
          what,
        }),
      );
    }
  }
  return claims;
}

/** Sent, and no frame of the other end before its sender's next one or within the time an answer takes. */
function isVain(events: readonly SegmentEvent[], i: number, until: Nanos, stall: Stall): boolean {
  const e = events[i] as SegmentEvent;
  const next = events.slice(i + 1).find((n) => n.icmp < 0);
  if (next !== undefined) return next.sender === e.sender || next.time - e.time >= ANSWER_WAIT;
  const answered =
    stall.ending !== null && stall.ending.sender !== e.sender && stall.ending.time - e.time < ANSWER_WAIT;
  return !answered && until - e.time >= ANSWER_WAIT;
}

function answers(c: Case, stall: Stall): VerdictClaim[] {
  const answered = stall.probes.filter((p) => p.answer !== null);
  if (answered.length === 0) return [];
  const claims: VerdictClaim[] = [];
  for (const prober of [c.flow.client, c.flow.server]) {
    const own = answered.filter((p) => p.event.sender === prober).map((p) => p.answer as SegmentEvent);
    if (own.length === 0) continue;
    const who = endName(c.flow, otherEnd(prober));
    const stuck = stall.owedBy === otherEnd(prober) ? (stall.stuck ?? 0) : 0;
    const tail =
      stuck > 0
        ? `: path and peer are alive, and ${bytes(stuck)} are sent but not arrived`
        : ': path and peer are alive, and nothing more is outstanding';
    if (stuck > 0 && stall.end === null && isRetryPending(c.main as JudgedStall)) {
      const waited = (own[0] as SegmentEvent).time - stall.start;
      claims.push(
        inferred(
          `its next retry is due at most ${seconds(waited)} after that answer: a sender doubles its waits`,
          [(own[0] as SegmentEvent).id],
        ),
      );
    }
    claims.push(
      observed(`the ${who} answered ${plural(own.length, 'probe')}${tail}`, cite(own), {
        from: who,
        what: 'ack',
      }),
    );
  }
  return claims;
}

function icmp(stall: Stall): VerdictClaim[] {
  const errors = stall.events.filter((e) => e.icmp >= 0);
  const first = errors[0];
  if (first === undefined) return [];
  const code = `${first.icmp >> 8}/${first.icmp & 255}`;
  return [
    observed(
      `ICMP ${code} about segments of this connection, ${plural(errors.length, 'time')}`,
      cite(errors),
      {
        from: 'network',
        what: 'icmp',
      },
    ),
  ];
}

function path(c: Case): VerdictClaim[] {
  const other = (c.main as NonNullable<Case['main']>).path.othersHeard;
  if (other === null || other.flow === c.flow) return [];
  const port = other.flow.port[other.flow.client];
  return [
    observed(
      `another connection over the same path (client port ${port}) was heard while this one was silent`,
      [other.frame],
      { from: 'other-flow', what: 'segment' },
    ),
  ];
}

/** The segment that a reset answers, if it came at once. */
function question(c: Case, stall: Stall, reset: SegmentEvent): VerdictClaim[] {
  const asked = stall.events.filter((e) => e.icmp < 0).at(-1);
  if ((reset.bits & Segment.Rst) === 0 || asked === undefined || asked.sender === reset.sender) return [];
  if (reset.time - asked.time >= ANSWER_WAIT) return [];
  const who = endName(c.flow, asked.sender);
  const probe = (asked.bits & Segment.Probe) !== 0;
  return [
    observed(
      `a ${probe ? 'keepalive probe' : 'segment'} of the ${who}, answered by the RST after ${seconds(reset.time - asked.time)}`,
      [asked.id],
      { from: who, what: probe ? 'probe' : 'segment' },
    ),
  ];
}

/** What an end sent after it had closed: a FIN that nobody acknowledges says that the path or the peer is gone. */
function afterClose(c: Case): VerdictClaim[] {
  const closing = c.facts.closing;
  if (closing === null || (closing.bits & Segment.Fin) === 0) return [];
  const fins = c.watch.aftermath.filter((e) => e.sender === closing.sender && (e.bits & Segment.Fin) !== 0);
  const heard = c.watch.aftermath.some((e) => e.sender !== closing.sender);
  if (fins.length === 0 || heard) return [];
  const who = endName(c.flow, closing.sender);
  return [
    observed(`the ${who} repeated its FIN ${plural(fins.length, 'time')} without an answer`, cite(fins), {
      from: who,
      what: 'fin',
    }),
  ];
}

function marks(c: Case): VerdictClaim[] {
  return c.marks
    .filter((m) => m.strong && m.flow === null)
    .slice(0, 3)
    .map((m) =>
      observed(`mark of a takeover: ${m.text}`, [m.frame], {
        from: 'network',
        what: m.kind === 'vrrp-master' ? 'vrrp' : 'arp',
      }),
    );
}

function ending(c: Case, stall: Stall): VerdictClaim[] {
  const e = stall.ending;
  if (e === null) return [];
  const who = endName(c.flow, e.sender);
  const since = stall.what === 'probe-answer' ? 'the first unanswered probe' : 'the last progress';
  const after = `${seconds(e.time - stall.start)} after ${since}`;
  if (stall.endedBy === 'close') {
    const rst = (e.bits & Segment.Rst) !== 0;
    const ttl = c.watch.connection.sides[e.sender].ttl;
    const near = e.sender === c.near;
    const ttls =
      ttl === e.ttl
        ? `TTL ${e.ttl} as its other segments`
        : `TTL ${e.ttl}; its own segments arrive with TTL ${ttl}`;
    const text =
      rst && !near
        ? `RST in the ${who}'s name, ${after} (${ttls})`
        : `the ${who} ended the connection (${rst ? 'RST' : 'FIN'}), ${after}`;
    return [...question(c, stall, e), observed(text, [e.id], { from: who, what: rst ? 'rst' : 'fin' })];
  }
  if ((e.bits & Segment.Syn) !== 0) {
    return [
      observed(`SYN-ACK ${seconds(e.time - stall.start)} after the first SYN`, [e.id], {
        from: who,
        what: 'syn-ack',
      }),
    ];
  }
  const what = (e.bits & Segment.NewData) !== 0 ? 'data' : 'ack';
  const text =
    what === 'data'
      ? `in-order data of the ${who} again, ${after}`
      : `the ${who} acknowledges again, ${after}`;
  return [observed(text, [e.id], { from: who, what })];
}

/** The far end sends again what had arrived: it did not hear the acknowledgement. */
function repeats(c: Case, stall: Stall): VerdictClaim[] {
  if (c.near === null) return [];
  const far = otherEnd(c.near);
  const old = stall.events.filter(
    (e) => e.sender === far && e.length > 0 && (e.bits & (Segment.Resent | Segment.Ahead)) === Segment.Resent,
  );
  if (old.length === 0 || c.facts.vainAnswers >= 2) return [];
  const who = endName(c.flow, far);
  return [
    observed(`the ${who} repeated ${plural(old.length, 'segment')} that had arrived`, cite(old), {
      from: who,
      what: 'retransmission',
    }),
  ];
}

/** Nothing came: a sentence only where the capture demonstrably ran on. */
function absence(c: Case, stall: Stall): VerdictClaim[] {
  if (stall.end !== null || stall.duration < SHORTEST_SILENCE) return [];
  const from = lastHeard(c, stall);
  const until = stall.start + stall.duration;
  if (until - from < secondsOf(1)) return [];
  const hears = c.near ?? stall.waiting;
  const who = endName(c.flow, otherEnd(hears));
  const why =
    c.cross === null
      ? 'the capture ran on to its end'
      : 'the captures ran on to then; one that falls silent counts as running on';
  return [
    {
      kind: 'absent',
      text: `nothing of the ${who} for the last ${seconds(until - from)}`,
      frames: [],
      coverage: { from, to: until, why },
    },
  ];
}

function lastHeard(c: Case, stall: Stall): Nanos {
  const hears: EndIndex = c.near ?? stall.waiting;
  const heard = stall.events.filter((e) => e.sender !== hears && e.icmp < 0).at(-1);
  return heard === undefined ? stall.start : heard.time;
}

function cite(events: readonly SegmentEvent[]): FrameId[] {
  if (events.length <= CITED) return events.map((e) => e.id);
  return [...events.slice(0, CITED - 4), ...events.slice(-4)].map((e) => e.id);
}
