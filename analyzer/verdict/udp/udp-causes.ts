/**
 * The causes, judged against one UDP flow. Found is only what frames show; the
 * rest stays open, likeliest first, or is ruled out with the reason.
 * The trap: what state is for TCP, a mapping is for UDP, and the client's next
 * datagram makes a new one. So most of the catalogue's ways to lose a
 * connection come down to one here, and none of them shows from one end.
 */
import { grouped } from '../../../packet/grouped.ts';
import { millis, type Nanos } from '../../../packet/time.ts';
import { CAUSE_IDS, type CauseId, type Confidence } from '../../report/report.ts';
import { found, inferred, type Judgement, out, possible } from '../rule.ts';
import { seconds } from '../words.ts';
import type { UdpCase } from './udp-case.ts';

/** report.md, `outage`: what a timer adds below this is no back-off. */
const NO_BACKOFF: Nanos = millis(500);
/** An answer that takes longer than this after the try was not waiting for the path. */
const PROMPT: Nanos = millis(500);
/** Below this no link is too narrow for a datagram: RFC 8200, section 5, asks for 1280. */
const SMALL = 1200;
/** So many tries in a row are not lost by chance. */
const BY_CHANCE = 2;

export interface UdpVerdict {
  readonly cause: CauseId | null;
  readonly candidates: readonly CauseId[];
  readonly contributing: readonly CauseId[];
  readonly ruledOut: readonly { readonly cause: CauseId; readonly because: string }[];
  readonly confidence: Confidence;
  readonly claims: readonly Extract<Judgement, { is: 'found' }>['claims'][number][];
}

export function judgeUdpCauses(c: UdpCase): UdpVerdict {
  const judged = CAUSE_IDS.map((id) => ({ id, j: (RULES[id] ?? ofMapping)(c) }));
  const ruledOut = judged.flatMap(({ id, j }) => (j.is === 'out' ? [{ cause: id, because: j.because }] : []));
  const proved = judged.filter(({ j }) => j.is === 'found');
  const winner = proved.find(({ id }) => id === 'udp-mapping') ?? proved[0];
  if (winner?.j.is === 'found') {
    const contributing = proved.filter((p) => p !== winner).map(({ id }) => id);
    const { confidence, claims } = winner.j;
    return { cause: winner.id, candidates: [], contributing, ruledOut, confidence, claims };
  }
  const candidates = judged
    .flatMap(({ id, j }) => (j.is === 'possible' ? [{ id, weight: j.weight }] : []))
    .sort((a, b) => b.weight - a.weight)
    .map(({ id }) => id);
  const unsure = c.outcome === 'undecided' || c.serverUnknown;
  return {
    cause: null,
    candidates,
    contributing: [],
    ruledOut,
    confidence: unsure ? 'low' : 'medium',
    claims: [],
  };
}

const wentOn = (c: UdpCase): boolean => c.outcome === 'resumed' || c.outcome === 'connect-delayed';
const WENT_ON = 'it went on';
/** While this flow tried, the same server was heard: the path was there. */
const pathWorked = (c: UdpCase): boolean => c.others === 'throughout' || c.others === 'sometimes';
const PATH_WORKED = 'the same server was heard by others while this flow tried';

/** Causes that are one and the same for UDP. */
const ofMapping = (): Judgement => out('for UDP, a state or translation that is missing is udp-mapping');
const ofOpening = (): Judgement => out('a connection that is being opened has nothing to lose yet');
const notOfUdp = (): Judgement => out('UDP has nothing of the kind');
/** What a flow that went on cannot have met. */
const unlessWentOn =
  (weight: (c: UdpCase) => number) =>
  (c: UdpCase): Judgement =>
    wentOn(c) ? out(WENT_ON) : possible(weight(c));

