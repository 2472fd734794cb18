/**
 * The UDP of one vantage, with all that judging several of them together needs.
 */
import { grouped } from '../packet/grouped.ts';
import type { Nanos } from '../packet/time.ts';
import type { CrossVantage } from './failover/crossing.ts';
import type { NamedAnalysis } from './named-vantage.ts';
import type { ReportClock } from './report/clock.ts';
import type { ReportProblem, Vantage } from './report/report.ts';
import type { UdpView } from './verdict/udp.ts';

/** A vantage that is placed; its times go through its aligned clock, where it has one. */
export function udpView(
  { named, vantage }: { readonly named: NamedAnalysis; readonly vantage: Vantage },
  cross: CrossVantage | undefined,
  options: { readonly clock: ReportClock; readonly ids: readonly string[]; readonly coveredUntil: Nanos },
): UdpView {
  const { clock, ids, coveredUntil } = options;
  const side = vantage.side === undefined ? {} : { side: vantage.side };
  return {
    role: vantage.role,
    host: vantage.host,
    ...side,
    watch: named.analysis.udp,
    clock,
    captureIds: named.inputs.map(({ file }) => ids[file.state.index] as string),
    coveredUntil,
    gaps: named.analysis.gaps,
    toReference: (t) => (cross === undefined ? t : cross.clock.toReference(t + cross.shift)),
  };
}

/** Said once a vantage: questions and conversations that there was no room to follow. */
export function udpProblems({ analysis, inputs }: NamedAnalysis, ids: readonly string[]): ReportProblem[] {
  const { unfollowed } = analysis.udp;
  if (unfollowed === 0) return [];
  const message = `${grouped(unfollowed)} DNS questions or QUIC connections were not followed, for there were too many at once; --from and --to select a part.`;
  return [
    {
      code: 'too-many-udp-flows',
      message,
      at: { capture: ids[inputs[0]?.file.state.index ?? 0] as string },
    },
  ];
}
