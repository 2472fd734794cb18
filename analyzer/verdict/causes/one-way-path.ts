/**
 * Only one direction passes. From one end it shows where the peer repeats what
 * had already arrived: then the acknowledgements do not get there. If nothing
 * arrives at all, it is one silence among many.
 */
import { Segment } from '../../tcp/segment.ts';
import { unlessAnswered, unlessWentOn } from '../gates.ts';
import { found, inferred, observed, out, possible, type Rule } from '../rule.ts';
import { endName } from '../words.ts';

/** One repeat may be a lost acknowledgement; two, each acknowledged again, are a direction that does not pass. */
const VAIN_ANSWERS = 2;

export const oneWayPath: Rule = {
  id: 'one-way-path',
  meaning: 'only one direction of the path passes since the failover',
  judge(c) {
    const gate = unlessWentOn(c) ?? unlessAnswered(c);
    if (gate !== null) return gate;
    if (c.outcome === 'reset') return out('the reset answered what this end had sent: both directions pass');
    const stall = c.main?.stall;
    if (stall !== undefined && c.facts.vainAnswers >= VAIN_ANSWERS) {
      const repeats = stall.events.filter(
        (e) => e.length > 0 && (e.bits & (Segment.Resent | Segment.Ahead)) === Segment.Resent,
      );
      const sender = (repeats[0] as { sender: 0 | 1 }).sender;
      return found(
        'high',
        observed(
          `the ${endName(c.flow, sender)} repeats bytes that had arrived and were acknowledged, ${repeats.length} times`,
          repeats.map((e) => e.id),
          { from: endName(c.flow, sender), what: 'retransmission' },
        ),
        inferred('what arrives passes one way; the acknowledgements do not reach the sender'),
      );
    }
    return possible(c.facts.unansweredCount > 0 ? 68 : 62);
  },
};
