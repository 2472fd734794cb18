/** How far the captures can be trusted: drops, cuts, clocks, and whether each ran through the failover. */
import type { Capture, Failover, TimelineVantage } from '../../analyzer/index.ts';
import type { IncidentDetail, ReportHead } from '../../server/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { toTimeline } from '../state/time.ts';
import { describeAlignment, describeClock, describeGap } from './clocks.ts';
import { captureNames, count, formatNumber, nameOf } from './units.ts';

export function Quality({ open, report }: { open: IncidentDetail; report: ReportHead }): React.JSX.Element {
  const names = captureNames(report.captures);
  const { tone, text } = describeAlignment(report, open.timeline?.vantages);
  return (
    <section className="section" aria-labelledby="quality">
      <header>
        <h2 id="quality">Data quality</h2>
        <span className={tone}>{text}</span>
        <a className="push" href={linkTo({ ...AFRESH, page: 'files' })}>
          Files and clocks
        </a>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">Vantage</th>
            <th scope="col">File</th>
            <th scope="col" className="right">
              Frames
            </th>
            <th scope="col">Drops</th>
            <th scope="col">Failover covered</th>
            <th scope="col">Clock</th>
          </tr>
        </thead>
        <tbody>
          {report.captures.map((capture) => (
            <tr key={capture.id}>
              <th scope="row">
                {capture.vantage.role === 'unknown' ? 'unknown' : nameOf(capture.id, names)}
              </th>
              <td>{capture.file}</td>
              <td className="right num">{formatNumber(capture.frames)}</td>
              <td>
                <Drops capture={capture} open={open} />
              </td>
              <td className="num">
                {describeCoverage(capture, vantageOf(capture, open), report.failovers[0])}
              </td>
              <td className="num">{describeClock(capture, report, open.timeline?.vantages).join('; ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Drops({ capture, open }: { capture: Capture; open: IncidentDetail }): React.JSX.Element {
  const { dropped, truncated, id, gaps = [] } = capture;
  const isLossy =
    open.timeline?.vantages.some(({ lossy, captures }) => lossy && captures.includes(id)) ?? false;
  const facts = [
    dropped === null ? 'not recorded' : dropped === 0 ? 'none' : count(dropped, 'packet'),
    ...(truncated ? ['cut short'] : []),
    ...(isLossy ? ['lost frames: an absence here proves nothing'] : []),
    ...gaps.slice(0, MOST_GAPS).map(describeGap),
    ...(gaps.length > MOST_GAPS ? [`${gaps.length - MOST_GAPS} more gaps`] : []),
  ];
  const isPoor = truncated || gaps.length > 0 || isLossy || (dropped ?? 0) > 0;
  return <span className={isPoor ? 'caution' : ''}>{facts.join(', ')}</span>;
}

/** A row has no room for more. */
const MOST_GAPS = 3;

const vantageOf = ({ id }: Capture, { timeline }: IncidentDetail): TimelineVantage | null =>
  timeline?.vantages.find(({ captures }) => captures.includes(id)) ?? null;

/**
 * Part of the outage in which the capture counts as running, as the verdicts took it. One that falls silent
 * counts as running on: that is said, for it is an assumption.
 */
export function describeCoverage(
  { frames, coveredUntil }: Pick<Capture, 'frames' | 'coveredUntil'>,
  vantage: Pick<TimelineVantage, 'from' | 'until'> | null,
  failover: Pick<Failover, 'pathLost' | 'pathRestored'> | undefined,
): string {
  if (failover === undefined || failover.pathRestored === null) return '';
  if (frames === 0 || vantage === null) return 'no frame';
  const [lost, back] = [toTimeline(failover.pathLost), toTimeline(failover.pathRestored)];
  if (back <= lost) return '';
  const part = Math.max(0, Math.min(back, vantage.until) - Math.max(lost, vantage.from)) / (back - lost);
  const isSilent = coveredUntil !== null && toTimeline(coveredUntil) < Math.min(back, vantage.until);
  return `${part >= 0.999 ? 'all of it' : `${(100 * part).toFixed(0)} %`}${isSilent ? ', silent at its end' : ''}`;
}
