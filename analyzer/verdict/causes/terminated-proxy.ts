/**
 * The node was one end of the connection itself: a proxy, or interception of
 * TLS. Its sockets die with it, whatever is synchronised.
 * A responder whose TTL is untouched is next door, where a proxy would be; one
 * whose TTL was decremented sits behind a router, and a proxy there is rarer.
 */
import { unlessAnswered, unlessClosedFirst, unlessHandshake, unlessWentOn } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { terminatedProxy as byTheWay } from '../way/node.ts';

export const terminatedProxy: Rule = {
  id: 'terminated-proxy',
  meaning: 'the old node terminated the connection as a proxy, and its end died with it',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessWentOn(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'no proxied connection existed before') ??
      unlessClosedFirst(c);
    if (gate !== null) return gate;
    if (c.outcome === 'reset' && c.facts.foreignReset) {
      return out('the RST has another TTL than the connection: a listener of the proxy would have the same');
    }
    return possible(c.facts.responderNextDoor ? 120 : 86);
  },
};
