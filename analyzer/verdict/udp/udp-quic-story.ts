/**
 * What happened in a QUIC connection's silence, sentence by sentence, each with
 * its frames.
 */
import type { Nanos } from '../../../packet/time.ts';
import { NO_FRAME } from '../../flow/frame-id.ts';
import type { End, Outcome } from '../../report/report.ts';
import type { QuicSilence } from '../../stall/udp/quic-silence.ts';
import { inferred, observed, type VerdictClaim } from '../rule.ts';
import { seconds } from '../words.ts';
import { nameOfView, type UdpCase } from './udp-case.ts';
import type { QuicStall } from './udp-quic-evidence.ts';
import type { QuicSight } from './udp-quic-group.ts';
import { endWords } from './udp-sight.ts';

/** Frames cited for one sentence. */
const CITED = 10;
/** Waits grow by two; timers and the ends' own sending blur it. */
const GROWS = { least: 1.5, most: 2.6 };
/** From so many waits on, that they grow is no chance. */
const FEWEST_WAITS = 3;

export interface QuicTold {
  readonly outcome: Outcome;
  readonly end: QuicStall['end'];
  readonly until: Nanos;
  readonly tries: UdpCase['tries'];
  readonly opening: boolean;
  readonly sights: readonly QuicSight[];
}

export function tellQuic(stall: QuicStall, told: QuicTold): VerdictClaim[] {
  const { sight, silence } = stall;
  const { flow } = sight;
  const waiting: End = silence.waiting === flow.client ? 'client' : 'server';
  const owing: End = waiting === 'client' ? 'server' : 'client';
  const { heard } = silence;
  const claims: VerdictClaim[] = [];
  if (heard.frame !== NO_FRAME) {
    const text = `last datagram of the ${owing} before the silence`;
    claims.push(observed(text, [heard.frame], { from: owing, what: 'data' }));
  }
  claims.push(...tellTries(told, silence, waiting), ...tellWaits(told));
  claims.push({
    kind: 'absent',
    text: `no datagram of the ${owing}`,
    frames: [],
    coverage: {
      from: silence.start,
      to: told.until,
      why: `this capture holds what the ${waiting} sent in this time`,
    },
  });
  return [
    ...claims,
    ...tellEnd(stall, told, owing),
    ...tellDoubt(told.sights),
    ...tellElsewhere(sight, told.sights),
  ];
}

function tellTries(
  { tries, opening }: QuicTold,
  { end, tryCount }: QuicSilence,
  waiting: End,
): VerdictClaim[] {
  const inVain = end === null ? tries : tries.slice(0, -1);
  if (inVain.length === 0) return [];
  const many = end === null ? tryCount : tryCount - 1;
  const what = opening ? 'tries to open the connection' : 'sends';
  const times = many === 1 ? 'once' : `${many} times`;
  return [
    observed(
      `the ${waiting} ${what} ${times}, unanswered`,
      inVain.slice(0, CITED).map((t) => t.frame),
      { from: waiting, what: 'data' },
    ),
  ];
}

function tellWaits({ tries }: QuicTold): VerdictClaim[] {
  const waits = tries.slice(1).map((t, i) => t.time - (tries[i] as UdpCase['tries'][number]).time);
  const last = waits.slice(-FEWEST_WAITS - 1);
  const grow = last.slice(1).every((w, i) => {
    const ratio = w / (last[i] as number);
    return ratio >= GROWS.least && ratio <= GROWS.most;
  });
  if (last.length <= FEWEST_WAITS || !grow) return [];
  const text = `the waits double: ${last.map(seconds).join(', ')}; these are probes for an answer that does not come (RFC 9002, 6.2)`;
  return [
    inferred(
      text,
      tries.slice(-last.length - 1).map((t) => t.frame),
    ),
  ];
}

function tellEnd({ sight, silence }: QuicStall, told: QuicTold, owing: End): VerdictClaim[] {
  const { end, outcome, tries } = told;
  const last = tries.at(-1);
  if (end === null) {
    const rested = told.until - (last?.time ?? silence.start);
    const before = tries.at(-2);
    if (last === undefined || before === undefined || rested < 3 * (last.time - before.time)) return [];
    const text = `no further try in ${seconds(rested)}, though the next one was long due: it has given up in silence, as an idle timeout does (RFC 9000, 10.1)`;
    return [inferred(text, [last.frame])];
  }
  if (outcome === 'gave-up') {
    return [
      observed('the client opens a new connection to the same server', [end.frame], {
        from: 'other-flow',
        what: 'data',
      }),
    ];
  }
  const after = last === undefined ? '' : `, ${seconds(end.time - last.time)} after the last try`;
  const elsewhere =
    silence.end === null ? `, at another port or vantage than ${nameOfView(sight.view)} had it` : '';
  return [
    observed(`the ${owing} is heard again${after}${elsewhere}`, [end.frame], { from: owing, what: 'data' }),
  ];
}

function tellDoubt(sights: readonly QuicSight[]): VerdictClaim[] {
  if (sights.some(({ flow }) => flow.certain)) return [];
  return [
    inferred('taken for QUIC by its port and the form of its headers: the opening is not in the capture'),
  ];
}

function tellElsewhere(own: QuicSight, sights: readonly QuicSight[]): VerdictClaim[] {
  return sights
    .filter((s) => s.view !== own.view)
    .slice(0, CITED)
    .map(({ flow, view, ends }) => {
      const side = flow.sides[flow.client].count > 0 ? flow.client : flow.serverEnd;
      const from: End = side === flow.client ? 'client' : 'server';
      const text = `at ${nameOfView(view)} it is seen as ${endWords(ends.client)} to ${endWords(ends.server)}; last datagram of the ${from}`;
      return observed(text, [flow.sides[side].lastFrame], { from, what: 'data' });
    });
}
