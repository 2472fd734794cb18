/** What the report says about an edge of the failover: its claims, with frames that can be selected. */
import type { Claim } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { lit, selection } from '../state/selection.ts';
import { formatTime } from '../state/time.ts';
import { centre } from '../state/viewport.ts';
import { frameName } from './sources.ts';

export interface EdgeFacts {
  readonly label: string;
  readonly time: number;
  readonly from: number;
  readonly to: number;
  readonly claims: readonly Claim[];
}

/** Frames of a claim that are shown; more are counted. */
const MOST_FRAMES = 6;

export function EdgeClaims({
  incident,
  edge,
  close,
}: {
  incident: IncidentDetail;
  edge: EdgeFacts;
  close(): void;
}) {
  const within = edge.to - edge.from;
  return (
    <section className="edge-claims" aria-label={edge.label}>
      <header>
        <strong>{edge.label}</strong>
        <button type="button" className="quiet" onClick={() => centre(edge.time)}>
          {formatTime(edge.time)}
        </button>
        <button type="button" className="quiet" aria-label="Close" onClick={close}>
          ×
        </button>
      </header>
      {within > 0 && (
        <p className="muted">
          somewhere between {formatTime(edge.from)} and {formatTime(edge.to)}
        </p>
      )}
      {edge.claims.length === 0 && (
        <p className="muted">Taken from when the flows themselves fell silent and went on.</p>
      )}
      <ul>
        {edge.claims.map((claim) => (
          <li
            key={claim.text}
            onPointerEnter={() => lit.set(claim.frames)}
            onPointerLeave={() => lit.set([])}
          >
            <em>{claim.kind}</em> {claim.text}{' '}
            {claim.frames.slice(0, MOST_FRAMES).map((frame) => (
              <button
                type="button"
                className="quiet mono"
                key={`${frame.capture}:${frame.frame}`}
                onClick={() => selection.set({ kind: 'frame', frame })}
              >
                {frameName(incident, frame)}
              </button>
            ))}
            {claim.frames.length > MOST_FRAMES && ` and ${claim.frames.length - MOST_FRAMES} more`}
            {(claim.journal ?? []).map(({ file, line }) => (
              <code key={`${file}:${line}`}>
                {file}:{line}
              </code>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
