/**
 * What would have helped many flows, told once: the same experiment on each of them, and what it did to the worst.
 * The trap: a setting that helps one flow may do nothing for another; so the number of flows is always said.
 */
import type { Advice } from '../report/report.ts';
import type { Experiment, Replayed } from './replayed.ts';

/** More is not read at three in the morning. */
const MOST = 5;
/** The gateway's own times first, then what ends a wait for ever, then what shortens one. */
const ORDER: readonly Experiment[] = [
  'fail',
  'connect',
  'keepalive',
  'user-timeout',
  'cap',
  'timeout',
  'clients',
  'send-timeout',
  'shorter',
];

/** For the report: of each experiment the flow that it did most for stands for all. */
export function groupAdvice(flows: readonly (readonly Replayed[])[]): Advice[] {
  const groups = new Map<string, Replayed[]>();
  for (const one of flows.flat()) {
    if (one.experiment === 'shorter' ? one.gain <= 0 : one.experiment === 'longer') continue;
    const key = `${one.experiment} ${one.advice.change?.who}`;
    const group = groups.get(key);
    // Not a copy of the group each time: a hundred thousand flows give the same advice.
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()]
    .sort((a, b) => rank(a) - rank(b) || b.length - a.length)
    .slice(0, MOST)
    .map((group) => {
      const worst = group.reduce((x, y) => (weight(y) > weight(x) ? y : x)).advice;
      if (group.length === 1) return worst;
      return { ...worst, text: `${worst.text} (the worst of ${group.length} flows that it concerns)` };
    });
}

const rank = ([first]: readonly Replayed[]): number => ORDER.indexOf((first as Replayed).experiment);
const weight = ({ gain, advice }: Replayed): number =>
  gain * 1e6 + (advice.effect.resumesAfter ?? advice.effect.failsAfter ?? 0);
