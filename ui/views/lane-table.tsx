/**
 * The frames of one lane as a table, a page at a time, from the frame that is selected or from where the picture
 * begins: the same rows, for keyboard and screen reader.
 */
import { useEffect, useState } from 'react';
import { FIRST_PROBLEM, type LaneFrame, MARK_NAMES } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { getLaneFrames } from '../data/api.ts';
import { type FrameFinder, sameFrame } from '../data/located.ts';
import type { LaneSpec } from '../draw/lanes-layout.ts';
import { grouped } from '../draw/words.ts';
import { useAtom } from '../state/atom.ts';
import { selection, spoken } from '../state/selection.ts';
import { describeMode, formatTime, timeMode } from '../state/time.ts';
import { viewport } from '../state/viewport.ts';
import { speakFrame } from './bucket-words.ts';
import { laneOf } from './navigation.ts';
import { vantageOf } from './sources.ts';

const PAGE = 200;

interface Page {
  readonly frames: readonly LaneFrame[];
  readonly more: boolean;
}

export interface LaneTableProps {
  readonly incident: IncidentDetail;
  readonly specs: readonly LaneSpec[];
  readonly finder: FrameFinder;
}

export function LaneTable({ incident, specs, finder }: LaneTableProps) {
  const [lane, setLane] = useState(specs[0]?.lane ?? '');
  const [onlyProblems, setOnlyProblems] = useState(false);
  const [starts, setStarts] = useState<readonly number[]>([viewport.get().from]);
  const from = starts.at(-1)!;
  const page = usePage(incident, lane, from, onlyProblems ? FIRST_PROBLEM : 0);
  const spec = specs.find((one) => one.lane === lane);
  const restart = (): void => setStarts([viewport.get().from]);
  useEffect(() => {
    let isWanted = true;
    void locateChosen(finder, specs).then((found) => {
      if (!isWanted || found === null) return;
      setLane(found.lane);
      setStarts([viewport.get().from, found.time]);
    });
    return () => {
      isWanted = false;
    };
  }, [finder, specs]);
  const last = page instanceof Error ? undefined : page?.frames.at(-1);
  return (
    <>
      <div className="view-bar">
        <label>
          Lane{' '}
          <select
            value={lane}
            onChange={(event) => {
              setLane(event.target.value);
              restart();
            }}
          >
            {specs.map((one) => (
              <option key={one.lane} value={one.lane}>
                {laneName(incident, one)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={onlyProblems}
            onChange={(event) => setOnlyProblems(event.target.checked)}
          />{' '}
          only problems
        </label>
        <button
          type="button"
          className="quiet"
          disabled={starts.length < 2}
          onClick={() => setStarts(starts.slice(0, -1))}
        >
          Previous page
        </button>
        <button
          type="button"
          className="quiet"
          disabled={last === undefined || page instanceof Error || !page?.more}
          onClick={() => last !== undefined && setStarts([...starts, Math.max(last.time, from + 1)])}
        >
          Next page
        </button>
      </div>
      {page === null && <p role="status">Loading frames…</p>}
      {page instanceof Error && <p role="alert">{page.message}</p>}
      {page !== null && !(page instanceof Error) && spec !== undefined && (
        <Rows incident={incident} spec={spec} finder={finder} frames={page.frames} />
      )}
    </>
  );
}

/** Where the frame that is selected stands, for a table that begins with it. */
async function locateChosen(
  finder: FrameFinder,
  specs: readonly LaneSpec[],
): Promise<{ lane: string; time: number } | null> {
  const chosen = selection.get();
  const found = chosen.kind === 'frame' ? await finder.find(chosen.frame) : null;
  const spec = specs[laneOf(specs, found)];
  return found === null || spec === undefined ? null : { lane: spec.lane, time: Math.floor(found.time) };
}

export function laneName(incident: IncidentDetail, { vantage, from }: LaneSpec): string {
  const name = vantageOf(incident, vantage);
  return from === null ? name : `${name}, sent by the ${from}`;
}

function usePage(incident: IncidentDetail, lane: string, from: number, least: number): Page | Error | null {
  const [page, setPage] = useState<Page | Error | null>(null);
  const { id, timeline } = incident;
  const to = (timeline?.to ?? 0) + 1;
  useEffect(() => {
    const stop = new AbortController();
    setPage(null);
    getLaneFrames(id, lane, { from, to, limit: PAGE, least }, stop.signal).then(
      ({ frames, truncated }) => setPage({ frames, more: truncated }),
      (error: unknown) => {
        if (!stop.signal.aborted) setPage(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return () => stop.abort();
  }, [id, lane, from, to, least]);
  return page;
}

const HEADS = ['Frame', 'Time', 'What', 'Seq', 'Ack', 'Length', 'Window', 'Flags'];

interface RowsProps {
  readonly incident: IncidentDetail;
  readonly spec: LaneSpec;
  readonly finder: FrameFinder;
  readonly frames: readonly LaneFrame[];
}

function Rows({ incident, spec, finder, frames }: RowsProps) {
  const chosen = useAtom(selection);
  useAtom(timeMode);
  if (frames.length === 0) return <p>No frame in this lane from here on.</p>;
  return (
    <table>
      <caption>
        {laneName(incident, spec)}, times {describeMode()}
      </caption>
      <thead>
        <tr>
          {HEADS.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {frames.map((row) => (
          <tr
            key={`${row.frame.capture}:${row.frame.frame}`}
            aria-current={chosen.kind === 'frame' && sameFrame(chosen.frame, row.frame)}
            className={row.mark >= FIRST_PROBLEM ? 'problem' : undefined}
          >
            <th scope="row">
              <button
                type="button"
                className="quiet mono"
                onClick={() => {
                  finder.keep({
                    frame: row.frame,
                    vantage: spec.vantage,
                    time: row.time,
                    from: row.from,
                    row,
                  });
                  selection.set({ kind: 'frame', frame: row.frame });
                  spoken.set(speakFrame(incident, row, spec.vantage));
                }}
              >
                {row.frame.frame}
              </button>
            </th>
            <td>{formatTime(row.time, 6)}</td>
            <td>{MARK_NAMES[row.mark]}</td>
            <td>{row.seq === null ? '–' : grouped(row.seq)}</td>
            <td>{row.ack === null ? '–' : grouped(row.ack)}</td>
            <td>{grouped(row.length)}</td>
            <td>{grouped(row.window)}</td>
            <td>{row.flags}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
