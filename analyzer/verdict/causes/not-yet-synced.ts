/**
 * The connection was too young, or of a kind, to be copied to the other node.
 * Shows in a population (young flows die, old ones live), hardly in one flow.
 */
import { isYoung, unlessAnswered, unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { notYetSynced as byTheWay } from '../way/node.ts';

export const notYetSynced: Rule = {
  id: 'not-yet-synced',
  meaning: 'the connection had not been copied to the new node when the old one went',
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessSilent(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'a new connection needs no old state') ??
      possible(isYoung(c) ? 66 : 40)
    );
  },
};
