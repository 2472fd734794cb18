/** How the analysis is doing: live while it runs, the reason where it failed, then whether the captures line up. */
import type { IncidentDetail } from '../../server/api.ts';
import { useAtom } from '../state/atom.ts';
import { progress } from '../state/load.ts';
import { describeAlignment } from './clocks.ts';
import { describeProgress, progressPart } from './progress.ts';

export function AnalysisStatus({ open }: { open: IncidentDetail }): React.JSX.Element | null {
  const now = useAtom(progress);
  if (open.state === 'analysing' || open.state === 'queued') {
    const part = now === null ? null : progressPart(now);
    return (
      <div className="uploads" role="status">
        <span>{open.state === 'queued' ? 'Waiting for another analysis' : describeProgress(now)}</span>
        <progress aria-label="Analysis" {...(part === null ? {} : { value: part, max: 1 })} />
      </div>
    );
  }
  if (open.state === 'failed') {
    return (
      <p className="verdict-line problem" role="alert">
        The analysis failed: {open.error ?? 'no reason was given'}
      </p>
    );
  }
  if (open.report === null) return null;
  const { tone, text } = describeAlignment(open.report, open.timeline?.vantages);
  return (
    <p className={`verdict-line ${tone}`} role="status">
      <span className={`dot ${tone === 'good' ? '' : 'dot-caution'}`} aria-hidden="true" />
      {text}
    </p>
  );
}
