/** Small drawings. Each outcome has a shape of its own, so that no meaning hangs on a colour. */
import type { Outcome } from '../../analyzer/index.ts';

/** 12 x 12. */
const SHAPES: Record<Outcome, { path: string; tone: 'good' | 'caution' | 'problem' | 'muted' }> = {
  unaffected: { path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9', tone: 'good' },
  resumed: { path: 'M1 6h3M8 6h3M6 2v8', tone: 'caution' },
  hung: { path: 'M2 2h8v8h-8z', tone: 'problem' },
  reset: { path: 'M2 2l8 8M10 2l-8 8', tone: 'problem' },
  'gave-up': { path: 'M1 6h6M7 2v8M10 2v8', tone: 'problem' },
  'cut-short': { path: 'M1 6h5M6 1.5v9M8.5 6h.5M11 6h.5', tone: 'problem' },
  'connect-delayed': { path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M6 3.5v2.7l2 1.3', tone: 'caution' },
  'not-connected': { path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M2.8 9.2l6.4-6.4', tone: 'problem' },
  undecided: { path: 'M3.8 4.2c0-3 4.6-3 4.6-.2c0 1.8-2.3 1.7-2.3 3.6M6.1 9.6v.8', tone: 'muted' },
};

const FILLED: ReadonlySet<Outcome> = new Set(['hung']);

export const toneOf = (outcome: Outcome): string => SHAPES[outcome].tone;

export function OutcomeIcon({ outcome }: { outcome: Outcome }): React.JSX.Element {
  const { path, tone } = SHAPES[outcome];
  return (
    <svg className={`outcome-icon ${tone}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path
        d={path}
        fill={FILLED.has(outcome) ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="1.6"
      />
    </svg>
  );
}

/** The icon and the word. */
export function OutcomeWord({ outcome }: { outcome: Outcome }): React.JSX.Element {
  return (
    <span className="outcome-word">
      <OutcomeIcon outcome={outcome} />
      {outcome}
    </span>
  );
}

/** Two lines of packets, one with its gap. */
export function Mark(): React.JSX.Element {
  return (
    <svg viewBox="0 0 18 18" aria-hidden="true">
      <path d="M0 5.5h6M12 5.5h6M0 12.5h4M15 12.5h3" stroke="currentColor" strokeWidth="2.4" />
      <path d="M6 5.5h6M4 12.5h11" stroke="var(--problem)" strokeWidth="2.4" strokeDasharray="1.5 1.5" />
    </svg>
  );
}
