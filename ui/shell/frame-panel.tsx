/**
 * One frame, decoded, and the same packet at every other vantage beside it. Fields that differ are
 * marked: TTL, MAC addresses, translated ports are how one sees what a gateway did to it.
 */
import type { DecodedLayer, FrameRef } from '../../analyzer/index.ts';
import type { FrameDetail } from '../../server/api.ts';
import { loadFrame } from '../data/frames.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { runCommand } from '../state/keymap.ts';
import { NOTHING, selection } from '../state/selection.ts';
import { CopyButton, Time } from './bits.tsx';
import { compareLayers, type FieldRow, type LayerRows } from './compare-layers.ts';
import { captureNames, formatFrame, nameOf } from './units.ts';
import { useLoad } from './use-load.ts';

export function FramePanel({ frame }: { frame: FrameRef }): React.JSX.Element | null {
  const open = useAtom(incident);
  const key = open === null ? null : `${open.id} ${open.revision} ${frame.capture} ${frame.frame}`;
  const { value, error, loading } = useLoad(key, () => loadFrame(open!.id, open!.revision, frame));
  if (open === null) return null;
  const names = captureNames(open.report?.captures ?? []);
  const title = formatFrame(frame, names);
  return (
    <section className="frame-panel" aria-label={`Frame ${title}`}>
      <header className="row">
        <h2 className="mono">{title}</h2>
        {value !== null && value.sightings[0] !== undefined && (
          <Time at={value.sightings[0].time} decimals={6} />
        )}
        {loading && <span className="muted">Loading …</span>}
        <span className="push row">
          <CopyButton label="Copy Wireshark filter" text={() => `frame.number == ${frame.frame}`} />
          <button type="button" onClick={() => runCommand('pin')}>
            Pin <kbd>B</kbd>
          </button>
          <button type="button" onClick={() => selection.set(NOTHING)} aria-label="Close the frame">
            Close
          </button>
        </span>
      </header>
      {error !== null && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      {value !== null && <Sightings detail={value} nameOfCapture={(id) => nameOf(id, names)} />}
    </section>
  );
}

interface SightingsProps {
  detail: FrameDetail;
  nameOfCapture: (id: string) => string;
}

function Sightings({ detail, nameOfCapture }: SightingsProps): React.JSX.Element {
  const { sightings } = detail;
  const layers = compareLayers(sightings.map((one): DecodedLayer[] => one.layers));
  if (sightings.length === 1) return <OneSighting layers={layers} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section className="frame-scroll" tabIndex={0} aria-label="Decoded fields">
      <table className="sightings">
        <thead>
          <tr>
            <th scope="col">Field</th>
            {sightings.map(({ frame, time }) => (
              <th scope="col" key={`${frame.capture} ${frame.frame}`}>
                {nameOfCapture(frame.capture)} #{frame.frame}
                <div>
                  <Time at={time} decimals={6} />
                </div>
              </th>
            ))}
          </tr>
        </thead>
        {layers.map(({ name, rows }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a frame may hold one layer twice
          <tbody key={i}>
            <tr>
              <th scope="rowgroup" colSpan={1 + sightings.length} className="layer">
                {name}
              </th>
            </tr>
            {rows.map((row, j) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: and one field twice
              <Field key={j} row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

/** With nothing to compare, layers stand side by side. */
function OneSighting({ layers }: { layers: readonly LayerRows[] }): React.JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section className="frame-scroll" tabIndex={0} aria-label="Decoded fields">
      <p className="muted">Not known at any other vantage.</p>
      <div className="layers">
        {layers.map(({ name, rows }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a frame may hold one layer twice
          <section key={i}>
            <h3>{name}</h3>
            <dl className="facts">
              {rows.map((row, j) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: and one field twice
                <div key={j} className="fact">
                  <dt>{row.name}</dt>
                  <dd className="mono">{row.values[0]}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </section>
  );
}

function Field({ row: { name, values, differs } }: { row: FieldRow }): React.JSX.Element {
  return (
    <tr className={differs ? 'differs' : ''}>
      <th scope="row">
        {name}
        {differs && <span className="hidden-text"> (differs)</span>}
      </th>
      {values.map((value, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column a sighting, in a fixed order
        <td key={i} className="mono">
          {value ?? '–'}
        </td>
      ))}
    </tr>
  );
}
