/**
 * All flows: filter, facets, table, and a preview at the right. The filter and the order stand in
 * the address; the row under the cursor does not.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import { OUTCOME_ORDER } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { getFlow } from '../data/api.ts';
import { addChips, removeChip, splitChips, toggleChip } from '../data/chips.ts';
import { type FlowPages, flowPages } from '../data/flow-pages.ts';
import { go, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { onCommand } from '../state/keymap.ts';
import { Blank } from './bits.tsx';
import { Explanation } from './explanation.tsx';
import { FlowTable } from './flow-table.tsx';
import { captureNames, formatNumber } from './units.ts';
import { useLoad } from './use-load.ts';

export function FlowsPage(): React.JSX.Element {
  const open = useAtom(incident);
  const { q, sort, order } = useAtom(route);
  const [preview, setPreview] = useState<string | null>(null);
  const id = open?.id ?? '';
  const revision = open?.revision ?? 0;
  const pages = useMemo(() => flowPages(id, revision, { q, sort, order }), [id, revision, q, sort, order]);
  useEffect(() => pages.want(0, 0), [pages]);
  if (open === null || open.report === null) return <Blank title="There is no result yet">{null}</Blank>;
  return (
    <div className={preview === null ? 'flows' : 'flows flows-preview'}>
      <Facets pages={pages} />
      <section className="flows-main" aria-labelledby="flows-title">
        <FilterBox pages={pages} />
        <Content
          pages={pages}
          open={open}
          onPreview={(flow) => setPreview((now) => (now === flow ? null : flow))}
        />
      </section>
      {preview !== null && <Preview open={open} flow={preview} onClose={() => setPreview(null)} />}
    </div>
  );
}

function FilterBox({ pages }: { pages: FlowPages }): React.JSX.Element {
  const { q } = useAtom(route);
  const { total } = useAtom(pages.state);
  const [draft, setDraft] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => onCommand('filter', () => input.current?.focus()), []);
  const commit = (): void => {
    if (draft.trim() === '') return;
    go({ q: addChips(q, draft) });
    setDraft('');
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') commit();
    if (event.key === 'ArrowDown') document.getElementById('flow-grid')?.focus();
    if (event.key !== 'Backspace' || draft !== '') return;
    const last = splitChips(q).at(-1);
    if (last !== undefined) go({ q: removeChip(q, last) });
  };
  return (
    <header className="filter">
      <h1 id="flows-title">
        Flows <span className="muted num">{total === null ? '' : formatNumber(total)}</span>
      </h1>
      <div className="filter-box">
        {splitChips(q).map((chip) => (
          <button
            type="button"
            key={chip}
            className="chip mono"
            aria-label={`Remove the filter ${chip}`}
            onClick={() => go({ q: removeChip(q, chip) })}
          >
            {chip} <span aria-hidden="true">×</span>
          </button>
        ))}
        <input
          ref={input}
          type="text"
          aria-label="Filter"
          aria-describedby="filter-hint"
          placeholder={q === '' ? 'cause:rto-backoff  stall:>2s  port:443  10.0.1.17' : ''}
          value={draft}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={commit}
        />
        <span id="filter-hint" className="muted wide-only">
          <kbd>/</kbd> <kbd>Enter</kbd>
        </span>
      </div>
    </header>
  );
}

/** Counts of what the filter leaves, by outcome and cause; a click filters by it, another no longer. */
function Facets({ pages }: { pages: FlowPages }): React.JSX.Element {
  const { facets } = useAtom(pages.state);
  const { q } = useAtom(route);
  const chips = splitChips(q);
  const groups: ['outcome' | 'cause', [string, number][]][] = [
    ['outcome', sortFacet(facets?.outcome ?? {}, OUTCOME_ORDER)],
    ['cause', sortFacet(facets?.cause ?? {}, [])],
  ];
  return (
    <nav className="facets" aria-label="Facets">
      {groups.map(([key, values]) => (
        <section key={key} aria-labelledby={`facet-${key}`}>
          <h2 id={`facet-${key}`} className="facet-title">
            {key}
          </h2>
          <ul>
            {values.map(([value, amount]) => (
              <li key={value}>
                <button
                  type="button"
                  className="facet"
                  aria-pressed={chips.includes(`${key}:${value}`)}
                  onClick={() => go({ q: toggleChip(q, key, value) })}
                >
                  <span>{value}</span>
                  <span className="num muted">{formatNumber(amount)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** In the order that is given, else most first. */
function sortFacet(counts: Record<string, number>, order: readonly string[]): [string, number][] {
  const place = (value: string): number => (order.includes(value) ? order.indexOf(value) : order.length);
  return Object.entries(counts).sort(([a, x], [b, y]) => place(a) - place(b) || y - x || (a < b ? -1 : 1));
}

interface ContentProps {
  pages: FlowPages;
  open: IncidentDetail;
  onPreview: (flow: string) => void;
}

function Content({ pages, open, onPreview }: ContentProps): React.JSX.Element {
  const { total, error } = useAtom(pages.state);
  const { q } = useAtom(route);
  if (error !== null) {
    return (
      <div className="table-state" role="alert">
        <p className="problem">{error}</p>
        <p className="row">
          <button type="button" onClick={pages.retry}>
            Try again
          </button>
          {q !== '' && <ClearFilter />}
        </p>
      </div>
    );
  }
  if (total === null) return <p className="table-state muted">Loading flows …</p>;
  if (total === 0) {
    return (
      <div className="table-state">
        <p>{q === '' ? 'No flow was found in these captures.' : 'No flow matches this filter.'}</p>
        {q !== '' && <ClearFilter />}
      </div>
    );
  }
  return <FlowTable key={pages.key} pages={pages} open={open} total={total} onPreview={onPreview} />;
}

function ClearFilter(): React.JSX.Element {
  return (
    <button type="button" onClick={() => go({ q: '' })}>
      Clear the filter
    </button>
  );
}

interface PreviewProps {
  open: IncidentDetail;
  flow: string;
  onClose: () => void;
}

function Preview({ open, flow, onClose }: PreviewProps): React.JSX.Element {
  const key = `${open.id} ${open.revision} ${flow}`;
  const { value, error } = useLoad(key, (signal) => getFlow(open.id, flow, signal));
  useEffect(() => onCommand('escape', onClose), [onClose]);
  return (
    <aside className="panel" aria-label="Preview of the flow">
      <header className="row panel-head">
        <b className="mono">{flow}</b>
        <span className="push row">
          <a className="button" href={`#/i/${open.id}/flow/${flow}`}>
            Open
          </a>
          <button type="button" onClick={onClose}>
            Close
          </button>
        </span>
      </header>
      {error !== null && <p className="problem">{error}</p>}
      {value !== null && <Explanation flow={value.flow} names={captureNames(open.report?.captures ?? [])} />}
    </aside>
  );
}
