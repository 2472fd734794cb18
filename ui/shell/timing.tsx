/** What a stall was made of, as a bar and as a sum; with several, the others beneath. */
import type { Flow, Stall } from '../../analyzer/index.ts';
import { describeTiming, worstStall } from '../data/copy.ts';
import { formatDuration } from '../state/time.ts';
import { Time } from './bits.tsx';
import { FrameLink } from './claims.tsx';
import { type CaptureNames, nameOf } from './units.ts';

interface TimingProps {
  flow: Flow;
  names: CaptureNames;
}

export function Timing({ flow, names }: TimingProps): React.JSX.Element | null {
  const worst = worstStall(flow);
  if (worst === null) return null;
  const others = flow.stalls.filter((stall) => stall !== worst);
  return (
    <section aria-labelledby="timing">
      <h3 id="timing">Timing</h3>
      <p className="num">{describeTiming(worst)}</p>
      <StallBar stall={worst} />
      <p className="muted num">
        <Time at={worst.start} />
        {' to '}
        {worst.end === null ? 'the end of the captures' : <Time at={worst.end} />}
        <StallFrames stall={worst} names={names} />
      </p>
      {worst.nextRetry !== null && (
        <p className="num">
          Next retry due <Time at={worst.nextRetry} />
        </p>
      )}
      {others.length > 0 && (
        <details>
          <summary>
            <span>Also stalled</span> <span className="muted num">{others.length}</span>
          </summary>
          <ul className="lines num">
            {others.map((stall) => (
              <li key={stall.start}>
                {formatDuration(stall.duration)} from <Time at={stall.start} />
                {stall.cause !== null && <span className="mono"> {stall.cause}</span>}
                <StallFrames stall={stall} names={names} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function StallFrames({ stall: { frames }, names }: { stall: Stall; names: CaptureNames }): React.JSX.Element {
  return (
    <span className="evidence-group">
      {' · '}
      {nameOf(frames.last.capture, names)} <FrameLink frame={frames.last} names={names} />
      {frames.first !== undefined && <FrameLink frame={frames.first} names={names} />}
    </span>
  );
}

/** Lengths by part; what no part claims is left open. */
function StallBar({ stall }: { stall: Stall }): React.JSX.Element {
  const { duration, outage, backoff, recovery } = stall;
  const parts: [string, number][] = [
    ['part-outage', outage ?? 0],
    ['part-backoff', backoff ?? 0],
    ['part-other', recovery ?? 0],
  ];
  const known = parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  parts.push(['part-open', Math.max(0, duration - known)]);
  return (
    <div className="split" aria-hidden="true">
      {parts
        .filter(([, seconds]) => seconds > duration / 1000)
        .map(([tone, seconds]) => (
          <span key={tone} className={tone} style={{ flexGrow: seconds }} />
        ))}
    </div>
  );
}
