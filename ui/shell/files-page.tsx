/**
 * The step after files were dropped: what each of them is, where it was taken, how its clock stands
 * to the others. What was guessed can be said here; then the analysis runs again.
 */
import { useState } from 'react';
import type { Capture } from '../../analyzer/index.ts';
import type { IncidentDetail, StoredFile } from '../../server/api.ts';
import { analyse, changeIncident, deleteFile, fileAddress, setVantage } from '../data/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { reloadIncident } from '../state/load.ts';
import { explain } from '../state/uploads.ts';
import { AnalysisStatus } from './analysis-status.tsx';
import { Confirm, Time } from './bits.tsx';
import { describeClock, describeGap } from './clocks.ts';
import { FileButton, Uploads } from './drop.tsx';
import { count, formatBytes, formatNumber, vantageName } from './units.ts';

export function FilesPage(): React.JSX.Element | null {
  const open = useAtom(incident);
  const [error, setError] = useState<string | null>(null);
  if (open === null) return null;
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    setError(null);
    try {
      await work();
      await reloadIncident();
    } catch (failure) {
      setError(explain(failure));
    }
  };
  const isRunning = open.state === 'analysing' || open.state === 'queued';
  return (
    <div className="page">
      <div className="row">
        <h1>Files and vantages</h1>
        <span className="push row">
          <FileButton label="Add files" />
          <button
            type="button"
            onClick={() => void attempt(() => analyse(open.id))}
            disabled={open.files === 0 || isRunning}
          >
            {open.revision > 0 ? 'Analyse again' : 'Analyse'}
          </button>
          {open.report !== null && (
            <a className="button button-main" href={linkTo({ ...AFRESH, page: 'overview' })}>
              Show what happened
            </a>
          )}
        </span>
      </div>
      <Uploads />
      <Title open={open} attempt={attempt} />
      <AnalysisStatus open={open} />
      {error !== null && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      {open.storedFiles.length === 0 && (
        <p className="muted">No file yet: drop some, or add them with the button.</p>
      )}
      <div className="cards">
        {open.storedFiles.map((file) => (
          <FileCard key={file.id} file={file} open={open} attempt={attempt} />
        ))}
      </div>
    </div>
  );
}

/** Kept when one leaves the field. */
function Title({ open, attempt }: Pick<CardProps, 'open' | 'attempt'>): React.JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const save = (): void => {
    const title = draft?.trim() ?? '';
    setDraft(null);
    if (title !== '' && title !== open.title) void attempt(() => changeIncident(open.id, { title }));
  };
  return (
    <label className="field title-field">
      <span>Title of the incident</span>
      <input
        type="text"
        value={draft ?? open.title}
        maxLength={200}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
    </label>
  );
}

interface CardProps {
  file: StoredFile;
  open: IncidentDetail;
  attempt: (work: () => Promise<unknown>) => Promise<void>;
}

function FileCard({ file, open, attempt }: CardProps): React.JSX.Element {
  const capture = findCapture(file, open);
  return (
    <article className="card">
      <header>
        <h2 title={file.name}>{file.name}</h2>
        <span className="muted num push">{formatBytes(file.size)}</span>
      </header>
      <dl className="facts">
        {capture === null ? (
          <>
            <dt>Kind</dt>
            <dd>{file.kind === 'journal' ? 'journal of a node' : 'capture, not analysed yet'}</dd>
          </>
        ) : (
          <CaptureFacts capture={capture} open={open} />
        )}
        <dt>SHA-256</dt>
        <dd className="mono" title={file.sha256}>
          {file.sha256.slice(0, 12)}
        </dd>
      </dl>
      <PlaceForm file={file} open={open} capture={capture} attempt={attempt} />
      <div className="row">
        <a className="button button-plain" href={fileAddress(open.id, file.id)} download={file.name}>
          Download
        </a>
        <Confirm
          label="Remove"
          about={file.name}
          question="Remove it from the incident?"
          onYes={() =>
            void attempt(async () => {
              await deleteFile(open.id, file.id);
              if (open.storedFiles.length > 1) await analyse(open.id);
            })
          }
        />
      </div>
    </article>
  );
}

/** The report names files as they came; where it has the hash, by that. */
function findCapture(file: StoredFile, { report }: IncidentDetail): Capture | null {
  const captures = report?.captures ?? [];
  return (
    captures.find(({ sha256 }) => sha256 === file.sha256) ??
    captures.find((one) => one.sha256 === undefined && one.file === file.name) ??
    null
  );
}

