/**
 * What happened, how bad, why, how sure: one screen. Every number leads to the flows or frames
 * it was counted from. What is poor about the data stands here, too, not behind a click.
 */
import { OUTCOME_ORDER, OUTCOME_PHRASES, type Outcome, PATH_PHRASES } from '../../analyzer/index.ts';
import type { IncidentDetail, ReportHead } from '../../server/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { selection } from '../state/selection.ts';
import { formatDate, formatDuration } from '../state/time.ts';
import { OverviewLanes } from '../views/index.ts';
import { AdviceList } from './advice.tsx';
import { AnalysisStatus } from './analysis-status.tsx';
import { Blank } from './bits.tsx';
import { CauseTable } from './cause-table.tsx';
import { ClaimList } from './claims.tsx';
import { describeOutage, Failovers } from './failovers.tsx';
import { FramePanel } from './frame-panel.tsx';
import { OutcomeIcon, toneOf } from './icons.tsx';
import { Quality } from './quality.tsx';
import { captureNames, formatNumber, nameOf } from './units.ts';

export function OverviewPage(): React.JSX.Element {
  const open = useAtom(incident);
  const chosen = useAtom(selection);
  if (open === null || open.report === null) return <NoReport open={open} />;
  return (
    <div className="overview">
      <div className="overview-scroll">
        <div className="page">
          <Overview open={open} report={open.report} />
        </div>
      </div>
      {chosen.kind === 'frame' && <FramePanel frame={chosen.frame} />}
    </div>
  );
}

function NoReport({ open }: { open: IncidentDetail | null }): React.JSX.Element {
  return (
    <Blank title="There is no result yet">
      <p className="muted">
        {open?.files === 0
          ? 'The incident has no files: drop its captures anywhere on this page.'
          : 'It appears here when the analysis is through.'}
      </p>
      {open !== null && <AnalysisStatus open={open} />}
      <a className="button" href={linkTo({ ...AFRESH, page: 'files' })}>
        Files and progress
      </a>
    </Blank>
  );
}

function Overview({ open, report }: { open: IncidentDetail; report: ReportHead }): React.JSX.Element {
  const names = captureNames(report.captures);
  return (
    <>
      <FailoverLine report={report} />
      <h1 className="headline">{report.headline}</h1>
      <div className="summary">
        <Tiles report={report} />
        {open.stalls !== null && <Stalls stalls={open.stalls} />}
      </div>
      {open.timeline !== null && open.timeline.frames > 0 && (
        <section className="section" aria-labelledby="timeline">
          <header>
            <h2 id="timeline">Packets at each vantage</h2>
          </header>
          <div className="strip" style={{ height: 170 + 36 * open.timeline.vantages.length }}>
            <OverviewLanes key={open.revision} incident={open} />
          </div>
        </section>
      )}
      <CauseTable incident={open} report={report} />
      <Failovers report={report} names={names} />
      <Quality open={open} report={report} />
      <section className="section" aria-labelledby="path">
        <header>
          <h2 id="path">The path</h2>
          <span className="muted">{PATH_PHRASES[report.path.kind]}</span>
        </header>
        <ClaimList claims={report.path.claims} names={names} />
      </section>
      {report.advice.length > 0 && (
        <section className="section" aria-labelledby="advice">
          <header>
            <h2 id="advice">Next</h2>
          </header>
          <AdviceList advice={report.advice} />
        </section>
      )}
      <Problems report={report} names={names} />
    </>
  );
}

/** `Failover node-a → node-b · 2025-05-04 14:02:11.204 UTC (T0) · outage 1.88 s`. */
function FailoverLine({ report }: { report: ReportHead }): React.JSX.Element {
  const [first, ...more] = report.failovers;
  if (first === undefined) return <p className="muted">No failover found in these captures</p>;
  const nodes = first.from !== undefined && first.to !== undefined ? ` ${first.from} → ${first.to}` : '';
  return (
    <p className="muted num">
      {`Failover${nodes} · ${formatDate(first.pathLost)} (T0)`}
      {first.outage !== null && ` · outage ${describeOutage(first)}`}
      {more.length > 0 && ` · and ${formatNumber(more.length)} more`}
    </p>
  );
}

/** Those that occur, worst first; "undecided" always, because it is an answer. */
function Tiles({ report }: { report: ReportHead }): React.JSX.Element {
  const { byOutcome } = report.summary;
  const occurring = OUTCOME_ORDER.filter((outcome) => (byOutcome[outcome] ?? 0) > 0);
  const shown = occurring.includes('undecided') ? occurring : [...occurring, 'undecided' as const];
  return (
    <ul className="tiles" aria-label="Flows by outcome">
      {shown.map((outcome) => (
        <Tile key={outcome} outcome={outcome} amount={byOutcome[outcome] ?? 0} />
      ))}
    </ul>
  );
}

function Tile({ outcome, amount }: { outcome: Outcome; amount: number }): React.JSX.Element {
  return (
    <li>
      <a
        className={`tile tile-${amount === 0 ? 'muted' : toneOf(outcome)}`}
        href={linkTo({ ...AFRESH, page: 'flows', q: `outcome:${outcome}` })}
        title={OUTCOME_PHRASES[outcome]}
      >
        <span className="tile-number num">{formatNumber(amount)}</span>
        <span className="tile-word">
          <OutcomeIcon outcome={outcome} />
          {outcome}
        </span>
      </a>
    </li>
  );
}

function Stalls({ stalls }: { stalls: NonNullable<IncidentDetail['stalls']> }): React.JSX.Element {
  const { p50, p95, max, outage, backoff, other } = stalls;
  const total = outage + backoff + other;
  const parts: [string, string, number][] = [
    ['outage', 'part-outage', outage],
    ['back-off', 'part-backoff', backoff],
    ['other', 'part-other', other],
  ];
  const shown = parts.filter(([, , seconds]) => seconds > 0);
  return (
    <div className="stalls">
      <p className="num">
        <span className="muted">Stall</span>{' '}
        {p50 < max && (
          <>
            p50 <b>{formatDuration(p50)}</b> · p95 <b>{formatDuration(p95)}</b> · max{' '}
          </>
        )}
        <b>{formatDuration(max)}</b>
      </p>
      {outage + backoff > 0 && (
        <>
          <div className="split" aria-hidden="true">
            {shown.map(([name, tone, seconds]) => (
              <span key={name} className={tone} style={{ flexGrow: seconds / total }} />
            ))}
          </div>
          <p className="legend num">
            {shown.map(([name, tone, seconds]) => (
              <span key={name}>
                <span className={`swatch ${tone}`} aria-hidden="true" />
                {name} {Math.round((100 * seconds) / total)} %
              </span>
            ))}
          </p>
        </>
      )}
    </div>
  );
}

function Problems({
  report,
  names,
}: {
  report: ReportHead;
  names: ReturnType<typeof captureNames>;
}): React.JSX.Element | null {
  if (report.problems.length === 0) return null;
  return (
    <section className="section" aria-labelledby="problems">
      <header>
        <h2 id="problems">Problems in the files</h2>
      </header>
      <ul className="lines">
        {report.problems.map(({ code, message, at }) => (
          <li key={`${code} ${at.capture} ${at.offset ?? ''} ${at.frame ?? ''} ${message}`}>
            <b>{nameOf(at.capture, names)}</b>
            {at.frame !== undefined && ` frame ${formatNumber(at.frame)}`}
            {at.offset !== undefined && ` at byte ${formatNumber(at.offset)}`}: {message}
          </li>
        ))}
      </ul>
    </section>
  );
}
