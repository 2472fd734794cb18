/**
 * The cloud's own flow table still sends the connection to the old node.
 * Neither node sees anything; only captures on both, or the cloud's logs, show it.
 */
import { unlessAnswered, unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { cloudFlowPinned as byTheWay } from '../way/path.ts';

export const cloudFlowPinned: Rule = {
  id: 'cloud-flow-pinned',
  meaning: 'the cloud keeps steering the connection to the node that is gone',
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessSilent(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'a new connection is steered anew') ??
      possible(72)
    );
  },
};
