/** The flows of the filter beside the one that is shown, where the window is wide enough. N and P walk through them. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import type { FlowRow, IncidentDetail } from '../../server/api.ts';
import { type FlowPages, flowPages } from '../data/flow-pages.ts';
import { AFRESH, linkTo, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { formatDuration } from '../state/time.ts';
import { OutcomeIcon } from './icons.tsx';
import { formatNumber } from './units.ts';

const ROW_HEIGHT = 40;

export function FlowRail({ open }: { open: IncidentDetail }): React.JSX.Element {
  const { q, sort, order, flow } = useAtom(route);
  const { id, revision } = open;
  const pages = useMemo(() => flowPages(id, revision, { q, sort, order }), [id, revision, q, sort, order]);
  const { total } = useAtom(pages.state);
  useEffect(() => pages.want(0, 0), [pages]);
  return (
    <nav className="rail" aria-label="Flows of the filter">
      <a className="rail-head" href={linkTo({ ...AFRESH, page: 'flows' })}>
        <span className="num">{total === null ? '' : formatNumber(total)} flows</span>
        <span className="mono muted">{q}</span>
      </a>
      {total !== null && <RailList pages={pages} total={total} flow={flow} />}
    </nav>
  );
}

interface RailListProps {
  pages: FlowPages;
  total: number;
  flow: string;
}

function RailList({ pages, total, flow }: RailListProps): React.JSX.Element {
  const scroll = useRef<HTMLDivElement>(null);
  const cursor = useAtom(pages.cursor);
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => pages.want(first, last), [pages, first, last]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where the cursor went, not whenever the list is drawn
  useEffect(() => rows.scrollToIndex(cursor), [cursor]);
  return (
    <div ref={scroll} className="rail-list">
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {shown.map(({ index, start }) => {
          const row = pages.row(index);
          return row === undefined ? null : (
            <RailRow
              key={index}
              row={row}
              top={start}
              isShown={row.id === flow}
              onOpen={() => pages.cursor.set(index)}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RailRowProps {
  row: FlowRow;
  top: number;
  isShown: boolean;
  onOpen: () => void;
}

function RailRow({ row, top, isShown, onOpen }: RailRowProps): React.JSX.Element {
  return (
    <a
      className="rail-row"
      href={linkTo({ ...AFRESH, page: 'flow', flow: row.id })}
      aria-current={isShown ? 'page' : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <OutcomeIcon outcome={row.outcome} />
      <span>
        <span className="mono">{row.client}</span>
        <span className="muted">{row.cause ?? row.outcome}</span>
      </span>
      <span className="mono">{row.stall === null ? '' : formatDuration(row.stall)}</span>
    </a>
  );
}
