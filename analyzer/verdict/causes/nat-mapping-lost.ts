/**
 * The new node has another source-NAT mapping for the connection, or none.
 * A receive-only client hears nothing: the reset goes to the server. A client
 * that sends may hear an RST of the real server, which knows no such tuple.
 */
import { unlessAnswered, unlessClosedFirst, unlessHandshake, unlessWentOn } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { natMappingLost as byTheWay } from '../way/node.ts';

export const natMappingLost: Rule = {
  id: 'nat-mapping-lost',
  meaning: 'the new node translates the connection differently, or not at all',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessWentOn(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'a new connection gets a new mapping') ??
      unlessClosedFirst(c);
    if (gate !== null) return gate;
    if (c.outcome !== 'reset') return possible(90);
    if (c.facts.foreignReset) return out("the RST's TTL is not the server's, which would have sent it");
    return possible(70);
  },
};
