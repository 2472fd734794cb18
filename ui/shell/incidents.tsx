/** The first page: where files go in, and the incidents that are stored. */
import { useCallback, useEffect, useState } from 'react';
import type { IncidentState, IncidentSummary } from '../../server/api.ts';
import { changeIncident, deleteIncident, listIncidents } from '../data/api.ts';
import { useAtom } from '../state/atom.ts';
import { formatDate, formatDuration } from '../state/time.ts';
import { explain, uploadRounds } from '../state/uploads.ts';
import { Confirm } from './bits.tsx';
import { FileButton, Uploads } from './drop.tsx';
import { count, formatBytes, formatNumber } from './units.ts';

/** ms after which the list is asked for again: while something is analysed, and else, for what others do. */
const REFRESH = 2000;
const SLOW_REFRESH = 10_000;

export function IncidentsPage(): React.JSX.Element {
  return (
    <div className="page">
      <section className="welcome" aria-labelledby="welcome">
        <div>
          <h1 id="welcome">What hung when the gateway failed over, and why</h1>
          <p>
            Drop the packet captures of one incident anywhere on this page: from the client, the nodes, the
            server, as many as there are (pcap, pcapng; gz, zst, lz4), and journals of the nodes with them.{' '}
            {describePlace()}
          </p>
        </div>
        <FileButton label="Choose files" main />
      </section>
      <Uploads />
      <Stored />
    </div>
  );
}

/** The truth about where the bytes go. */
function describePlace(): string {
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  return isHere
    ? `They are stored on this machine, by the server at ${location.host}; nothing leaves it.`
    : `They are sent to the server at ${location.host} and stored there; it sends them nowhere else.`;
}

interface Listing {
  incidents: IncidentSummary[] | null;
  error: string | null;
}

function useListing(): Listing & { reload: () => void } {
  const [listing, setListing] = useState<Listing>({ incidents: null, error: null });
  const reload = useCallback(() => {
    listIncidents().then(
      ({ incidents }) => setListing({ incidents, error: null }),
      (error: unknown) => setListing((before) => ({ ...before, error: explain(error) })),
    );
  }, []);
  const rounds = useAtom(uploadRounds);
  const isBusy = listing.incidents?.some(({ state }) => state === 'analysing' || state === 'queued') ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: files that arrived, or did not, change the list
  useEffect(reload, [reload, rounds]);
  useEffect(() => {
    const isUrgent = isBusy || listing.error !== null;
    const timer = setInterval(() => document.hidden || reload(), isUrgent ? REFRESH : SLOW_REFRESH);
    return () => clearInterval(timer);
  }, [isBusy, listing.error, reload]);
  return { ...listing, reload };
}

function Stored(): React.JSX.Element {
  const { incidents, error, reload } = useListing();
  return (
    <section className="section" aria-labelledby="stored">
      <header>
        <h2 id="stored">Stored incidents</h2>
        {incidents !== null && <span className="muted num">{formatNumber(incidents.length)}</span>}
      </header>
      {error !== null && (
        <p className="problem" role="alert">
          {error}{' '}
          <button type="button" onClick={reload}>
            Try again
          </button>
        </p>
      )}
      {incidents === null && error === null && <p className="muted">Loading …</p>}
      {incidents?.length === 0 && (
        <p className="muted">None yet. The first one appears here when its files have arrived.</p>
      )}
      {incidents !== null && incidents.length > 0 && <IncidentTable incidents={incidents} reload={reload} />}
    </section>
  );
}

function IncidentTable(props: { incidents: IncidentSummary[]; reload: () => void }): React.JSX.Element {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Incident</th>
          <th scope="col">State</th>
          <th scope="col" className="right">
            Flows
          </th>
          <th scope="col" className="right">
            Worst stall
          </th>
          <th scope="col">Stored</th>
          <th scope="col" className="right">
            Size
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.incidents.map((one) => (
          <IncidentRow key={one.id} incident={one} reload={props.reload} />
        ))}
      </tbody>
    </table>
  );
}

function IncidentRow({
  incident,
  reload,
}: {
  incident: IncidentSummary;
  reload: () => void;
}): React.JSX.Element {
  const [error, setError] = useState<string | null>(null);
  const attempt = (work: Promise<unknown>): void => {
    work.then(reload, (failure: unknown) => setError(explain(failure)));
  };
  const { id, title, headline, state, flows, worstStall, created, size, expires } = incident;
  return (
    <tr>
      <td>
        <a className="incident-title" href={state === 'ready' ? `#/i/${id}` : `#/i/${id}/files`}>
          {title}
        </a>
        <div className="incident-headline">{headline ?? incident.error ?? count(incident.files, 'file')}</div>
        {error !== null && (
          <div className="problem" role="alert">
            {error}
          </div>
        )}
      </td>
      <td>
        <StateWord state={state} />
      </td>
      <td className="right num">{flows === null ? '' : formatNumber(flows)}</td>
      <td className="right num">{worstStall === null ? '' : formatDuration(worstStall)}</td>
      <td className="num">
        {formatDate(created, 0).replace(' UTC', '')}
        <div className="muted">
          {expires === null ? 'kept' : `until ${formatDate(expires, 0).slice(0, 10)}`}
        </div>
      </td>
      <td className="right num">{formatBytes(size)}</td>
      <td>
        <div className="actions">
          {expires !== null && (
            <button
              type="button"
              className="button-plain"
              aria-label={`Keep ${title}`}
              onClick={() => attempt(changeIncident(id, { keep: true }))}
            >
              Keep
            </button>
          )}
          <Confirm
            label="Delete"
            about={title}
            question="With its captures and pins?"
            onYes={() => attempt(deleteIncident(id))}
          />
        </div>
      </td>
    </tr>
  );
}

const STATES: Record<IncidentState, { word: string; tone: string }> = {
  empty: { word: 'no files', tone: 'muted' },
  uploaded: { word: 'not analysed', tone: 'caution' },
  queued: { word: 'waiting', tone: 'muted' },
  analysing: { word: 'analysing', tone: 'caution' },
  ready: { word: 'ready', tone: 'good' },
  failed: { word: 'failed', tone: 'problem' },
};

export function StateWord({ state }: { state: IncidentState }): React.JSX.Element {
  const { word, tone } = STATES[state];
  return (
    <span className={`state ${tone}`}>
      <span className={`dot ${tone === 'good' ? '' : 'dot-caution'}`} aria-hidden="true" />
      {word}
    </span>
  );
}
