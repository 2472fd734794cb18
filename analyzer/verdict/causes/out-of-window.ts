/**
 * The new node has a stale idea of the window and drops what lies outside of it.
 * Probes carry the newest sequence number, so they may pass where data does not.
 */
import { unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { outOfWindow as byTheWay } from '../way/node.ts';

export const outOfWindow: Rule = {
  id: 'out-of-window',
  meaning: 'the new node holds stale sequence numbers and drops segments as invalid',
  onTheWay: byTheWay,
  judge(c) {
    return unlessSilent(c) ?? unlessHandshake(c, 'a new connection needs no old state') ?? possible(57);
  },
};
