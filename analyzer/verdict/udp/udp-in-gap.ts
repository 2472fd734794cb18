/**
 * A UDP flow that stood still while a capture did not run: the answer may have come, or gone on, and nobody saw it.
 */
import { type CaptureGap, gapsIn } from '../../capture/capture-gaps.ts';
import type { Outcome } from '../../report/report.ts';
import { gapClaim } from '../in-gap.ts';
import { nameOfView, type UdpCase, type UdpView } from './udp-case.ts';
import { judgeUdpCauses, type UdpVerdict } from './udp-causes.ts';

/**
 * What is said of it, and what cannot be. The same where no gap lies in its stall, or where those that looked all the while
 * tell the same without the others: what these add are sights, and a gap makes none of them wrong.
 * `without`: the same flow, judged by fewer views; null where they do not have it.
 */
export function outsideUdpGaps(
  c: UdpCase,
  views: readonly UdpView[],
  verdict: UdpVerdict,
  without: (blind: readonly UdpView[]) => UdpCase | null,
): { outcome: Outcome; verdict: UdpVerdict } {
  const own = gapsIn(c.view.gaps, c.start, c.until);
  const [from, to] = [c.view.toReference(c.start), c.view.toReference(c.until)];
  const others = views
    .filter((view) => view !== c.view)
    .map((view) => ({ view, gaps: view.gaps.filter((g) => touches(view, g, from, to)) }));
  const blind = [{ view: c.view, gaps: own }, ...others].filter(({ gaps }) => gaps.length > 0);
  if (blind.length === 0) return { outcome: c.outcome, verdict };
  if (own.length === 0 && verdict.cause !== null) {
    const alone = without(blind.map(({ view }) => view));
    const isSame = alone?.outcome === c.outcome && judgeUdpCauses(alone).cause === verdict.cause;
    if (isSame) return { outcome: c.outcome, verdict };
  }
  const told = [...(verdict.cause === null ? [] : [verdict.cause]), ...verdict.candidates];
  const open = verdict.ruledOut.map(({ cause }) => cause);
  const candidates = [...new Set([...told, ...(own.length > 0 ? (['capture-gap'] as const) : []), ...open])];
  return {
    outcome: own.length > 0 ? 'undecided' : c.outcome,
    verdict: {
      cause: null,
      candidates,
      contributing: [],
      ruledOut: [],
      confidence: 'low',
      claims: [
        ...blind.flatMap(({ view, gaps }) =>
          gaps.map((g) => gapClaim(g, `the capture of ${nameOfView(view)}`, [])),
        ),
        ...verdict.claims,
      ],
    },
  };
}

const touches = (view: UdpView, gap: CaptureGap, from: number, to: number): boolean =>
  view.toReference(gap.from) < to && (!Number.isFinite(gap.to) || view.toReference(gap.to) > from);
