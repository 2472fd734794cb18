/** The shapes and what they say. Drawn by CSS in the same roles as on the canvas. */
const LANES = [
  ['bar data', 'data'],
  ['bar ack', 'ack only'],
  ['tag', 'retransmission', 'R'],
  ['square', 'RST'],
  ['cross', 'not seen at the next point', '×'],
  ['hatch', 'cannot say'],
] as const;

const GRAPH = [
  ['span', 'data'],
  ['tag', 'retransmission', 'R'],
  ['step', 'acknowledged'],
  ['bracket', 'SACK'],
  ['dashes', 'window'],
  ['tag', 'zero window', 'Z'],
] as const;

const LADDER = [
  ['arrow', 'seen again', '→'],
  ['cross', 'not seen', '×'],
  ['hatch', 'cannot say'],
  ['level', 'order unknown', '→'],
] as const;

export function Legend({ of }: { of: 'lanes' | 'graph' | 'ladder' }) {
  const entries: readonly (readonly [string, string, string?])[] =
    of === 'lanes' ? LANES : of === 'graph' ? GRAPH : LADDER;
  return (
    <ul aria-label="Shapes">
      {entries.map(([shape, label, text = '']) => (
        <li key={label}>
          <i className={`key ${shape}`} aria-hidden="true">
            {text}
          </i>
          {label}
        </li>
      ))}
    </ul>
  );
}
