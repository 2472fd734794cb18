/**
 * The new node is ready, but the neighbours still send to the old one: ARP
 * entry, switch table, cloud route, network adapter not moved yet.
 */
import { unlessAnswered, unlessSilent } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { stalePath as byTheWay } from '../way/path.ts';

export const stalePath: Rule = {
  id: 'stale-path',
  meaning: 'frames were still steered to the old node when the new one was ready',
  onTheWay: byTheWay,
  judge(c) {
    const gate = unlessSilent(c) ?? unlessAnswered(c);
    if (gate !== null) return gate;
    if (c.main?.path.othersHeard != null)
      return out('other connections over the same path were heard in the meantime');
    return possible(76);
  },
};
