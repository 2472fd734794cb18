/**
 * The new node held no state and took the connection over in mid-stream, from
 * the first segment it saw. An answered keepalive before the data fits it, and
 * an ordinary back-off too: only the node's table tells.
 */

import { isBetween, isMetInStall, waiterEndedIt, waiterSpokeFirst } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { midstreamPickupOnTheWay as byTheWay } from '../way/resumed.ts';
export const midstreamPickup: Rule = {
  id: 'midstream-pickup',
  meaning: 'the new node had no state and picked the connection up in mid-stream',
  onTheWay: byTheWay,
  judge(c) {
    if (c.outcome === 'resumed') {
      if (c.facts.passedBefore.length > 0 || waiterSpokeFirst(c) || waiterEndedIt(c)) return possible(99);
      if (isBetween(c) || isMetInStall(c)) return possible(70);
      return out('nothing of this end reached the new node before the data came');
    }
    if (c.outcome === 'undecided' && c.facts.answeredProbes.length > 0) return possible(80);
    // It may have gone on where this view does not reach.
    if (c.outcome === 'undecided' && isBetween(c)) return possible(60);
    // The captures end before anybody knows: it may go on that way still.
    if (c.outcome === 'undecided') return possible(20);
    return out('the connection did not go on');
  },
};
