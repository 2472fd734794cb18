/**
 * The new node is ready, but the neighbours still send to the old one: ARP
 * entry, switch table, cloud route, network adapter not moved yet.
 */
import type { Mark } from '../../failover/marks.ts';
import { NO_OUTAGE } from '../../failover/takeover.ts';
import type { Case } from '../case.ts';
import { unlessAnswered, unlessSilent } from '../gates.ts';
import { found, inferred, type Judgement, observed, out, possible, type Rule } from '../rule.ts';
import { stalePath as byTheWay } from '../way/path.ts';

export const stalePath: Rule = {
  id: 'stale-path',
  meaning: 'frames were still steered to the old node when the new one was ready',
  onTheWay: byTheWay,
  judge(c) {
    const late = steeredLate(c);
    if (late !== null) return resumedLate(c, late);
    const gate = unlessSilent(c) ?? unlessAnswered(c);
    if (gate !== null) return gate;
    if (c.main?.path.othersHeard != null)
      return out('other connections over the same path were heard in the meantime');
    return possible(76);
  },
};

interface Late {
  /** The new node advertises itself as master. */
  readonly ready: Mark;
  /** Only then the gateway's address moved to it. */
  readonly moved: Mark;
}

/** It went on, and in the silence the new node was master well before the gateway's address moved; null where neither shows. */
export function steeredLate(c: Case): Late | null {
  if (c.outcome !== 'resumed') return null;
  const [ready, ...more] = c.marks.filter((m) => m.kind === 'vrrp-master');
  if (ready === undefined || more.length > 0) return null;
  const moved = c.marks.find((m) => m.kind === 'address-moved' && m.time > ready.time);
  return moved === undefined || moved.time < ready.time + NO_OUTAGE ? null : { ready, moved };
}

/** Until an address moves its neighbours send to the old MAC: what they sent meanwhile came to no node in service. */
function resumedLate(c: Case, { ready, moved }: Late): Judgement {
  const down = c.main?.path.downAt ?? null;
  if (down === null || down.time < ready.time || down.time > moved.time) return possible(98);
  return found(
    'medium',
    observed(ready.text, [ready.frame], { from: 'network', what: 'vrrp' }),
    observed('a SYN after that was not answered', [down.frame], { from: 'other-flow', what: 'syn' }),
    observed(moved.text, [moved.frame], { from: 'network', what: 'arp' }),
    inferred(
      'the new node was in office, and frames still went to the MAC of the old one until its announcement',
    ),
  );
}
