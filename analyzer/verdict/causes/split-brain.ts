/**
 * Both nodes forward at once.
 * One end sees ordinary silence, or a reset amid data that still flows.
 */
import { unlessAnswered, unlessWentOn } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';

export const splitBrain: Rule = {
  id: 'split-brain',
  meaning: 'both nodes act for the connection at once',
  judge(c) {
    return unlessWentOn(c) ?? unlessAnswered(c) ?? possible(c.outcome === 'reset' ? 40 : 56);
  },
};
