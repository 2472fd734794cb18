/** Each failover: its edges with the frames that show them, how exact they are, and what parts broken flows from the others. */
import { type Failover, leastOutage } from '../../analyzer/index.ts';
import type { ReportHead } from '../../server/api.ts';
import { formatDuration } from '../state/time.ts';
import { Time } from './bits.tsx';
import { ClaimList } from './claims.tsx';
import { type CaptureNames, count, formatNumber } from './units.ts';

export function Failovers(props: { report: ReportHead; names: CaptureNames }): React.JSX.Element {
  return (
    <>
      {props.report.failovers.map((failover, i) => (
        <FailoverSection
          key={failover.id}
          failover={failover}
          number={props.report.failovers.length > 1 ? i + 1 : null}
          names={props.names}
        />
      ))}
    </>
  );
}

interface FailoverProps {
  failover: Failover;
  number: number | null;
  names: CaptureNames;
}

function FailoverSection({ failover, number, names }: FailoverProps): React.JSX.Element {
  const { id, from, to, marks } = failover;
  const nodes = from !== undefined && to !== undefined ? `${from} → ${to}` : '';
  return (
    <section className="section" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          The failover{number === null ? '' : ` ${number}`} {nodes}
        </h2>
        <span className="muted">
          {failover.restoredBy === 'seen'
            ? 'seen at the nodes'
            : 'not seen at the nodes: what the connections did bounds it'}
        </span>
      </header>
      <div className="halves">
        <Edges failover={failover} />
        <ClaimList claims={marks} names={names} />
      </div>
      <Contrast failover={failover} />
    </section>
  );
}

function Edges({ failover }: { failover: Failover }): React.JSX.Element {
  const { pathLost, pathRestored, lostWithin = 0, restoredWithin = 0, directions = [] } = failover;
  return (
    <dl className="facts num">
      <dt>Path lost</dt>
      <dd>
        <Time at={pathLost} />
        {lostWithin > 0 && ` or up to ${formatDuration(lostWithin)} later`}
      </dd>
      <dt>Path back</dt>
      <dd>
        {pathRestored === null ? 'not seen to come back' : <Time at={pathRestored} />}
        {restoredWithin > 0 && ` or up to ${formatDuration(restoredWithin)} earlier`}
      </dd>
      <dt>Outage</dt>
      <dd>{describeOutage(failover)}</dd>
      {directions.map(({ toward, lost, restored }) => (
        <Direction key={toward} toward={toward} lost={lost} restored={restored} />
      ))}
    </dl>
  );
}

/** Both edges may be off, so it is a range. */
export function describeOutage(failover: Failover): string {
  const { outage } = failover;
  const least = leastOutage(failover);
  if (outage === null || least === null) return 'not known';
  if (outage - least < outage / 100) return formatDuration(outage);
  return least < 0.001
    ? `at most ${formatDuration(outage)}`
    : `${formatDuration(least)} to ${formatDuration(outage)}`;
}

function Direction({
  toward,
  lost,
  restored,
}: NonNullable<Failover['directions']>[number]): React.JSX.Element {
  return (
    <>
      <dt>To the {toward}</dt>
      <dd>
        {lost === null ? 'not seen before' : <Time at={lost} />}
        {', '}
        {restored === null ? 'not seen again' : <Time at={restored} />}
      </dd>
    </>
  );
}

/** Traits that part them without exception: counts, not percentages. */
function Contrast({ failover: { contrast = [] } }: { failover: Failover }): React.JSX.Element | null {
  if (contrast.length === 0) return null;
  return (
    <>
      <h3 className="spaced">What distinguishes the flows that broke</h3>
      <ul className="lines">
        {contrast.map(({ trait, affected, others, counts }) => (
          <li key={trait}>
            <b className="num">
              {formatNumber(counts.affected)} of {count(counts.affected, 'connection')}
            </b>{' '}
            {affected} hung or ended, <b className="num">0 of {formatNumber(counts.others)}</b> {others}
          </li>
        ))}
      </ul>
    </>
  );
}
