/**
 * The old node closed the connection as it went: an RST or FIN *before* any
 * silence. If that notice was lost with the adapter, only silence is left.
 */
import { SHORTEST_SILENCE } from '../../stall/silence.ts';
import { unlessAnswered, unlessHandshake, unlessWentOn } from '../gates.ts';
import { found, observed, out, possible, type Rule } from '../rule.ts';
import { tornDownByOldNode as byTheWay } from '../way/history.ts';
import { endName } from '../words.ts';

export const tornDownByOldNode: Rule = {
  id: 'torn-down-by-old-node',
  meaning: 'the old node tore the connection down as it went out of service',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessWentOn(c) ?? unlessAnswered(c) ?? unlessHandshake(c, 'there was no connection to tear down');
    if (gate !== null) return gate;
    const { closing } = c.facts;
    if (c.outcome === 'reset') {
      if (c.main?.stall.endedBy === 'close' && c.main.stall.duration >= SHORTEST_SILENCE)
        return out('the RST came after a silence: the old node was gone by then');
      if (closing === null || !c.facts.foreignReset) return possible(60);
      const who = endName(c.flow, closing.sender);
      if (c.marks.length === 0) return possible(100);
      return found(
        'medium',
        observed(
          `RST in the ${who}'s name amid the transfer, with TTL ${closing.ttl}, before any silence`,
          [closing.id],
          {
            from: who,
            what: 'rst',
          },
        ),
      );
    }
    return possible(26);
  },
};
