/**
 * The client's application closed the connection by a timer of its own.
 * It is the cause only where the path was still down at that time; if the path
 * was back, the node had its chance and failed, and the timer only contributes.
 */
import { closedWhilePathDown, MAY_BE_CLOSED, noClientView } from '../gates.ts';
import { found, observed, out, possible, type Rule } from '../rule.ts';
import { timerOnTheWay } from '../way/timer.ts';
import { isKeepaliveDeath } from './keepalive-expired.ts';

export const clientTimeout: Rule = {
  id: 'client-timeout',
  meaning: "a timeout of the client's application ended the connection",
  onTheWay: (c) => (isKeepaliveDeath(c) ? null : timerOnTheWay(c)),
  judge(c) {
    const { closing } = c.facts;
    // The client may have closed, and its segment been lost.
    if (c.facts.closing === null && noClientView(c) && MAY_BE_CLOSED.has(c.outcome)) return possible(63);
    if (c.outcome !== 'gave-up' || closing === null || c.main === null) {
      return out('the waiting end did not close the connection');
    }
    if (isKeepaliveDeath(c))
      return out(
        'it was closed by an RST after unanswered keepalives: the kernel did that, no application timer',
      );
    if (!closedWhilePathDown(c)) return possible(125);
    const down = (c.main.path.downAt as { frame: number }).frame;
    return found(
      'high',
      observed('after that, the SYN of a new connection went unanswered: the path was still down', [down], {
        from: 'other-flow',
        what: 'syn',
      }),
    );
  },
};
