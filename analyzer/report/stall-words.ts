/** What a stall was made of, and how a flow ended, in words. */
import { type CaptureNames, formatFrames } from './capture-words.ts';
import type { Flow, Stall } from './report.ts';
import { formatExactSeconds } from './units.ts';

/** `54.028 s = outage 26.6 s + back-off 27.4 s + recovery 0.03 s`; empty where nothing of it is known. */
export function describeTiming({ duration, outage, backoff, recovery, end }: Stall): string {
  const parts = [
    outage === null ? '' : `outage ${formatExactSeconds(outage)}`,
    backoff === null ? '' : `back-off ${formatExactSeconds(backoff)}`,
    recovery === null ? '' : `recovery ${formatExactSeconds(recovery)}`,
  ].filter((part) => part !== '');
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
