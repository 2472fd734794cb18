/**
 * Both nodes forward at once.
 * One end sees ordinary silence, or a reset amid data that still flows.
 */

import { SHORTEST_SILENCE } from '../../stall/silence.ts';
import type { Case } from '../case.ts';
import { unlessAnswered, unlessWentOn } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { splitBrain as byTheWay } from '../way/history.ts';

export const splitBrain: Rule = {
  id: 'split-brain',
  meaning: 'both nodes act for the connection at once',
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessWentOn(c) ??
      unlessAnswered(c) ??
      possible(isAmidTransfer(c) ? 92 : c.outcome === 'reset' ? 40 : 66)
    );
  },
};

/** A reset that another machine made while data still flowed. */
const isAmidTransfer = (c: Case): boolean =>
  c.facts.foreignReset && (c.main?.stall.duration ?? SHORTEST_SILENCE) < SHORTEST_SILENCE;
