/**
 * What another outage or another setting would have done to one flow, by how it came out.
 * The trap: a flow whose stall was somebody's choice (a pause, a full window) has nothing to learn from a failover.
 */
import type { CauseId } from '../report/report.ts';
import type { Case } from '../verdict/case.ts';
import { failing } from './failing-advice.ts';
import { type FlowReplay, NOTHING } from './replayed.ts';
import { gaveUpTooSoon, patience, wentOn } from './resumed-advice.ts';
import type { Tries } from './tries.ts';

/** With these a longer wait would have helped: the sender's next try got through, or would have. */
const WOULD_GO_ON: readonly CauseId[] = ['client-timeout', 'keepalive-expired', 'peer-gave-up'];

/** Nothing for a flow without a stall of the failover, or where nothing shows what would have followed. */
export function replayFlow(c: Case, cause: CauseId | null, tries: Tries | null): FlowReplay {
  if (c.main === null || c.main.innocent !== null) return NOTHING;
  switch (c.outcome) {
    case 'resumed':
    case 'connect-delayed':
      return wentOn(c, cause, tries);
    case 'hung':
    case 'not-connected':
      return failing(c, cause, tries);
    case 'gave-up':
      if (cause === null) return NOTHING;
      if (!WOULD_GO_ON.includes(cause)) return failing(c, cause, tries);
      return tries === null ? NOTHING : patience(c, cause, tries);
    case 'cut-short':
      return cause === 'peer-gave-up' ? gaveUpTooSoon(c, cause, tries) : NOTHING;
    default:
      return NOTHING;
  }
}
