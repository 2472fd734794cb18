/**
 * Captures by their short names, frames as evidence is labelled with them, and what a capture lost.
 * The trap: of several files of one vantage each has frame numbers of its own, so each needs a name of its own.
 */
import type { Capture, FrameRef, Gap } from './report.ts';
import { count, formatNumber, formatUtcTime } from './units.ts';

/** Capture id, or file of a journal, to the name that evidence is labelled with; '' for a capture that is the only one. */
export type CaptureNames = ReadonlyMap<string, string>;

/** Frames named for one claim in one capture; more are only counted. */
const MOST_FRAMES = 3;
/** A longer name would leave no room for the sentence beside it. */
const LONGEST_NAME = 20;

export function captureNames(captures: readonly Capture[]): CaptureNames {
  const vantages = captures.map(vantageName);
  return new Map(
    captures.map((capture, i) => {
      if (captures.length === 1) return [capture.id, ''];
      const name = vantages[i]!;
      if (capture.vantage.role === 'unknown' || [...name].length > LONGEST_NAME)
        return [capture.id, capture.id];
      const isUnique = vantages.filter((other) => other === name).length === 1;
      // Of several files of one vantage each has frame numbers of its own.
      return [capture.id, isUnique ? name : `${name}(${capture.id})`];
    }),
  );
}

/** The name of a capture where it must be said, also that of a lone one. */
export const nameOf = (capture: string, names: CaptureNames): string => names.get(capture) || capture;

/** One entry a capture, with the first `most` frames or runs of it: `client #12 #19`, `node-b.out #3-#9`; only `#12 #19` where there is one. */
export function formatFrames(frames: readonly FrameRef[], names: CaptureNames, most = MOST_FRAMES): string[] {
  const byCapture = new Map<string, number[]>();
  for (const { capture, frame } of frames) byCapture.set(capture, [...(byCapture.get(capture) ?? []), frame]);
  return [...byCapture].map(([capture, numbers]) => {
    const name = names.get(capture) ?? capture;
    const runs = runsOf(numbers);
    const rest = runs.slice(most).reduce((sum, [from, to]) => sum + to - from + 1, 0);
    const shown = runs.slice(0, most).map(([from, to]) => (from === to ? `#${from}` : `#${from}-#${to}`));
    if (rest > 0) shown.push(`+${formatNumber(rest)}`);
    return [...(name === '' ? [] : [name]), ...shown].join(' ');
  });
}

/** Three frames or more in a row are one entry. */
function runsOf(numbers: readonly number[]): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && number === run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.flatMap(([from, to]): [number, number][] =>
    to === from + 1
      ? [
          [from, from],
          [to, to],
        ]
      : [[from, to]],
  );
}

/** What the capture engine itself missed. */
export const describeDrops = (dropped: number): string =>
  dropped === 0 ? 'no drops' : `${count(dropped, 'packet')} dropped by the capture`;

/** `did not run from 11:07:02.601 UTC for 2.00 s (tcpdump was ended by SIGKILL)` */
export function describeGap({ from, to, why, packets }: Gap): string {
  const what = packets === undefined ? 'did not run' : `lost ${count(packets, 'packet')}`;
  const long = to === null ? 'to its end' : `for ${(Number(BigInt(to) - BigInt(from)) / 1e9).toFixed(2)} s`;
  return `${what} from ${formatUtcTime(from)} ${long} (${why})`;
}

/** `node-b.out` */
export function vantageName({ vantage }: Pick<Capture, 'vantage'>): string {
  return vantage.side ? `${vantage.host}.${vantage.side}` : vantage.host;
}
