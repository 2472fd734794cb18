/**
 * A new connection took the four-tuple of one that its peer or the node still
 * holds: its SYN is answered by an old acknowledgement (RFC 9293, 3.10.7.4), or
 * dropped. The client resets the old one and tries again.
 */
import type { Case } from '../case.ts';
import { isHandshake } from '../gates.ts';
import { framesAt, ingress } from '../hops.ts';
import { found, type Judgement, observed, out, possible, type Rule } from '../rule.ts';
import { absentClaim, shown, wayOf } from '../way/way.ts';
import { plural } from '../words.ts';

export const tupleReuse: Rule = {
  id: 'tuple-reuse',
  meaning: 'the new connection reused the addresses and ports of one that was still held somewhere',
  onTheWay: (c) => challenged(c) ?? keptChallenge(c),
  judge(c) {
    if (!isHandshake(c)) return out('the connection was not being opened');
    const judged = challenged(c);
    if (judged !== null) return judged;
    if (c.outcome === 'connect-delayed') return out('the SYN was answered once the path was back');
    return possible(40);
  },
};

/** The answer to the SYN was a bare acknowledgement: of numbers that the SYN does not have. */
function challenged(c: Case): Judgement | null {
  if (!isHandshake(c) || c.main === null) return null;
  const { server } = c.flow;
  const answers = c.main.stall.events.filter(
    (e) => e.icmp < 0 && e.sender === server && (e.flags & 0x17) === 0x10 && e.length === 0,
  );
  if (answers.length === 0) return null;
  return found(
    'high',
    observed(
      `the SYN was answered by ${plural(answers.length, 'acknowledgement')} of another connection under the same addresses and ports`,
      answers.map((e) => e.id),
      { from: 'server', what: 'segment' },
    ),
  );
}

/** The server answers the SYN with such an acknowledgement, and the node keeps it: to it, it belongs to nothing. */
function keptChallenge(c: Case): Judgement | null {
  const way = wayOf(c);
  const node = way?.newNode ?? null;
  if (way === null || node === null || !isHandshake(c)) return null;
  // Once the server has accepted the SYN, its bare acknowledgements are of this connection.
  const accepted = way.hops.crossing.packets.find((p) => p.from === 'server' && (p.flags & 0x12) === 0x12);
  const answers = node.swallowed.server.filter(
    (p) =>
      (p.flags & 0x17) === 0x10 && p.length === 0 && p.time < (accepted?.time ?? Number.POSITIVE_INFINITY),
  );
  if (answers.length === 0) return null;
  const frames = framesAt(answers, way.hops.crossing, (s) => ingress(node.node, s));
  const [first, last] = [answers[0] as { time: number }, answers.at(-1) as { time: number }];
  return found(
    'high',
    shown(
      `the server answered the SYN with ${plural(answers.length, 'acknowledgement')} of another connection under the same addresses and ports, which came to ${node.host}`,
      frames,
      'server',
    ),
    absentClaim(
      way,
      `none of them left ${node.host}`,
      first.time,
      last.time + 1e9,
      `the inner side of ${node.host} was captured`,
    ),
  );
}