const RULES: Partial<Record<CauseId, (c: UdpCase) => Judgement>> = {
  'udp-mapping': judgeMapping,
  outage: judgeOutage,
  'rto-backoff': (c) => {
    if (!wentOn(c)) return out('it did not go on');
    return c.kind === 'quic'
      ? possible(60)
      : out('a resolver asks again at its own intervals, without back-off');
  },
  'no-state-reject': (c) => {
    if (c.refused) return possible(70);
    return c.view.role === 'client' ? out('no ICMP error about it is in the capture') : possible(8);
  },
  'terminated-proxy': (c) => {
    if (c.kind === 'dns') return out('each question stands alone: no proxy can take it along');
    return c.opening ? ofOpening() : unlessWentOn(() => 12)(c);
  },
  'stale-path': (c) => (pathWorked(c) ? out(PATH_WORKED) : possible(wentOn(c) ? 35 : 45)),
  'one-way-path': (c) => possible(wentOn(c) ? 20 : 30),
  'pmtu-black-hole': (c) => {
    if (wentOn(c)) return out(WENT_ON);
    return c.smallest < SMALL ? out('small datagrams went unanswered as well') : possible(10);
  },
  'peer-gave-up': (c) => {
    if (c.kind === 'dns') return out('a server keeps nothing of a question that it could give up');
    if (c.opening) return ofOpening();
    return wentOn(c) ? out(WENT_ON) : possible(40);
  },
  'client-timeout': (c) => {
    if (c.outcome === 'gave-up') return possible(50);
    const tooEarly = c.outcome === 'hung' && c.waiting === 'client' && c.others === 'later';
    return tooEarly ? possible(65) : out('the client was not seen to give up');
  },
  'split-brain': (c) => possible(wentOn(c) ? 4 : 6),
  'snat-port-clash': (c) =>
    c.onePort ? unlessWentOn(() => 5)(c) : out('the tries came from several ports of the client'),
  'cloud-flow-pinned': (c) => (c.opening ? ofOpening() : unlessWentOn(() => 10)(c)),
  'delayed-victim': (c) =>
    c.wasIdle && c.kind === 'quic' ? unlessWentOn(() => 15)(c) : out('it was not idle before'),
  'policy-mismatch': unlessWentOn((c) => (c.stopped === null ? 25 : 75)),
  'node-capacity': (c) => possible(wentOn(c) ? 3 : 5),
  'reverse-path-check': unlessWentOn((c) => (c.stopped === null ? 5 : 30)),
  'offload-blind-spot': unlessWentOn(() => 3),
  'path-not-restored': (c) => {
    if (wentOn(c)) return out(WENT_ON);
    if (pathWorked(c)) return out(PATH_WORKED);
    return c.others === 'never' ? possible(60) : out('the same server was heard again later');
  },
  loss: (c) =>
    c.failed.count > BY_CHANCE
      ? out(`${tries(c.failed.count)} in a row went unanswered`)
      : possible(c.failed.count > 1 ? 10 : pathWorked(c) ? 80 : 55),
  'application-idle': (c) => {
    const tried = c.answered;
    if (c.kind === 'dns' && tried !== null && (c.end as Nanos) - tried.time > PROMPT) return possible(65);
    return out('an answer was owed, and asked for again');
  },
  'capture-gap': () => out('the capture holds what was sent in the silence'),
  'zero-window': notOfUdp,
  'tuple-reuse': notOfUdp,
  'sequence-offset-lost': notOfUdp,
  'out-of-window': notOfUdp,
  'keepalive-expired': notOfUdp,
  'syn-backoff': notOfUdp,
  'torn-down-by-old-node': notOfUdp,
  'stale-failback': notOfUdp,
};

function judgeMapping(c: UdpCase): Judgement {
  const shown = [c.undelivered, c.moved].filter((e) => e !== null);
  if (shown.length > 0) {
    const sure = shown.some((e) => e.confidence === 'high');
    return found(sure ? 'high' : 'medium', ...shown.flatMap((e) => e.claims));
  }
  if (c.opening) return ofOpening();
  if (!c.onePort) return out('each try came from a new port, and so made a mapping of its own');
  if (wentOn(c)) return possible(c.kind === 'quic' ? 50 : 30);
  return possible(pathWorked(c) ? 70 : c.others === 'later' ? 30 : 50);
}

/** The path came back between the newest try in vain, of anybody, and the one that was answered. */
function judgeOutage(c: UdpCase): Judgement {
  const tried = c.answered;
  if (!wentOn(c) || tried === null) return out('it did not go on');
  if (pathWorked(c)) return out(PATH_WORKED);
  const wait = tried.time - c.failed.last;
  const isPrompt = (c.end as Nanos) - tried.time <= PROMPT;
  if (c.failed.count < BY_CHANCE || wait > NO_BACKOFF || wait < 0 || !isPrompt) return possible(80);
  const text = `${tries(c.failed.count)} to this server went unanswered, the newest ${seconds(wait)} before the one that was answered: the path came back between the two`;
  return found('medium', inferred(text, [tried.frame]));
}

const tries = (n: number): string => (n === 1 ? '1 try' : `${grouped(n)} tries`);
