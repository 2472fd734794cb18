/**
 * The new node already uses the translated port for another connection.
 * Rare, and random by port; only both nodes' outer sides show it.
 */
import { unlessAnswered, unlessWentOn } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { snatPortClash as byTheWay } from '../way/node.ts';

export const snatPortClash: Rule = {
  id: 'snat-port-clash',
  meaning: 'the translated port was taken at the new node',
  onTheWay: byTheWay,
  judge(c) {
    return unlessWentOn(c) ?? unlessAnswered(c) ?? possible(60);
  },
};
