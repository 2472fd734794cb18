/**
 * One failover in words: when the path was lost and back, and how exactly the captures say so.
 * The trap: where nobody sends, nothing dates it, so both times go with how far off they may be, and
 * the outage is a range.
 */
import type { Failover } from './report.ts';
import { count, formatNumber, formatSeconds, formatUtc, formatUtcTime, secondsBetween } from './units.ts';

/** Closer than this, two times are the same to a person. */
const NOTABLE = 0.1;

export type FailoverNote = readonly [label: string, text: string];

/** How far off its times may be, each direction, and what parts those it broke from the others. */
export const failoverNotes = (failover: Failover): FailoverNote[] => [
  ...spacing(failover),
  ...eachDirection(failover),
  ...contrastNotes(failover),
];

/** As one capture shows it. */
export function describeLoneFailover(
  { pathLost, pathRestored, restoredBy, outage, from, to }: Failover,
  arrow: string,
): string {
  const nodes = from && to ? ` ${from} ${arrow} ${to}` : '';
  const back =
    pathRestored === null
      ? 'not seen to come back'
      : `back ${restoredBy === 'bound' ? 'by ' : ''}${formatUtc(pathRestored)}`;
  const length = outage === null ? '' : `, outage ${formatSeconds(outage)}`;
  return `failover${nodes}: path lost ${formatUtc(pathLost)}, ${back}${length}`;
}

/** `failover node-a → node-b, seen at the nodes: path lost …, back …, outage 9.09 s to 10.10 s` */
export function describeFailover(failover: Failover, arrow: string): string {
  const { pathLost, pathRestored, restoredBy, from, to } = failover;
  const nodes = from && to ? ` ${from} ${arrow} ${to}` : '';
  const back =
    pathRestored === null
      ? 'not seen to come back'
      : `back ${restoredBy === 'bound' ? 'by ' : ''}${sameDay(pathLost, pathRestored)}`;
  return `failover${nodes}, ${describeSource(failover)}: path lost ${formatUtc(pathLost)}, ${back}${describeOutage(failover)}`;
}

function describeSource({ restoredBy, from, to }: Failover): string {
  if (restoredBy === 'seen') return 'seen at the nodes';
  return from || to ? 'seen at the nodes, its end implied by the ends' : 'implied by the ends';
}

/** The time alone on the day that was named already. */
function sameDay(before: string, time: string): string {
  const [first, second] = [formatUtc(before), formatUtc(time)];
  return first.slice(0, 10) === second.slice(0, 10) ? formatUtcTime(time) : second;
}

/** Begins with a comma, where there is anything to say. */
export function describeOutage({ outage, lostWithin = 0, restoredWithin = 0, restoredBy }: Failover): string {
  if (outage === null) return '';
  const least = outage - lostWithin - restoredWithin;
  if (outage - least <= Math.max(NOTABLE, outage / 100)) {
    return `, outage ${restoredBy === 'bound' ? 'at most ' : ''}${formatSeconds(outage)}`;
  }
  if (least < NOTABLE) return `, outage at most ${formatSeconds(outage)}`;
  return `, outage ${formatSeconds(least)} to ${formatSeconds(outage)}`;
}

/** How far off the two times may be, and by what. */
function spacing(failover: Failover): FailoverNote[] {
  const { pathRestored, outage, lostWithin = 0, restoredWithin = 0, from, to } = failover;
  const isOpen = (within: number): boolean => outage !== null && within > outage - 0.001;
  if (isOpen(lostWithin) && isOpen(restoredWithin)) {
    return outage === null || outage < NOTABLE
      ? []
      : [['outage', 'may have been shorter: no frame in between is known to be lost']];
  }
  const isSeen = Boolean(from || to);
  const notes: FailoverNote[] = [];
  if (lostWithin >= NOTABLE) {
    const first = isSeen
      ? 'the first frame was sent that reached no node'
      : 'the first frame was sent in vain';
    notes.push(['lost', `at most ${formatSeconds(lostWithin)} later, when ${first}`]);
  }
  if (restoredWithin >= NOTABLE && pathRestored !== null) {
    const last = (BigInt(pathRestored) - BigInt(Math.round(restoredWithin * 1e9))).toString();
    // Larger frames than any that came since may not fit the new path, so they date nothing.
    const why = isOpen(restoredWithin)
      ? 'only frames larger than any since then were lost in between'
      : `the last frame ${isSeen ? 'that reached no node' : 'in vain'} was sent at ${formatUtcTime(last)}`;
    notes.push(['back', `at most ${formatSeconds(restoredWithin)} earlier: ${why}`]);
  }
  return notes;
}

type Direction = NonNullable<Failover['directions']>[number];

/** By direction, where the two differ, or where the path was back and nothing passed. */
function eachDirection({ directions = [], pathRestored, to }: Failover): FailoverNote[] {
  const [a, b] = directions;
  if (pathRestored === null || a === undefined || b === undefined) return [];
  if (a.restored === null && b.restored === null) {
    return [['since then', `${to ?? 'the new node'} was not seen to pass anything on, in either direction`]];
  }
  if (isClose(a.lost, b.lost) && isClose(a.restored, b.restored)) return [];
  return directions.map((direction) => [`toward the ${direction.toward}`, describeDirection(direction)]);
}

function isClose(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : Math.abs(secondsBetween(a, b)) < NOTABLE;
}

function describeDirection({ lost, restored }: Direction): string {
  const before = lost === null ? 'not seen before' : `passed on until ${formatUtcTime(lost)}`;
  return `${before}, ${restored === null ? 'not seen again' : `again from ${formatUtcTime(restored)}`}`;
}

/** What tells those that it broke from the others. */
const contrastNotes = ({ contrast = [] }: Failover): FailoverNote[] =>
  contrast.map(({ affected, others, counts }) => {
    const broken = formatNumber(counts.affected);
    return [
      'contrast',
      `${broken} of ${count(counts.affected, 'connection')} ${affected} hung or ended, 0 of ${formatNumber(counts.others)} ${others}`,
    ];
  });
