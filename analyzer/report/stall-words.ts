/** What a stall was made of, and how a flow ended, in words. */
import { type CaptureNames, formatFrames } from './capture-words.ts';
import type { Flow, Stall } from './report.ts';
import { formatExactSeconds } from './units.ts';

/** Of an outage, s: by so little it is told as it is. */
const NOTABLE = 0.1;

/** True where nothing shows the path to be gone shortly before it was seen to be back: the outage may have been shorter. */
export const isOutageBound = (outage: number | null, within = 0): boolean =>
  within > Math.max(NOTABLE, (outage ?? 0) / 100);

/** `outage at most 26.6 s`, `back-off at least 27.4 s`, `recovery 0.03 s`; those that are known. */
export function describeParts(
  {
    outage,
    backoff,
    recovery,
    outageWithin,
  }: Pick<Stall, 'outage' | 'backoff' | 'recovery' | 'outageWithin'>,
  format = formatExactSeconds,
): string[] {
  const [most, least] = isOutageBound(outage, outageWithin) ? ['at most ', 'at least '] : ['', ''];
  return [
    outage === null ? '' : `outage ${most}${format(outage)}`,
    backoff === null ? '' : `back-off ${least}${format(backoff)}`,
    recovery === null ? '' : `recovery ${format(recovery)}`,
  ].filter((part) => part !== '');
}

/** `54.028 s = outage 26.6 s + back-off 27.4 s + recovery 0.03 s`; empty where nothing of it is known. */
export function describeTiming(stall: Stall): string {
  const { duration, end } = stall;
  const parts = describeParts(stall);
  const isWhole = end !== null && parts.length === 3;
  return isWhole ? `${formatExactSeconds(duration)} = ${parts.join(' + ')}` : parts.join(', ');
}

/** It went on, and nothing says how long the path had been back. */
export function openTiming({ outcome }: Flow, { duration, frames, end }: Stall): string {
  const wentOn = end !== null && frames.first !== undefined;
  if (!wentOn || (outcome !== 'resumed' && outcome !== 'connect-delayed')) return '';
  return `${formatExactSeconds(duration)}; when in it the path came back was not seen`;
}

/** `RST from the new node (client #12)`; empty where nothing ended it. */
export function describeEnd({ endedBy }: Flow, names: CaptureNames): string {
  if (!endedBy) return '';
  const who = endedBy.who === 'unknown' ? 'an unknown sender' : `the ${endedBy.who.replace('-', ' ')}`;
  return `${endedBy.how} from ${who} (${formatFrames([endedBy.frame], names)})`;
}
