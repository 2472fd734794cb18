/**
 * The new node has other rules, routes or licences, and refuses what the old one let pass.
 * Concerns connections of a kind; new ones of the same kind fail as well.
 */
import { isHandshake, unlessAnswered, unlessWentOn } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { policyMismatch as byTheWay } from '../way/path.ts';

export const policyMismatch: Rule = {
  id: 'policy-mismatch',
  meaning: "the new node's policy does not allow the connection",
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessWentOn(c) ??
      unlessAnswered(c) ??
      possible(c.refusedOpening !== null ? 112 : isHandshake(c) ? 70 : 34)
    );
  },
};
