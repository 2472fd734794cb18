/**
 * A check of the source address or of the return path drops the segments at the new node.
 * They reach its interface and nothing else; no end can see that.
 */
import { unlessAnswered, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { reversePathCheck as byTheWay } from '../way/path.ts';

export const reversePathCheck: Rule = {
  id: 'reverse-path-check',
  meaning: "an anti-spoofing or return-path check drops the connection's segments",
  onTheWay: byTheWay,
  judge(c) {
    return unlessSilent(c) ?? unlessAnswered(c) ?? possible(62);
  },
};
