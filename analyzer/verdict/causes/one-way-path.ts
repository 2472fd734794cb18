/**
 * Only one direction passes. From one end it shows where the peer repeats what
 * had already arrived: then the acknowledgements do not get there. If nothing
 * arrives at all, it is one silence among many.
 */
import { isAnsweredInVain, unlessAnswered, unlessWentOn } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { oneWayPath as byTheWay } from '../way/path.ts';

export const oneWayPath: Rule = {
  id: 'one-way-path',
  meaning: 'only one direction of the path passes since the failover',
  onTheWay: byTheWay,
  judge(c) {
    const gate = unlessWentOn(c) ?? unlessAnswered(c);
    if (gate !== null) return gate;
    if (c.outcome === 'reset') return out('the reset answered what this end had sent: both directions pass');
    // Its acknowledgements do not get there; a node with a stale window, or a second one in service, drops them as well.
    if (isAnsweredInVain(c)) return possible(128);
    return possible(c.facts.unansweredCount > 0 ? 68 : 62);
  },
};
