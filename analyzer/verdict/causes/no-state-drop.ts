/**
 * The new node has no state for the connection and drops its segments in silence.
 * The commonest hang. From one end it looks like every other silence, so it is
 * never found here, only ruled out or named first.
 */
import { unlessAnswered, unlessHandshake, unlessSilent } from '../gates.ts';
import { possible, type Rule } from '../rule.ts';
import { noStateDrop as byTheWay } from '../way/node.ts';

export const noStateDrop: Rule = {
  id: 'no-state-drop',
  meaning: 'the new node holds no state for the connection and drops its segments',
  onTheWay: byTheWay,
  judge(c) {
    return (
      unlessSilent(c) ??
      unlessAnswered(c) ??
      unlessHandshake(c, 'a new connection needs no old state') ??
      possible(100)
    );
  },
};
