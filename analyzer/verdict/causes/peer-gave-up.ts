/**
 * The peer's own timer ended the connection during the outage, and its notice
 * was lost, or came with a hole before it.
 * A FIN beyond a hole, or short of what was promised, after a stall, shows it.
 * An RST of genuine TTL in answer to a probe fits it, and a lost NAT mapping.
 */

import type { Case } from '../case.ts';
import { isAnsweredInVain, unlessAnswered, unlessHandshake } from '../gates.ts';
import { found, type Judgement, observed, out, possible, type Rule } from '../rule.ts';
import { peerGaveUp as byTheWay } from '../way/path.ts';
import { bytes } from '../words.ts';

export const peerGaveUp: Rule = {
  id: 'peer-gave-up',
  meaning: 'the other end gave up during the outage',
  onTheWay: byTheWay,
  judge(c) {
    const handshake = unlessHandshake(c, 'there was no connection to give up');
    if (handshake !== null) return handshake;
    if (c.outcome === 'cut-short') return cutShort(c);
    if (c.outcome === 'reset') {
      if (c.facts.foreignReset) return out("the RST's TTL is not the server's: another machine made it");
      if (c.near === c.flow.server && c.facts.closing?.sender === c.near) return ownReset(c);
      return possible(100);
    }
    if (c.outcome === 'resumed' || c.outcome === 'connect-delayed') return out('the connection went on');
    // It closed with nothing new to send: it may have given up.
    if (c.outcome === 'undecided' && c.main?.stall.endedBy === 'progress') return possible(105);
    const answered = unlessAnswered(c);
    if (answered !== null) return out('the peer answered probes: it still has the connection');
    if (isAnsweredInVain(c)) return out('the peer repeats what this end has: it still has the connection');
    return possible(c.facts.unansweredCount >= 2 ? 55 : 70);
  },
};

function cutShort(c: Parameters<Rule['judge']>[0]) {
  const server = c.flow.server;
  const side = c.watch.connection.sides[server];
  const promised = c.watch.exchange.promised;
  const short = promised === null ? 0 : (promised.end - side.finSeq) | 0;
  const text =
    short > 0
      ? `the server closed ${bytes(short)} before the end of the body it had promised`
      : "the server's FIN arrived with a hole before it: it had closed while data was still on its way";
  return found('high', observed(text, [side.fin], { from: 'server', what: 'fin' }));
}

/** The server's own capture shows its stack refuse what it no longer has. */
function ownReset(c: Case): Judgement {
  const closing = c.facts.closing as NonNullable<Case['facts']['closing']>;
  return found(
    'high',
    observed(
      "the server itself answered the client's segment with an RST: it had given the connection up",
      [closing.id],
      {
        from: 'server',
        what: 'rst',
      },
    ),
  );
}
