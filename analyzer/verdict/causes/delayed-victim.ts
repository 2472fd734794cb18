/**
 * The connection was idle while the path was gone, and failed at its next use:
 * pooled connections meet the failover minutes or hours later.
 * Found only where the failover is seen and lies inside the idle time.
 */
import { isMetLate, unlessAnswered, unlessClosedFirst, unlessHandshake, unlessWentOn } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { delayedVictim as byTheWay } from '../way/history.ts';

export const delayedVictim: Rule = {
  id: 'delayed-victim',
  meaning: 'the connection was idle during the failover and failed when it was used again',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessWentOn(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'the connection was new') ??
      unlessClosedFirst(c);
    if (gate !== null) return gate;
    if (!c.facts.wasIdle && isMetLate(c)) return possible(72);
    if (!c.facts.wasIdle) return out('the connection was in use when it fell silent');
    return possible(115);
  },
};
