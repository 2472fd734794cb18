/**
 * A node that shifts sequence numbers (randomised initial numbers, SYN proxy)
 * lost the shift: what passes is off by a constant.
 * It would still pass, so a silence in which nothing arrives is not it.
 */
import { unlessSilent } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { sequenceOffsetLost as byTheWay } from '../way/path.ts';

/** Beyond any window that an honest sender could fill (RFC 7323, 2.3). */
const IMPOSSIBLE_JUMP = 1 << 30;

export const sequenceOffsetLost: Rule = {
  id: 'sequence-offset-lost',
  meaning: 'a node that had shifted the sequence numbers lost the shift',
  onTheWay: byTheWay,
  judge(c) {
    const gate = unlessSilent(c);
    if (gate !== null) return gate;
    const stall = c.main?.stall;
    if (stall === undefined) return out('there was no stall');
    const shifted = stall.events.some(
      (e) =>
        e.sender === stall.owedBy &&
        Math.abs((e.seq - stall.silence.inOrder[stall.owedBy]) | 0) > IMPOSSIBLE_JUMP,
    );
    if (shifted) return possible(110);
    return out('no segment with a shifted sequence number arrived');
  },
};
