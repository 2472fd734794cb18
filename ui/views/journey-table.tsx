/** The ladder as a table: a packet a row, a column a vantage, with what was not seen in words. */
import { useState } from 'react';
import type { FrameRef, Journey } from '../../analyzer/index.ts';
import type { IncidentDetail } from '../../server/api.ts';
import { sameFrame } from '../data/located.ts';
import { isNotable } from '../draw/journey-lines.ts';
import { vantageName } from '../draw/lanes-paint.ts';
import { grouped } from '../draw/words.ts';
import { useAtom } from '../state/atom.ts';
import { selection } from '../state/selection.ts';
import { describeMode, formatTime, timeMode } from '../state/time.ts';

const PAGE = 200;

export function JourneyTable({
  incident,
  journeys,
}: {
  incident: IncidentDetail;
  journeys: readonly Journey[];
}) {
  const [page, setPage] = useState(() => pageOfChosen(journeys));
  const [onlyNotable, setOnlyNotable] = useState(false);
  useAtom(timeMode);
  const list = onlyNotable ? journeys.filter(isNotable) : journeys;
  const pages = Math.max(1, Math.ceil(list.length / PAGE));
  const shown = list.slice(page * PAGE, (page + 1) * PAGE);
  const vantages = incident.timeline?.vantages ?? [];
  return (
    <>
      <div className="view-bar">
        <label>
          <input
            type="checkbox"
            checked={onlyNotable}
            onChange={(event) => {
              setOnlyNotable(event.target.checked);
              setPage(0);
            }}
          />{' '}
          only retransmissions and lost packets
        </label>
        <button type="button" className="quiet" disabled={page === 0} onClick={() => setPage(page - 1)}>
          Previous page
        </button>
        <span>
          {page + 1} of {pages}
        </span>
        <button
          type="button"
          className="quiet"
          disabled={page + 1 >= pages}
          onClick={() => setPage(page + 1)}
        >
          Next page
        </button>
      </div>
      <table>
        <caption>Packets of this flow and the frame at each vantage, times {describeMode()}</caption>
        <thead>
          <tr>
            {['Time', 'From', 'What'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            {vantages.map((vantage) => (
              <th key={vantage.index} scope="col">
                {vantageName(vantage)}
              </th>
            ))}
            <th scope="col">Flags</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((journey) => (
            <JourneyRow
              key={`${journey.time} ${journey.from} ${journey.seq} ${journey.ack} ${frameKey(journey)}`}
              journey={journey}
              vantages={vantages.map(({ index }) => index)}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The page with the frame that is selected, else the first. */
function pageOfChosen(journeys: readonly Journey[]): number {
  const chosen = selection.get();
  if (chosen.kind !== 'frame') return 0;
  return Math.max(0, Math.floor(journeys.findIndex((journey) => holds(journey, chosen.frame)) / PAGE));
}

const holds = ({ stops }: Journey, ref: FrameRef): boolean =>
  stops.some(({ frame }) => sameFrame(frame ?? null, ref));

const frameKey = ({ stops }: Journey): string =>
  stops.map(({ frame }) => (frame === undefined ? '-' : frame.frame)).join();

function JourneyRow({ journey, vantages }: { journey: Journey; vantages: readonly number[] }) {
  const chosen = useAtom(selection);
  const { from, time, seq, ack, length, label, flags, stops } = journey;
  const isChosen = chosen.kind === 'frame' && holds(journey, chosen.frame);
  const what = length > 0 ? `${grouped(seq)}, ${grouped(length)} B` : `ack ${grouped(ack)}`;
  return (
    <tr
      ref={isChosen ? (row) => row?.scrollIntoView({ block: 'nearest' }) : null}
      aria-current={isChosen}
      className={isNotable(journey) ? 'problem' : undefined}
    >
      <th scope="row">{formatTime(time, 6)}</th>
      <td>{from}</td>
      <td>{label === '' ? what : `${label}: ${what}`}</td>
      {vantages.map((vantage) => (
        <td key={vantage}>
          {stops
            .filter((stop) => stop.vantage === vantage)
            .map(({ frame, seen }, at) =>
              frame === undefined ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: the stops of one packet never change
                <span key={at}>{seen === 'missing' ? 'not seen' : 'cannot say'}</span>
              ) : (
                <button
                  key={`${frame.capture}:${frame.frame}`}
                  type="button"
                  className="quiet mono"
                  onClick={() => selection.set({ kind: 'frame', frame })}
                >
                  {frame.frame}
                </button>
              ),
            )}
        </td>
      ))}
      <td>{flags}</td>
    </tr>
  );
}
