/** Causes by how many flows they hold, each with the flow it hit worst, which also says how sure it is. */
import { CAUSE_PHRASES, type CauseId } from '../../analyzer/index.ts';
import type { FlowRow, IncidentDetail, ReportHead } from '../../server/api.ts';
import { getFlows } from '../data/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { formatDuration } from '../state/time.ts';
import { formatNumber } from './units.ts';
import { useLoad } from './use-load.ts';

interface CauseTableProps {
  incident: IncidentDetail;
  report: ReportHead;
}

export function CauseTable({ incident, report }: CauseTableProps): React.JSX.Element | null {
  const key = `${incident.id} ${incident.revision}`;
  const { value: worst } = useLoad(key, (signal) => loadWorst(incident.id, report, signal));
  if (report.causes.length === 0) return null;
  return (
    <section className="section" aria-labelledby="causes">
      <header>
        <h2 id="causes">Causes</h2>
      </header>
      <table className="causes">
        <thead>
          <tr>
            <th scope="col">Cause</th>
            <th scope="col" className="right">
              Flows
            </th>
            <th scope="col" className="right">
              Worst
            </th>
            <th scope="col">Worst flow</th>
            <th scope="col">Confidence</th>
          </tr>
        </thead>
        <tbody>
          {report.causes.map((cause) => (
            <CauseRow key={cause.id} cause={cause} worst={worst?.get(cause.id) ?? null} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CauseRow(props: { cause: ReportHead['causes'][number]; worst: FlowRow | null }): React.JSX.Element {
  const { cause, worst } = props;
  return (
    <tr>
      <th scope="row">
        <a href={linkTo({ ...AFRESH, page: 'flows', q: `cause:${cause.id}` })}>{cause.id}</a>
        <div className="meaning">{CAUSE_PHRASES[cause.id]}</div>
      </th>
      <td className="right num">{formatNumber(cause.flows.length)}</td>
      <td className="right num">{cause.worstStall === null ? '' : formatDuration(cause.worstStall)}</td>
      <td>
        {worst !== null && (
          <a
            className="mono"
            href={linkTo({ ...AFRESH, page: 'flow', flow: worst.id, q: `cause:${cause.id}` })}
          >
            {worst.client} → {worst.server}
          </a>
        )}
      </td>
      <td>{worst?.confidence ?? ''}</td>
    </tr>
  );
}

/** The worst flow of every cause. */
async function loadWorst(
  id: string,
  { causes }: ReportHead,
  signal: AbortSignal,
): Promise<Map<CauseId, FlowRow>> {
  const found = new Map<CauseId, FlowRow>();
  const ask = async (cause: CauseId): Promise<void> => {
    const query = { q: `cause:${cause}`, sort: 'stall', order: 'desc', limit: 1 } as const;
    const row = (await getFlows(id, query, signal)).rows[0];
    if (row !== undefined) found.set(cause, row);
  };
  await Promise.all(causes.map(({ id: cause }) => ask(cause)));
  return found;
}
