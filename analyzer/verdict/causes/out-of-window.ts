/**
 * The new node has a stale idea of the window and drops what lies outside of it.
 * Probes carry the newest sequence number, so they may pass where data does not. And what acknowledges more than
 * the node has seen of the other end is dropped, while that end's repeats pass (nf_conntrack's upper bound of ACK).
 */
import { isAnsweredInVain, unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { outOfWindow as byTheWay } from '../way/node.ts';

export const outOfWindow: Rule = {
  id: 'out-of-window',
  meaning: 'the new node holds stale sequence numbers and drops segments as invalid',
  onTheWay: byTheWay,
  judge(c) {
    const gate = unlessSilent(c) ?? unlessHandshake(c, 'a new connection needs no old state');
    if (gate !== null) return gate;
    // One direction passes: a node that knows nothing of the connection would most likely pass neither.
    return possible(isAnsweredInVain(c) ? 106 : 57);
  },
};
