/**
 * The state was copied to the new node, but not put to use before its first segment came.
 * From the ends the same silence as no state at all; only the node can tell.
 */
import { unlessAnswered, unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { stateNotCommitted as byTheWay } from '../way/node.ts';

export const stateNotCommitted: Rule = {
  id: 'state-not-committed',
  meaning: 'the new node had the state in its cache and did not use it in time',
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessSilent(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'a new connection needs no old state') ??
      possible(82)
    );
  },
};
