/**
 * The new node has no room: session table, packet rate or bandwidth allowance.
 * Hits connections at random and with load.
 */
import { isHandshake, unlessAnswered, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { nodeCapacity as byTheWay } from '../way/population.ts';

export const nodeCapacity: Rule = {
  id: 'node-capacity',
  meaning: 'the new node has no room for the connection',
  onTheWay: byTheWay,
  judge(c) {
    return unlessSilent(c) ?? unlessAnswered(c) ?? possible(isHandshake(c) ? 60 : 32);
  },
};
