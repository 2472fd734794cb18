/**
 * Absences as far as anything was captured: what a claim says was not seen, it says of the time in which somebody looked.
 * The trap: a claim has one coverage. It is the longest stretch without a gap; the sentence says what is left out.
 */
import type { Capture, Claim } from './report.ts';

const nameOf = ({ vantage: { host, side } }: Capture): string =>
  side === undefined ? host : `${host}.${side}`;

/** `own`: ids of the captures that a claim speaks of where it names none. Null where nothing is left of it. */
export function outsideGaps(
  claim: Claim,
  captures: readonly Capture[],
  own: ReadonlySet<string>,
): Claim | null {
  const { coverage } = claim;
  if (claim.kind !== 'absent' || coverage === undefined) return claim;
  const [from, to] = [BigInt(coverage.from), BigInt(coverage.to)];
  const said = `${claim.text}, ${coverage.why}`;
  const holes = captures
    .filter((c) => c.gaps !== undefined && (own.has(c.id) || isNamed(c, said)))
    .flatMap((c) =>
      (c.gaps ?? []).map((g) => ({
        name: nameOf(c),
        from: max(BigInt(g.from), from),
        to: g.to === null ? to : min(BigInt(g.to), to),
      })),
    )
    .filter((hole) => hole.from < hole.to)
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  if (holes.length === 0) return claim;
  const [first, last] = longestBetween(from, to, holes);
  if (first >= last) return null;
  const lost = holes.reduce((sum, hole) => sum + (hole.to - hole.from), 0n);
  const whose = [...new Set(holes.map(({ name }) => name))].join(' and ');
  return {
    ...claim,
    text: `${claim.text}, but for ${(Number(lost) / 1e9).toFixed(2)} s in which the capture of ${whose} does not tell`,
    coverage: { ...coverage, from: `${first}`, to: `${last}` },
  };
}

/** A node, and the side of it that is meant. An end that is named is the end, not its capture. */
function isNamed({ vantage: { role, host, side } }: Capture, said: string): boolean {
  if (role !== 'node' || !said.includes(host)) return false;
  const [inner, outer] = ['toward the client', 'toward the server'].map((words) => said.includes(words));
  return side === undefined || inner === outer || (side === 'in') === inner;
}

interface Hole {
  readonly from: bigint;
  readonly to: bigint;
}

function longestBetween(from: bigint, to: bigint, holes: readonly Hole[]): [bigint, bigint] {
  let best: [bigint, bigint] = [from, from];
  let at = from;
  for (const hole of [...holes, { from: to, to }]) {
    if (hole.from - at > best[1] - best[0]) best = [at, hole.from];
    at = max(at, hole.to);
  }
  return best;
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
