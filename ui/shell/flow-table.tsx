/**
 * The table of flows: a grid of 32 px rows of which only those in sight exist. The grid is one tab
 * stop; the cursor's row is its `aria-activedescendant`, and rows say their place in the whole.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { FlowRow, FlowSort, IncidentDetail } from '../../server/api.ts';
import { rowsToCsv, rowsToJson, rowsToMarkdown } from '../data/copy.ts';
import type { FlowPages } from '../data/flow-pages.ts';
import { AFRESH, go, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { onCommands } from '../state/keymap.ts';
import { spoken } from '../state/selection.ts';
import { CopyButton, copyText, Menu } from './bits.tsx';
import { COLUMNS, type Column, RowCells } from './flow-cells.tsx';
import { captureNames, count } from './units.ts';

const ROW_HEIGHT = 32;
/** ms: who drags the scrollbar through all rows asks only for those where they stop. */
const SCROLL_REST = 40;

interface FlowTableProps {
  pages: FlowPages;
  open: IncidentDetail;
  total: number;
  onPreview: (flow: string) => void;
}

export function FlowTable({ pages, open, total, onPreview }: FlowTableProps): React.JSX.Element {
  const scroll = useRef<HTMLDivElement>(null);
  const cursor = useAtom(pages.cursor);
  const setCursor = pages.cursor.set;
  const [marked, setMarked] = useState<ReadonlyMap<string, FlowRow>>(new Map());
  useAtom(pages.state);
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, to where one was before
  useEffect(() => rows.scrollToIndex(pages.cursor.get(), { align: 'center' }), []);
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => {
    const timer = setTimeout(() => pages.want(first, last), SCROLL_REST);
    return () => clearTimeout(timer);
  }, [pages, first, last]);
  const names = useMemo(() => captureNames(open.report?.captures ?? []), [open]);
  const openRow = (index: number): void => {
    const row = pages.row(index);
    if (row !== undefined) go({ ...AFRESH, page: 'flow', flow: row.id });
  };
  const mark = (row: FlowRow): void => setMarked((now) => toggle(now, row));
  const chosen = (): FlowRow[] => {
    const row = pages.row(cursor);
    return marked.size > 0 ? [...marked.values()] : row === undefined ? [] : [row];
  };
  useGridKeys({ total, cursor, setCursor, rows, openRow, pages, onPreview, mark, chosen });
  return (
    <>
      <div className="table-tools row">
        <span className="muted">
          <kbd>J</kbd> <kbd>K</kbd> move · <kbd>Enter</kbd> open · <kbd>Space</kbd> preview · <kbd>M</kbd>{' '}
          mark · <kbd>C</kbd> copy
        </span>
        <span className="push row">
          <span className="muted num">{marked.size > 0 ? `${count(marked.size, 'flow')} marked` : ''}</span>
          <CopyMenu
            rows={() => (marked.size > 0 ? [...marked.values()] : pages.loaded())}
            marked={marked.size}
          />
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a table element cannot hold rows that are placed by hand */}
      <div
        ref={scroll}
        className="grid"
        id="flow-grid"
        role="grid"
        aria-label="Flows"
        aria-rowcount={total + 1}
        aria-colcount={COLUMNS.length}
        aria-multiselectable="true"
        aria-activedescendant={shown.some(({ index }) => index === cursor) ? `row-${cursor}` : undefined}
        tabIndex={0}
      >
        <HeaderRow />
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {shown.map(({ index, start }) => {
            const row = pages.row(index);
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys
              // biome-ignore lint/a11y/useFocusableInteractive: the grid is the one tab stop
              <div
                key={index}
                id={`row-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={row !== undefined && marked.has(row.id)}
                className={index === cursor ? 'grid-row grid-cursor' : 'grid-row'}
                style={{ transform: `translateY(${start}px)` }}
                onClick={() => setCursor(index)}
                onDoubleClick={() => openRow(index)}
              >
                <RowCells row={row} open={open} names={names} />
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function toggle(marked: ReadonlyMap<string, FlowRow>, row: FlowRow): ReadonlyMap<string, FlowRow> {
  const next = new Map(marked);
  if (!next.delete(row.id)) next.set(row.id, row);
  return next;
}

interface GridKeys {
  total: number;
  cursor: number;
  setCursor: (index: number) => void;
  rows: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
  openRow: (index: number) => void;
  pages: FlowPages;
  onPreview: (flow: string) => void;
  mark: (row: FlowRow) => void;
  chosen: () => FlowRow[];
}

function useGridKeys(grid: GridKeys): void {
  const { total, cursor, setCursor, rows, openRow, pages, onPreview, mark, chosen } = grid;
  useEffect(() => {
    const move = (to: number): void => {
      const next = Math.min(total - 1, Math.max(0, to));
      setCursor(next);
      rows.scrollToIndex(next);
      const row = pages.row(next);
      if (row !== undefined)
        spoken.set(`${row.outcome}, ${row.client} to ${row.server}, ${row.cause ?? 'no single cause'}`);
    };
    const page = Math.max(1, Math.floor((rows.scrollRect?.height ?? 320) / ROW_HEIGHT) - 2);
    const withRow = (work: (row: FlowRow) => void) => () => {
      const row = pages.row(cursor);
      if (row !== undefined) work(row);
    };
    return onCommands({
      'next-row': () => move(cursor + 1),
      'previous-row': () => move(cursor - 1),
      'first-row': () => move(0),
      'last-row': () => move(total - 1),
      'page-down': () => move(cursor + page),
      'page-up': () => move(cursor - page),
      'open-row': () => openRow(cursor),
      'preview-row': withRow((row) => onPreview(row.id)),
      'mark-row': withRow(mark),
      'copy-rows': () => {
        const list = chosen();
        copyText(rowsToMarkdown(list)).then(
          () => spoken.set(`${count(list.length, 'flow')} copied as Markdown`),
          () => spoken.set('Copying is not allowed here'),
        );
      },
    });
  });
}

function HeaderRow(): React.JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: the header of a grid of boxes
    <div role="rowgroup" className="grid-head">
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its buttons are */}
      <div role="row" aria-rowindex={1} className="grid-row">
        {COLUMNS.map((column) => (
          <HeaderCell key={column.name} column={column} />
        ))}
      </div>
    </div>
  );
}

function HeaderCell({ column: { name, sort, right } }: { column: Column }): React.JSX.Element {
  const now = useAtom(route);
  const isOn = sort !== null && now.sort === sort;
  const direction = !isOn ? 'none' : now.order === 'asc' ? 'ascending' : 'descending';
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: its button is
    <div role="columnheader" aria-sort={direction} className={right ? 'cell right' : 'cell'}>
      {sort === null ? (
        name
      ) : (
        <button type="button" className="sort" onClick={() => sortBy(sort)}>
          {name}
          <span aria-hidden="true">{isOn ? (now.order === 'asc' ? '▲' : '▼') : ''}</span>
        </button>
      )}
    </div>
  );
}

/** Numbers begin with the greatest, words with the first. */
function sortBy(sort: FlowSort): void {
  const now = route.get();
  const begins = ['stall', 'retransmits', 'bytes', 'confidence'].includes(sort) ? 'desc' : 'asc';
  const other = now.order === 'asc' ? 'desc' : 'asc';
  go({ sort, order: now.sort === sort ? other : begins }, 'replace');
}

function CopyMenu({ rows, marked }: { rows: () => FlowRow[]; marked: number }): React.JSX.Element {
  return (
    <Menu label={marked > 0 ? 'Copy marked' : 'Copy loaded'}>
      <CopyButton label="As Markdown" text={() => rowsToMarkdown(rows())} />
      <CopyButton label="As CSV" text={() => rowsToCsv(rows())} />
      <CopyButton label="As JSON" text={() => rowsToJson(rows())} />
    </Menu>
  );
}
