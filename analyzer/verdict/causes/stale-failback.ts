/**
 * The way back to a node that still holds the connection as it was before the
 * first failover: everything since then looks out of window to it.
 * It needs a connection that has lived through an earlier failover.
 */
import { isBetween, isMetLate, unlessAnswered, unlessHandshake, unlessSilent } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { staleFailback as byTheWay } from '../way/history.ts';

export const staleFailback: Rule = {
  id: 'stale-failback',
  meaning: 'the connection went back to a node that still held its old state',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessSilent(c) ?? unlessAnswered(c) ?? unlessHandshake(c, 'a new connection has no old state');
    if (gate !== null) return gate;
    if (c.facts.noEarlierFailover && !isBetween(c)) {
      return out('the capture shows the connection from its start, and nothing had stalled before');
    }
    // Met in mid-stream by a node, it may have come from another one.
    if (isMetLate(c)) return possible(80);
    return possible(c.facts.earlierStall === null ? 48 : 128);
  },
};
