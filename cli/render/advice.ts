/**
 * What a flow that still waits is waiting for, and what another outage or setting would have done to it: notes of its block.
 */
import {
  type Advice,
  describeStuck,
  type Flow,
  type Stuck,
  TIMER_HEAD,
  timerRow,
} from '../../analyzer/index.ts';
import { table } from './layout.ts';
import { note } from './note.ts';
import type { Style } from './style.ts';

/** Of what one screen can take; `-v` and `--flow` print all. */
const MOST_ADVICE = 3;

export const renderStuck = (stuck: Stuck, style: Style): string[] =>
  describeStuck(stuck).flatMap(([label, text]) => note(label, text, style));

export function renderAdvice({ advice }: Flow, { style, full }: { style: Style; full: boolean }): string[] {
  const shown = full ? advice : advice.slice(0, MOST_ADVICE);
  return shown.flatMap((one, i) => note('replayed', `${one.text}${retry(one)}`, style, i > 0));
}

/** What clients and servers would have done; of a flow in full only. Its rows do not wrap: half a setting is a wrong one. */
export function renderTimers({ timers }: Flow, { style, full }: { style: Style; full: boolean }): string[] {
  if (!full || timers === undefined) return [];
  const rows = table([TIMER_HEAD, ...timers.map(timerRow)]);
  return [...note('timers', 'seconds since the stall began', style), ...rows.map((row) => `     ${row}`)];
}

const retry = ({ safeToRetry }: Advice): string =>
  safeToRetry === undefined ? '' : `; safe to try again: ${RETRY[safeToRetry]}`;

const RETRY = {
  yes: 'yes',
  no: 'no, the request may have been carried out',
  unknown: 'not known, the request is not in the captures',
};
