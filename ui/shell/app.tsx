/** The page: header, notices, the page that the address names, status line. */
import { useEffect, useRef } from 'react';
import { droppedFields, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { listenForKeys } from '../state/keymap.ts';
import { incidentLoad, reloadIncident } from '../state/load.ts';
import { pinError } from '../state/pins.ts';
import { formatRoute } from '../state/route.ts';
import { spoken } from '../state/selection.ts';
import { explain } from '../state/uploads.ts';
import { Blank } from './bits.tsx';
import { startCommands } from './commands.ts';
import { Dialogs } from './dialogs.tsx';
import { DropTarget } from './drop.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { FilesPage } from './files-page.tsx';
import { FlowPage } from './flow-page.tsx';
import { FlowsPage } from './flows-page.tsx';
import { IncidentsPage } from './incidents.tsx';
import { OverviewPage } from './overview.tsx';
import { PinBar } from './pin-bar.tsx';
import { PinsPage } from './pins-page.tsx';
import { StatusLine } from './status-line.tsx';
import { Top } from './top.tsx';

export function App(): React.JSX.Element {
  useEffect(listenForKeys, []);
  useEffect(startCommands, []);
  useTitle();
  useFocusOnTurn();
  const now = useAtom(route);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link that leaves the address as it is */}
      <a className="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Top />
      <div className="middle">
        <Notices />
        <main id="main" tabIndex={-1}>
          <ErrorBoundary place={formatRoute(now)}>
            <Page />
          </ErrorBoundary>
        </main>
        <PinBar />
      </div>
      <StatusLine />
      <DropTarget />
      <Dialogs />
    </>
  );
}

/** The fragment is the address of what is shown; a jump must not replace it. */
function skipToMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Page(): React.JSX.Element | null {
  const { page, incident: id } = useAtom(route);
  const open = useAtom(incident);
  const { error } = useAtom(incidentLoad);
  if (page === 'list') return <IncidentsPage />;
  if (error !== null && open === null)
    return <NoIncident id={id} status={error.status} message={explain(error)} />;
  if (open === null) return <Blank title="Loading the incident …">{null}</Blank>;
  if (page === 'overview') return <OverviewPage />;
  if (page === 'flows') return <FlowsPage />;
  if (page === 'flow') return <FlowPage />;
  if (page === 'pins') return <PinsPage />;
  return <FilesPage />;
}

function NoIncident(props: { id: string; status: number; message: string }): React.JSX.Element {
  if (props.status === 404) {
    return (
      <Blank title="This incident is not here">
        <p>
          The server at {location.host} has no incident <span className="mono">{props.id}</span>. It may have
          been deleted, or the link may be to another server. Whoever has its captures can drop them here
          again.
        </p>
        <a className="button" href="#/">
          Stored incidents
        </a>
      </Blank>
    );
  }
  return (
    <Blank title="The incident could not be loaded">
      <p className="problem" role="alert">
        {props.message}
      </p>
      <button type="button" onClick={() => void reloadIncident()}>
        Try again
      </button>
    </Blank>
  );
}

function Notices(): React.JSX.Element {
  const dropped = useAtom(droppedFields);
  const refused = useAtom(pinError);
  return (
    <>
      {dropped.length > 0 && (
        <div className="notice" role="status">
          Parts of this address make no sense and were left out:{' '}
          <span className="mono">{dropped.join(', ')}</span>
          <button type="button" onClick={() => droppedFields.set([])}>
            Dismiss
          </button>
        </div>
      )}
      {refused !== null && (
        <div className="notice notice-error" role="alert">
          Pin: {refused}
          <button type="button" onClick={() => pinError.set(null)}>
            Dismiss
          </button>
        </div>
      )}
    </>
  );
}

/** A page that was turned is read from its top, unless something on it has the focus. */
function useFocusOnTurn(): void {
  const { page, incident: id, flow } = useAtom(route);
  const place = `${page} ${id} ${flow}`;
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    spoken.set('');
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) document.getElementById('main')?.focus();
  }, [place]);
}

function useTitle(): void {
  const open = useAtom(incident);
  const { flow } = useAtom(route);
  useEffect(() => {
    const parts = [flow === '' ? '' : `flow ${flow}`, open?.title ?? '', 'Stallscope'];
    document.title = parts.filter((part) => part !== '').join(' · ');
  }, [open, flow]);
}
