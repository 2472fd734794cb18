/**
 * The new node has no state and answers with an RST or ICMP error.
 * The RST is the node's own: its TTL differs from that of the connection's
 * other segments, and it comes in answer to something the waiting end sent.
 * The trap: it goes to whoever sent, so an end that only listens hears nothing.
 */

import type { SegmentEvent } from '../../stall/segment-event.ts';
import { SHORTEST_SILENCE } from '../../stall/silence.ts';
import { isInitialTtl } from '../../vantage/vantage.ts';
import type { Case } from '../case.ts';
import { noClientView, unlessAnswered, unlessClosedFirst, unlessHandshake, unlessWentOn } from '../gates.ts';
import { found, inferred, type Judgement, out, possible, type Rule } from '../rule.ts';
import { noStateReject as byTheWay } from '../way/node.ts';

export const noStateReject: Rule = {
  id: 'no-state-reject',
  meaning: 'the new node has no state for the connection and answers with a reset',
  onTheWay: byTheWay,
  judge(c) {
    const gate =
      unlessWentOn(c) ?? unlessHandshake(c, 'a new connection needs no old state') ?? unlessClosedFirst(c);
    if (gate !== null) return gate;
    const { closing, foreignReset } = c.facts;
    if (c.outcome === 'reset' && c.facts.refusals.length > 0) return refused(c);
    if (c.outcome === 'reset' && closing !== null && c.main !== null && c.main.stall.endedBy === 'close') {
      if (!foreignReset) {
        // Nothing else of that end was captured: whose TTL it is, nobody knows.
        if (c.watch.connection.sides[closing.sender].ttl < 0) return possible(92);
        return out("the RST has the server's own TTL: a node's would have its own");
      }
      // Where new connections are refused as well it need not be for want of state.
      if (c.refusedOpening !== null) return possible(111);
      // An idle connection may have met the failover long before: then that is the better name.
      if (c.facts.wasIdle) return possible(112);
      // Without a silence before it the old node, or a rule, may as well have sent it.
      if (c.main.stall.duration < SHORTEST_SILENCE) return possible(95);
      const own = c.watch.connection.sides[closing.sender].ttl;
      const nearer = closing.ttl > own || isInitialTtl(closing.ttl);
      return found(
        // A rule of the node's, or a second active node, would look the same.
        'medium',
        inferred(
          `another machine${nearer ? ', nearer than the server,' : ''} made the RST: a node that does not know the connection`,
          [closing.id],
        ),
      );
    }
    if (foreignReset) return possible(88);
    if (c.facts.refusals.length > 0) return refused(c);
    const answered = unlessAnswered(c);
    if (answered !== null) return answered;
    // What it is that closed there, and toward whom, nobody knows.
    if (c.cross?.hops.closedSomewhere === true) return possible(113);
    if (c.facts.nearSilent) return possible(45);
    // A node refuses whoever sends; what the client sent, and what it got, is not in this capture.
    if (noClientView(c)) return possible(74);
    return out('what this end sent was not answered by an RST or ICMP error');
  },
};

/** An ICMP error is made by a node on the way, whatever its code: the connection's peer would have sent an RST. */
function refused(c: Case): Judgement {
  const { refusals } = c.facts;
  const first = refusals[0] as SegmentEvent;
  const code = `${first.icmp >> 8}/${first.icmp & 255}`;
  return found(
    'high',
    inferred(`ICMP ${code} is a refusal, and a node made it: the server itself would have sent an RST`, [
      first.id,
    ]),
  );
}
