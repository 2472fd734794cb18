/** What was pinned for the postmortem: in order of time, each with its note, each a way back to what it is on. */
import { useEffect, useState } from 'react';
import type { Pin } from '../../server/api.ts';
import { exportAddress } from '../data/api.ts';
import { AFRESH, linkTo } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { incident } from '../state/incident.ts';
import { editPin, pins, removePin } from '../state/pins.ts';
import type { Route } from '../state/route.ts';
import { parseTarget } from '../state/target.ts';
import { formatDate } from '../state/time.ts';
import { Confirm, Time } from './bits.tsx';

export function PinsPage(): React.JSX.Element | null {
  const open = useAtom(incident);
  const list = useAtom(pins);
  if (open === null) return null;
  const sorted = [...list].sort(compareTimes);
  return (
    <div className="page">
      <div className="row">
        <h1>Pinned for the postmortem</h1>
        {open.report !== null && (
          <span className="row push">
            {POSTMORTEMS.map(([name, words]) => (
              <a
                key={name}
                className="button"
                href={exportAddress(open.id, name)}
                download={`${open.id}-${name}`}
              >
                {words}
              </a>
            ))}
          </span>
        )}
      </div>
      {sorted.length === 0 && (
        <p className="muted">
          Nothing yet. <kbd>B</kbd> pins the frame, range, claim or flow that is selected; it then stands in
          the timeline of the postmortem, with your note.
        </p>
      )}
      <ol className="pins">
        {sorted.map((pin) => (
          <PinRow key={pin.id} pin={pin} />
        ))}
      </ol>
    </div>
  );
}

const POSTMORTEMS = [
  ['incident.md', 'Postmortem, Markdown'],
  ['incident.html', 'Postmortem, HTML'],
] as const;

/** Those without a time stand last, in the order in which they were made. */
function compareTimes(a: Pin, b: Pin): number {
  const [x, y] = [a.at ?? '9'.repeat(25), b.at ?? '9'.repeat(25)];
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
}

function PinRow({ pin }: { pin: Pin }): React.JSX.Element {
  return (
    <li className="pin">
      <div className="num">
        {pin.at === null ? <span className="muted">no time</span> : <Time at={pin.at} />}
        {pin.at !== null && <div className="muted">{formatDate(pin.at)}</div>}
      </div>
      <div>
        <a href={pinLink(pin)}>{pin.title}</a> <span className="muted mono">{pin.target}</span>
        <PinNote pin={pin} />
      </div>
      <Confirm
        label="Delete"
        about={pin.title}
        question="Delete this pin?"
        onYes={() => void removePin(pin.id)}
      />
    </li>
  );
}

/** Kept when one leaves the field or presses Ctrl+Enter. */
export function PinNote({ pin }: { pin: Pin }): React.JSX.Element {
  const [draft, setDraft] = useState(pin.note);
  useEffect(() => setDraft(pin.note), [pin.note]);
  const save = (): void => {
    if (draft !== pin.note) void editPin(pin.id, draft);
  };
  return (
    <textarea
      rows={1}
      aria-label={`Note on ${pin.title}`}
      placeholder="Note"
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        save();
      }}
    />
  );
}

/** Where the pin was made: a flow's page for what belongs to a flow, else the overview. */
function pinLink({ target }: Pin): string {
  const parsed = parseTarget(target);
  const place: Partial<Route> =
    parsed?.kind === 'flow' || parsed?.kind === 'claim'
      ? { page: 'flow', flow: parsed.flow }
      : { page: 'overview', flow: '' };
  return linkTo({ ...AFRESH, ...place, sel: target });
}
