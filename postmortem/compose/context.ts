/** What all sections share: the facts, the names of captures, T0, and the numbers of the claims. */
import {
  type CaptureNames,
  type Claim,
  captureNames,
  type FrameRef,
  formatFrames,
  formatJournal,
  formatUtc,
  type NanosString,
  nameJournals,
} from '../../analyzer/index.ts';
import type { Postmortem } from '../gather/gather.ts';
import type { Evidence } from './block.ts';

/** Frames or runs of them that are named for one claim in one capture; more are only counted. */
const MOST_FRAMES = 12;

export class Context {
  readonly facts: Postmortem;
  readonly names: CaptureNames;
  /** When everything counts from: the first loss of the path, else the first stall; null where there is neither. */
  readonly zero: { readonly at: NanosString; readonly what: 'path lost' | 'first stall' } | null;
  readonly #journals: ReadonlyMap<string, string>;
  #last = 0;

  constructor(facts: Postmortem) {
    const { report, factors, moments } = facts;
    this.facts = facts;
    this.names = captureNames(report.captures);
    const claims = [
      report.failovers.map(({ marks }) => marks),
      report.path.claims,
      factors.map(({ worst }) => worst.claims),
    ].flat(2);
    this.#journals = nameJournals(claims);
    const [failover] = report.failovers;
    const stall = moments.stalls?.first.at;
    if (failover !== undefined) this.zero = { at: failover.pathLost, what: 'path lost' };
    else this.zero = stall === undefined ? null : { at: stall, what: 'first stall' };
  }

  /** Gives each claim the next number. */
  number(claims: readonly Claim[]): Evidence[] {
    return claims.map(({ kind, text, frames, journal = [], coverage }) => {
      this.#last += 1;
      const covered =
        coverage === undefined
          ? ''
          : ` (covered ${formatUtc(coverage.from)} to ${formatUtc(coverage.to)}: ${coverage.why})`;
      const shownBy = [...this.frames(frames), ...formatJournal(journal, this.#journals)];
      return { number: this.#last, kind, text: `${text}${covered}`, shownBy };
    });
  }

  /** One entry a capture: `client #12 #19`. */
  frames(frames: readonly FrameRef[]): string[] {
    return formatFrames(frames, this.names, MOST_FRAMES);
  }

  /** `+54.028 s` after T0; empty where there is none. */
  sinceZero(at: NanosString): string {
    return this.zero === null ? '' : formatSince(this.zero.at, at);
  }
}

/** To the ms, signed. */
export function formatSince(zero: NanosString, at: NanosString): string {
  const nanos = BigInt(at) - BigInt(zero);
  const ms = ((nanos < 0n ? -nanos : nanos) + 500_000n) / 1_000_000n;
  const fraction = String(ms % 1000n).padStart(3, '0');
  return `${nanos < 0n && ms > 0n ? '-' : '+'}${ms / 1000n}.${fraction} s`;
}
