/**
 * A new connection took the four-tuple of one that its peer or the node still
 * holds: its SYN is answered by an old acknowledgement, or dropped.
 */
import { isHandshake } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';

export const tupleReuse: Rule = {
  id: 'tuple-reuse',
  meaning: 'the new connection reused the addresses and ports of one that was still held somewhere',
  judge(c) {
    if (!isHandshake(c)) return out('the connection was not being opened');
    if (c.outcome === 'connect-delayed') return out('the SYN was answered once the path was back');
    return possible(40);
  },
};
