/**
 * What became of a DNS question, sentence by sentence, each with its frames; and
 * the same as rows of a ladder.
 */
import type { Nanos } from '../../../packet/time.ts';
import { dnsTypeName } from '../../../packet/wire/dns.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import type { LadderRow, Outcome } from '../../report/report.ts';
import { type DnsExchange, type DnsTry, LONGEST_RETRY } from '../../stall/udp/dns-exchange.ts';
import type { DnsRecord } from '../../stall/udp/dns-watch.ts';
import { inferred, observed, type VerdictClaim } from '../rule.ts';
import { seconds as inSeconds } from '../words.ts';
import { nameOfView, type UdpCase, type UdpView } from './udp-case.ts';
import { endWords } from './udp-sight.ts';

/** Frames cited for one sentence. */
const CITED = 10;

/** One question at one vantage. */
export interface DnsSight extends DnsRecord {
  readonly view: UdpView;
}

/** How it ended, as that vantage saw it. */
export interface DnsEnding {
  readonly outcome: Outcome;
  readonly end: Nanos | null;
  readonly endFrame: FrameId;
}

/** The try that the first answer is taken to answer: the newest before it. */
export const answeredTry = (x: DnsExchange): DnsTry =>
  x.lastTryBefore(x.firstAnswer?.time ?? Number.POSITIVE_INFINITY);

const questionWords = ({ exchange: x }: DnsSight): string => {
  const id = `id 0x${x.id.toString(16).padStart(4, '0')}`;
  const asked = [dnsTypeName(x.type), x.name].filter((w) => w !== '').join(' ');
  return asked === '' ? id : `${asked}, ${id}`;
};

export function tellDns(own: DnsSight, decided: DnsEnding, tries: UdpCase['tries']): VerdictClaim[] {
  const { exchange: x, view } = own;
  const [first, ...repeats] = tries;
  const claims: VerdictClaim[] = [];
  if (first === undefined) return claims;
  claims.push(
    observed(`question of the client (${questionWords(own)})`, [first.frame], {
      from: 'client',
      what: 'data',
    }),
  );
  if (repeats.length > 0) {
    const after = repeats.slice(0, CITED).map((t) => inSeconds(t.time - first.time));
    claims.push(
      observed(
        `asked again ${after.join(', ')} after the first time${x.onePort ? '' : ', from other ports as well'}`,
        repeats.slice(0, CITED).map((t) => t.frame),
        { from: 'client', what: 'data' },
      ),
    );
  }
  const until = decided.end ?? view.coveredUntil;
  claims.push({
    kind: 'absent',
    text: 'no answer of the server to it',
    frames: [],
    coverage: { from: x.first.time, to: until, why: 'this capture holds the question, and runs on' },
  });
  claims.push(...tellEnd(own, decided));
  return claims;
}

function tellEnd({ exchange: x, view }: DnsSight, { outcome, endFrame }: DnsEnding): VerdictClaim[] {
  if (outcome === 'resumed' && x.firstAnswer !== null) {
    const after = inSeconds(x.firstAnswer.time - answeredTry(x).time);
    return [
      observed(`answered ${after} after the question was asked the last time`, [endFrame], {
        from: 'server',
        what: 'data',
      }),
    ];
  }
  if (outcome === 'gave-up') {
    const helped = x.turnedTo?.firstAnswer ?? null;
    const text =
      helped === null
        ? 'the client asks the same anew: it had given up'
        : 'the client asks another server, and is answered there';
    const frames = helped === null ? [endFrame] : [endFrame, helped.frame];
    return [observed(text, frames, { from: 'other-flow', what: 'data' })];
  }
  const rested = view.coveredUntil - x.last.time;
  if (rested < LONGEST_RETRY) return [];
  return [
    inferred(
      `no further try in ${inSeconds(rested)}, longer than any resolver waits: it has given up in silence`,
      [x.last.frame],
    ),
  ];
}

/** What other vantages show of the same question. */
export function tellElsewhere(own: DnsSight, others: readonly DnsSight[]): VerdictClaim[] {
  return others
    .filter((o) => o.view !== own.view)
    .flatMap(({ exchange: x, view, ends }) => {
      const at = nameOfView(view);
      const times = x.tryCount === 1 ? 'once' : `${x.tryCount} times`;
      const claims = [
        observed(
          `at ${at} the question passes ${times}, from ${endWords(ends.client)}`,
          x.tries.slice(0, CITED).map((t) => t.frame),
          { from: 'client', what: 'data' },
        ),
      ];
      if (x.firstAnswer === null) return claims;
      const back = observed(`at ${at} an answer comes`, [x.firstAnswer.frame], {
        from: 'server',
        what: 'data',
      });
      return [...claims, back];
    });
}

export function dnsLadder(
  own: DnsSight,
  tries: UdpCase['tries'],
  { outcome, end, endFrame }: DnsEnding,
): LadderRow[] {
  const { exchange: x, view } = own;
  const row = (time: Nanos, frame: FrameId, from: 'client' | 'server', label: string): LadderRow => ({
    frame: view.clock.frame(frame),
    time: view.clock.time(time),
    from,
    flags: from === 'client' ? 'DNS query' : 'DNS answer',
    seq: 0,
    ack: 0,
    length: 0,
    window: 0,
    label,
  });
  const rows = tries.map((t, i) =>
    row(t.time, t.frame, 'client', i === 0 ? 'asks' : `asks again, ${inSeconds(t.time - x.first.time)}`),
  );
  if (outcome !== 'resumed' || end === null) return rows;
  return [...rows, row(end, endFrame, 'server', `answer, after ${inSeconds(end - x.first.time)}`)];
}
