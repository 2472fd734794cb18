/** The cells of one flow. What a cell says is explained when it is pointed at. */
import { memo } from 'react';
import { CAUSE_PHRASES, OUTCOME_PHRASES } from '../../analyzer/index.ts';
import type { FlowRow, FlowSort, IncidentDetail } from '../../server/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { formatDate, formatDuration } from '../state/time.ts';
import { Time } from './bits.tsx';
import { OutcomeIcon, toneOf } from './icons.tsx';
import { type CaptureNames, formatBytes, formatNumber, nameOf } from './units.ts';

export interface Column {
  readonly name: string;
  readonly sort: FlowSort | null;
  readonly right: boolean;
}

/** Widths are in `flows.css`. */
export const COLUMNS: readonly Column[] = [
  { name: 'Outcome', sort: 'outcome', right: false },
  { name: 'Client', sort: 'client', right: false },
  { name: 'Server', sort: 'server', right: false },
  { name: 'Cause', sort: 'cause', right: false },
  { name: 'Stall from', sort: null, right: true },
  { name: 'Stall', sort: 'stall', right: true },
  { name: 'Timeline', sort: 'start', right: false },
  { name: 'Retrans.', sort: 'retransmits', right: true },
  { name: 'Bytes', sort: 'bytes', right: true },
  { name: 'Seen at', sort: null, right: false },
  { name: 'Confidence', sort: 'confidence', right: false },
];

interface RowProps {
  row: FlowRow | undefined;
  open: IncidentDetail;
  names: CaptureNames;
}

/** Remembered: scrolling places rows anew, and changes none. */
export const RowCells = memo(function Cells({ row, open, names }: RowProps): React.JSX.Element {
  if (row === undefined) {
    return (
      <Cell>
        <span className="muted">…</span>
      </Cell>
    );
  }
  const { outcome, cause, candidates, stall, stallStart } = row;
  const why = cause === null ? candidates.join(', ') : CAUSE_PHRASES[cause];
  return (
    <>
      <Cell title={OUTCOME_PHRASES[outcome]}>
        <span className="outcome-word">
          <OutcomeIcon outcome={outcome} />
          {outcome}
        </span>
      </Cell>
      <Cell title={`Flow ${row.id}`}>
        <a className="mono" tabIndex={-1} href={linkTo({ ...AFRESH, page: 'flow', flow: row.id })}>
          {row.client}
        </a>
      </Cell>
      <Cell title={row.protocol}>
        <span className="mono">{row.server}</span>
      </Cell>
      <Cell title={why}>{cause ?? (candidates.length > 0 ? `one of ${candidates.length}` : '')}</Cell>
      <Cell right title={stallStart === null ? '' : formatDate(stallStart, 6)}>
        {stallStart !== null && <Time at={stallStart} />}
      </Cell>
      <Cell right title={describeStall(row)}>
        <span className="mono">{stall === null ? '' : formatDuration(stall)}</span>
      </Cell>
      <Cell title={describeStall(row)}>
        <MiniTimeline row={row} open={open} />
      </Cell>
      <Cell right title="Retransmissions of both sides, at the vantage that saw the most">
        <span className="mono">{formatNumber(row.retransmits)}</span>
      </Cell>
      <Cell
        right
        title={`${formatNumber(row.bytesToClient)} B to the client, ${formatNumber(row.bytesToServer)} B to the server`}
      >
        <span className="num">{formatBytes(row.bytesToClient + row.bytesToServer)}</span>
      </Cell>
      <SeenAt row={row} open={open} names={names} />
      <Cell>{row.confidence}</Cell>
    </>
  );
});

interface CellProps {
  children?: React.ReactNode;
  right?: boolean;
  title?: string;
}

function Cell({ children, right = false, title = '' }: CellProps): React.JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a cell of a grid of boxes
    // biome-ignore lint/a11y/useFocusableInteractive: the grid is the one tab stop
    <div role="gridcell" className={right ? 'cell right' : 'cell'} title={title || undefined}>
      {children}
    </div>
  );
}

function describeStall({ stall, outage, backoff }: FlowRow): string {
  if (stall === null) return 'no stall';
  const parts = [
    outage === null ? '' : `outage ${formatDuration(outage)}`,
    backoff === null ? '' : `back-off ${formatDuration(backoff)}`,
  ].filter((part) => part !== '');
  return `${formatDuration(stall)}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** A dot a vantage in the order of the path: full where the flow was seen. */
function SeenAt({ row, open, names }: Omit<RowProps, 'row'> & { row: FlowRow }): React.JSX.Element {
  const captures = open.timeline?.vantages.flatMap(({ captures: own }) => own) ?? [];
  const seen = new Set(row.seenAt);
  const text = row.seenAt.map((id) => nameOf(id, names)).join(', ');
  return (
    <Cell title={`Seen at ${text}`}>
      <span className="hidden-text">{text}</span>
      <span className="seen" aria-hidden="true">
        {captures.map((id) => (
          <span key={id} className={seen.has(id) ? 'seen-yes' : 'seen-no'} />
        ))}
      </span>
    </Cell>
  );
}

/** The incident in 110 px: the life of the flow as a line, the failover as a band, the stall as a bar. */
function MiniTimeline({ row, open }: { row: FlowRow; open: IncidentDetail }): React.JSX.Element | null {
  const { timeline, report } = open;
  if (timeline === null || timeline.to <= timeline.from) return null;
  const origin = BigInt(timeline.origin);
  const x = (time: string): number =>
    (100 * (Number(BigInt(time) - origin) - timeline.from)) / (timeline.to - timeline.from);
  const bar = (from: number, to: number, y: number, height: number, className: string): React.JSX.Element => (
    <rect
      key={`${className} ${from}`}
      className={className}
      x={from}
      y={y}
      height={height}
      width={Math.max(0.8, to - from)}
    />
  );
  return (
    <svg
      className={`mini ${toneOf(row.outcome)}`}
      viewBox="0 0 100 18"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {(report?.failovers ?? []).map(({ pathLost, pathRestored }) =>
        bar(x(pathLost), pathRestored === null ? 100 : x(pathRestored), 0, 18, 'mini-band'),
      )}
      {bar(x(row.start), x(row.end), 8, 2, 'mini-life')}
      {row.stallStart !== null &&
        bar(x(row.stallStart), row.stallEnd === null ? 100 : x(row.stallEnd), 5, 8, 'mini-stall')}
    </svg>
  );
}
