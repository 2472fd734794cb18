/** One flow: lanes, ladder or time-sequence in the middle, the explanation at the right, the selected frame below. */
import { useEffect } from 'react';
import type { FlowDetail, IncidentDetail } from '../../server/api.ts';
import { flowPages } from '../data/flow-pages.ts';
import { AFRESH, go, linkTo, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { focusFrame, revealFrame } from '../state/focus.ts';
import { incident, openFlow, panelOpen, VIEWS, type View, view } from '../state/incident.ts';
import { onCommands, runCommand } from '../state/keymap.ts';
import { flowLoad } from '../state/load.ts';
import { selection, spoken } from '../state/selection.ts';
import { explain } from '../state/uploads.ts';
import { LadderView, LanesView, TimeSequenceView } from '../views/index.ts';
import { Blank } from './bits.tsx';
import { Explanation } from './explanation.tsx';
import { FlowRail } from './flow-rail.tsx';
import { FramePanel } from './frame-panel.tsx';
import { OutcomeWord } from './icons.tsx';
import { captureNames, formatEndpoint } from './units.ts';

/** So many rows are looked through to find where in the filter a linked flow stands. */
const MOST_LOOKED_THROUGH = 10_000;

export function FlowPage(): React.JSX.Element | null {
  const open = useAtom(incident);
  const detail = useAtom(openFlow);
  const { error } = useAtom(flowLoad);
  const isOpen = useAtom(panelOpen);
  const chosen = useAtom(selection);
  useEvidenceKeys(detail);
  useNeighbourKeys(open);
  if (open === null) return null;
  if (error !== null) return <NoFlow status={error.status} message={explain(error)} />;
  const names = captureNames(open.report?.captures ?? []);
  return (
    <div className={isOpen ? 'flow-page flow-page-panel' : 'flow-page'}>
      <FlowRail open={open} />
      <section className="flow-main" aria-label="Flow">
        <FlowHead detail={detail} />
        <ViewBar />
        <ViewArea open={open} detail={detail} />
        {chosen.kind === 'frame' && <FramePanel frame={chosen.frame} />}
      </section>
      {isOpen && (
        <aside className="panel" aria-label="Explanation">
          {detail === null ? (
            <p className="table-state muted">Loading the flow …</p>
          ) : (
            <Explanation flow={detail.flow} names={names} />
          )}
        </aside>
      )}
    </div>
  );
}

function NoFlow({ status, message }: { status: number; message: string }): React.JSX.Element {
  return (
    <Blank title={status === 404 ? 'This flow is not in the incident' : 'The flow could not be loaded'}>
      <p className="problem" role="alert">
        {message}
      </p>
      <a className="button" href={linkTo({ ...AFRESH, page: 'flows' })}>
        All flows
      </a>
    </Blank>
  );
}

function FlowHead({ detail }: { detail: FlowDetail | null }): React.JSX.Element {
  const { flow: id } = useAtom(route);
  return (
    <header className="flow-head">
      <h1 className="mono">
        {detail === null
          ? id
          : `${formatEndpoint(detail.flow.client)} → ${formatEndpoint(detail.flow.server)}`}
      </h1>
      {detail !== null && <OutcomeWord outcome={detail.flow.outcome} />}
      <span className="push row">
        <a className="button button-plain" href={linkTo({ ...AFRESH, page: 'flows' })}>
          All flows
        </a>
        <button type="button" onClick={() => runCommand('previous-flow')}>
          Previous <kbd>P</kbd>
        </button>
        <button type="button" onClick={() => runCommand('next-flow')}>
          Next <kbd>N</kbd>
        </button>
      </span>
    </header>
  );
}

const VIEW_NAMES: Record<View, string> = {
  lanes: 'Lanes',
  ladder: 'Ladder',
  'time-sequence': 'Time-sequence',
};

function ViewBar(): React.JSX.Element {
  const now = useAtom(view);
  return (
    <div className="view-bar">
      <div className="tabs" role="tablist" aria-label="View" onKeyDown={moveTab}>
        {VIEWS.map((name, i) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={now === name}
            aria-controls="view-area"
            tabIndex={now === name ? 0 : -1}
            onClick={() => view.set(name)}
          >
            {VIEW_NAMES[name]} <kbd>{i + 1}</kbd>
          </button>
        ))}
      </div>
      <PanelSwitch />
    </div>
  );
}

/** Arrows move between tabs, as tabs do. */
function moveTab(event: React.KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const next = VIEWS[(VIEWS.indexOf(view.get()) + step + VIEWS.length) % VIEWS.length]!;
  view.set(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function PanelSwitch(): React.JSX.Element {
  const isOn = useAtom(panelOpen);
  return (
    <button type="button" aria-pressed={isOn} onClick={() => runCommand('panel')}>
      Explanation <kbd>Q</kbd>
    </button>
  );
}

interface ViewAreaProps {
  open: IncidentDetail;
  detail: FlowDetail | null;
}

function ViewArea({ open, detail }: ViewAreaProps): React.JSX.Element {
  const now = useAtom(view);
  const key = `${open.id} ${open.revision} ${detail?.flow.id ?? ''}`;
  const Shown = now === 'lanes' ? LanesView : now === 'ladder' ? LadderView : TimeSequenceView;
  return (
    <div className="view-area" id="view-area" role="tabpanel" aria-labelledby={`tab-${now}`}>
      <Shown key={key} incident={open} flow={detail} />
    </div>
  );
}

/** J and K: from claim to claim; its frames are lit, the window goes to the first of them. */
function useEvidenceKeys(detail: FlowDetail | null): void {
  useEffect(() => {
    if (detail === null) return;
    const { flow } = detail;
    let at = -1;
    const step = (by: number): void => {
      const chosen = selection.get();
      if (chosen.kind === 'claim' && chosen.flow === flow.id) at = chosen.index;
      at = Math.min(flow.claims.length - 1, Math.max(0, at + by));
      const claim = flow.claims[at];
      if (claim === undefined) return;
      const next = { kind: 'claim', flow: flow.id, index: at } as const;
      selection.set(next);
      spoken.set(`${claim.kind}: ${claim.text}`);
      const [frame] = claim.frames;
      if (frame !== undefined) void revealFrame(frame, () => selection.get() === next);
    };
    return onCommands({
      'next-evidence': () => step(1),
      'previous-evidence': () => step(-1),
      'open-evidence': () => {
        const chosen = selection.get();
        const frame = chosen.kind === 'claim' ? flow.claims[chosen.index]?.frames[0] : undefined;
        return frame === undefined ? false : focusFrame(frame);
      },
    });
  }, [detail]);
}

/** N and P: through the flows of the filter that one came from. */
function useNeighbourKeys(open: IncidentDetail | null): void {
  useEffect(() => {
    if (open === null) return;
    const step = async (by: number): Promise<void> => {
      const { q, sort, order, flow } = route.get();
      const pages = flowPages(open.id, open.revision, { q, sort, order });
      await pages.fetch(0);
      const at = await pages.find(flow, MOST_LOOKED_THROUGH);
      const next = at === null ? null : await pages.fetch(at + by);
      if (route.get().flow !== flow) return;
      if (at !== null && next !== null) pages.cursor.set(at + by);
      if (next === null) spoken.set(by > 0 ? 'No flow after this one' : 'No flow before this one');
      else go({ ...AFRESH, flow: next.id });
    };
    return onCommands({ 'next-flow': () => step(1), 'previous-flow': () => step(-1) });
  }, [open]);
}