function CaptureFacts({ capture, open }: { capture: Capture; open: IncidentDetail }): React.JSX.Element {
  const { format, linkTypes, firstTime, lastTime, dropped, frames, truncated, snaplen, gaps = [] } = capture;
  return (
    <>
      <dt>Format</dt>
      <dd>
        {format}, {linkTypes.join(', ')}
        {snaplen === null ? '' : `, first ${formatNumber(snaplen)} B of a frame`}
      </dd>
      <dt>Frames</dt>
      <dd className={truncated ? 'caution num' : 'num'}>
        {truncated ? `${count(frames, 'frame')} before the file was cut` : formatNumber(frames)}
      </dd>
      <dt>From</dt>
      <dd>{firstTime === null ? 'no frame' : <Time at={firstTime} />}</dd>
      <dt>To</dt>
      <dd>{lastTime === null ? 'no frame' : <Time at={lastTime} />}</dd>
      <dt>Drops</dt>
      <dd className={dropped !== null && dropped > 0 ? 'caution' : ''}>
        {dropped === null ? 'not recorded' : dropped === 0 ? 'none' : count(dropped, 'packet')}
      </dd>
      {gaps.length > 0 && (
        <>
          <dt>Gaps</dt>
          <dd className="caution">
            {gaps.map((gap) => (
              <div key={`${gap.interface} ${gap.from}`}>{describeGap(gap)}</div>
            ))}
          </dd>
        </>
      )}
      <dt>Clock</dt>
      <dd>
        {open.report !== null &&
          describeClock(capture, open.report, open.timeline?.vantages).map((line) => (
            <div key={line} className={/nothing ties|not bounded/.test(line) ? 'caution' : ''}>
              {line}
            </div>
          ))}
      </dd>
    </>
  );
}

/** Host and side; empty: guessed again. */
function PlaceForm({
  file,
  capture,
  open,
  attempt,
}: CardProps & { capture: Capture | null }): React.JSX.Element {
  const guessed = capture === null || capture.vantage.role === 'unknown' ? '' : vantageName(capture.vantage);
  const current = file.vantage ?? '';
  const [said, setSaid] = useState<string | null>(null);
  const [host = '', side = ''] = (said ?? current).split('.');
  const isChanged = said !== null && said !== current;
  const list = `hosts-${file.id}`;
  const save = (vantage: string | null): void => {
    void attempt(async () => {
      await setVantage(open.id, file.id, vantage);
      setSaid(null);
      await analyse(open.id);
    });
  };
  const inputId = `host-${file.id}`;
  return (
    <form
      className="place"
      onSubmit={(event) => {
        event.preventDefault();
        save(host === '' ? null : (said ?? current));
      }}
    >
      <div className="field">
        <label htmlFor={inputId}>Taken at</label>
        <input
          id={inputId}
          type="text"
          list={list}
          value={host}
          placeholder={guessed === '' ? 'not known' : guessed}
          pattern="[A-Za-z0-9][A-Za-z0-9_\-]*"
          title="A host such as client, node-a, server"
          onChange={(event) => setSaid(joinPlace(event.target.value, side))}
        />
        <datalist id={list}>
          {['client', 'node-a', 'node-b', 'server'].map((known) => (
            <option key={known} value={known} />
          ))}
        </datalist>
      </div>
      {file.kind === 'capture' && (
        <label className="field">
          <span>Side</span>
          <select
            value={side}
            disabled={host === ''}
            onChange={(event) => setSaid(joinPlace(host, event.target.value))}
          >
            <option value="">both, or an end</option>
            <option value="in">inner (to the client)</option>
            <option value="out">outer (to the server)</option>
          </select>
        </label>
      )}
      <span className="muted push">{describeSource(file, capture)}</span>
      {isChanged && (
        <button type="submit" className="button-main">
          Apply and analyse
        </button>
      )}
      {!isChanged && current !== '' && (
        <button type="button" onClick={() => save(null)}>
          Guess again
        </button>
      )}
    </form>
  );
}

const joinPlace = (host: string, side: string): string =>
  host === '' || side === '' ? host : `${host}.${side}`;

function describeSource(file: StoredFile, capture: Capture | null): string {
  if (file.vantage !== null) return 'said by you';
  if (capture === null) return '';
  return capture.vantage.role === 'unknown'
    ? 'could not be guessed'
    : capture.vantage.inferred
      ? 'guessed'
      : 'from its name';
}
