/**
 * The first sentence: it must stand alone, for it is all that somebody on the
 * phone will be read. It says what happened to how many, the worst of it, and
 * whether the cause is known.
 */
import { grouped } from '../../packet/grouped.ts';
import type { Failover, Flow, Outcome, Report } from './report.ts';

/** Worst first; `unaffected` is not worth a headline of its own. */
const WORST_FIRST: readonly Outcome[] = [
  'hung',
  'reset',
  'cut-short',
  'not-connected',
  'gave-up',
  'connect-delayed',
  'resumed',
  'undecided',
];

const WORDS: Record<Outcome, string> = {
  unaffected: 'unaffected',
  resumed: 'resumed',
  hung: 'hung',
  reset: 'reset',
  'gave-up': 'gave up',
  'cut-short': 'cut short',
  'connect-delayed': 'connected late',
  'not-connected': 'never connected',
  undecided: 'undecided',
};

export function writeHeadline(report: Omit<Report, 'headline'>): string {
  const { flows, failovers, captures } = report;
  if (captures.every((c) => c.frames === 0)) return 'The captures hold no frames.';
  if (flows.length === 0) return 'No TCP connection in the captures.';
  const troubled = flows.filter((f) => f.outcome !== 'unaffected');
  if (troubled.length === 0) return `${count(flows)}, none affected by a failover.${innocentStalls(flows)}`;
  const parts = [
    failoverWords(failovers),
    outcomeWords(flows, troubled),
    worstWords(troubled, captures.length),
  ];
  return parts.filter((p) => p !== '').join(' ');
}

function failoverWords(failovers: readonly Failover[]): string {
  if (failovers.length === 0) return '';
  const [first] = failovers as [Failover];
  const when = utc(first.pathLost);
  const more = failovers.length > 1 ? ` (the first of ${failovers.length})` : '';
  if (first.outage === null) {
    // Seen to come back by a clock that nothing ties to the one that saw it lost.
    const rest =
      first.pathRestored === null
        ? 'was not seen to come back'
        : 'came back; for how long it was gone is not known';
    return `The path was lost at ${when}${more} and ${rest}.`;
  }
  const open = (first.lostWithin ?? 0) + (first.restoredWithin ?? 0) > first.outage / 10;
  const bound = first.restoredBy === 'bound' || open ? 'at most ' : '';
  return `The path was lost at ${when}${more}, for ${bound}${seconds(first.outage)}.`;
}

function outcomeWords(flows: readonly Flow[], troubled: readonly Flow[]): string {
  if (flows.length === 1) return '';
  const counts = WORST_FIRST.map((o) => [o, troubled.filter((f) => f.outcome === o).length] as const)
    .filter(([, n]) => n > 0)
    .map(([o, n]) => `${grouped(n)} ${WORDS[o]}`);
  const rest = flows.length - troubled.length;
  if (rest > 0) counts.push(`${grouped(rest)} unaffected`);
  return `${count(flows)}: ${counts.join(', ')}.`;
}

function worstWords(troubled: readonly Flow[], captureCount: number): string {
  const worst = [...troubled].sort(byBadness)[0] as Flow;
  const name = `${endpoint(worst.client)} -> ${endpoint(worst.server)}`;
  const stall = longestStall(worst);
  const causeWords =
    worst.cause !== null
      ? ` (${worst.cause})`
      : worst.candidates.length > 0
        ? `; ${captureCount === 1 ? 'this capture alone' : 'these captures'} cannot tell why: ${plural(worst.candidates.length, 'cause')} left`
        : '';
  switch (worst.outcome) {
    case 'hung':
      return `${name} hung${stall > 0 ? `: nothing moved for the last ${seconds(stall)}` : ''}${causeWords}.`;
    case 'resumed':
      return `${name} stood still for ${seconds(stall)} and went on${causeWords}.`;
    case 'reset':
      return `${name} was reset${stall > 0 ? ` after ${seconds(stall)} of silence` : ''}${causeWords}.`;
    case 'gave-up':
      return `${name}: the ${worst.endedBy?.who === 'server' ? 'server' : 'client'} gave up after ${seconds(stall)}${causeWords}.`;
    case 'cut-short':
      return `${name} was cut short after a stall of ${seconds(stall)}${causeWords}.`;
    case 'connect-delayed':
      return `${name} was connected only after ${seconds(stall)}${causeWords}.`;
    case 'not-connected':
      return `${name} was never connected${tryingFor(worst) > 0 ? `; its client tried for ${seconds(tryingFor(worst))}` : ', by a single SYN'}${causeWords}.`;
    case 'undecided':
      if (worst.protocol === 'udp') return `${name}: the capture ends too soon after the last try to tell.`;
      if (worst.endedBy !== undefined) return `${name}: what became of it cannot be decided${causeWords}.`;
      return `${name}: the capture ends in mid-transfer, so it cannot tell a hang from a capture that was stopped.`;
    case 'unaffected':
      return '';
  }
}

function innocentStalls(flows: readonly Flow[]): string {
  const causes = new Set(flows.flatMap((f) => f.stalls.map((s) => s.cause)).filter((c) => c !== null));
  return causes.size === 0 ? '' : ` Stalls of other causes: ${[...causes].join(', ')}.`;
}

/** Late is late: who was only delayed is compared by how long. */
const badness = (outcome: Outcome): number =>
  WORST_FIRST.indexOf(outcome === 'resumed' ? 'connect-delayed' : outcome);

function byBadness(a: Flow, b: Flow): number {
  const rank = badness(a.outcome) - badness(b.outcome);
  return rank !== 0 ? rank : longestStall(b) - longestStall(a);
}

/** Seconds of the flow's longest stall that is not explained away. */
export const longestStall = (flow: Flow): number =>
  flow.stalls.reduce((worst, s) => (isInnocent(s.cause) ? worst : Math.max(worst, s.duration)), 0);

/** From a flow's first frame to its last: a client that has stopped trying is not trying any more. */
const tryingFor = (flow: Flow): number => Number(BigInt(flow.end) - BigInt(flow.start)) / 1e9;

const isInnocent = (cause: string | null): boolean =>
  cause === 'zero-window' || cause === 'application-idle' || cause === 'loss' || cause === 'capture-gap';

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
/** A question over UDP is no connection. */
function count(flows: readonly Flow[]): string {
  const noun = flows.some((f) => f.protocol === 'udp') ? 'flow' : 'connection';
  return `${grouped(flows.length)} ${noun}${flows.length === 1 ? '' : 's'}`;
}
const seconds = (s: number): string => `${s.toFixed(2)} s`;
const endpoint = (e: { address: string; port: number }): string =>
  e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`;

/** `2026-11-22 11:07:02.601 UTC`. */
export function utc(ns: string): string {
  const ms = Number((BigInt(ns) + 500_000n) / 1_000_000n);
  // A capture can claim times that no calendar holds.
  if (Math.abs(ms) > 8.64e15) return `${ns} ns`;
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)} UTC`;
}
