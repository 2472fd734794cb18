/**
 * The connection was opened during the outage: its SYN was repeated at growing
 * intervals (RFC 6298, 5.7; Linux tcp_syn_linear_timeouts) and answered only
 * at the first repeat after the path was back.
 * The trap: one SYN alone, or its answer, may simply have been lost; its repeat comes through then as well.
 */

import { Segment } from '../../tcp/segment.ts';
import { isBorneOut, isHandshake, isLostAmongOthers, isOneLostSyn } from '../gates.ts';
import { found, inferred, out, possible, type Rule } from '../rule.ts';
import { seconds } from '../words.ts';

export const synBackoff: Rule = {
  id: 'syn-backoff',
  meaning: 'the connection was opened in the outage and waited for the next repeat of its SYN',
  judge(c) {
    if (!isHandshake(c) || c.main === null) return out('the connection was already open');
    const { stall } = c.main;
    const repeats = stall.events.filter((e) => (e.bits & Segment.Syn) !== 0);
    if (c.outcome !== 'connect-delayed') {
      return c.outcome === 'undecided' || c.outcome === 'not-connected'
        ? possible(90)
        : out('the SYN was not answered');
    }
    if (repeats.length === 0) return possible(70);
    if (isOneLostSyn(c) || isLostAmongOthers(c)) return possible(90);
    // Each SYN was answered, if late: nothing shows that any was lost.
    if (stall.needless && !isBorneOut(c.main, c)) return possible(90);
    const wait = (stall.end as number) - (repeats.at(-2)?.time ?? stall.start);
    // Another connection, a mark or a node shows that the path was gone; by the SYNs alone the server may have been busy.
    const others = isBorneOut(c.main, c);
    return found(
      others ? 'high' : 'medium',
      inferred(
        `the SYN that was answered came ${seconds(wait)} after the one before: the path came back in between, and the client waited for its timer${others ? '' : '; a server that answered nobody until then looks the same from here'}`,
        [repeats.at(-2)?.id ?? stall.startFrame, repeats.at(-1)?.id ?? stall.startFrame],
      ),
    );
  },
};
