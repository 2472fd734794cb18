/** The bottom line: data quality, the cursor's time and frame, and what a screen reader is told. */
import type { IncidentDetail, ReportHead } from '../../server/api.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { connected } from '../state/load.ts';
import { hover, spoken } from '../state/selection.ts';
import { formatTime, timeBase, timeMode } from '../state/time.ts';
import { describeAlignment } from './clocks.ts';
import { captureNames, count, formatFrame } from './units.ts';

export function StatusLine(): React.JSX.Element {
  const open = useAtom(incident);
  const said = useAtom(spoken);
  const isConnected = useAtom(connected);
  return (
    <footer className="status">
      {open?.report ? <Quality open={open} report={open.report} /> : <span>Nothing leaves this server.</span>}
      {!isConnected && (
        <span className="caution" role="status">
          The server is not heard; trying again
        </span>
      )}
      <Cursor />
      <span className="spoken" aria-live="polite">
        {said}
      </span>
    </footer>
  );
}

function Quality({ open, report }: { open: IncidentDetail; report: ReportHead }): React.JSX.Element {
  const { tone, text } = describeAlignment(report, open.timeline?.vantages);
  const problems = report.problems.length;
  return (
    <span className={tone}>
      <span className={`dot ${tone === 'good' ? '' : 'dot-caution'}`} aria-hidden="true" />
      {text}
      {problems > 0 && `; ${count(problems, 'problem')} in the files`}
    </span>
  );
}

function Cursor(): React.JSX.Element | null {
  const { time, frame } = useAtom(hover);
  const open = useAtom(incident);
  const mode = useAtom(timeMode);
  const base = useAtom(timeBase);
  if (time === null && frame === null) return null;
  return (
    <span className="mono">
      {time !== null && formatTime(time, 6, mode, base)}
      {frame !== null && `  ${formatFrame(frame, captureNames(open?.report?.captures ?? []))}`}
    </span>
  );
}
