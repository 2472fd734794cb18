/** After a pin was made: a line at the bottom to write its note, or to take it back. It stays until it is closed. */
import { useEffect, useState } from 'react';
import type { Pin } from '../../server/api.ts';
import { useAtom } from '../state/atom.ts';
import { onCommand } from '../state/keymap.ts';
import { addPin, pins, removePin } from '../state/pins.ts';
import { spoken } from '../state/selection.ts';
import { describePin } from './make-pin.ts';
import { PinNote } from './pins-page.tsx';

export function PinBar(): React.JSX.Element | null {
  const [made, setMade] = useState<string | null>(null);
  const list = useAtom(pins);
  useEffect(() => onCommand('pin', () => void pin().then((id) => id !== null && setMade(id))), []);
  const current = list.find(({ id }) => id === made);
  if (current === undefined) return null;
  return <Bar key={current.id} pin={current} onClose={() => setMade(null)} />;
}

async function pin(): Promise<string | null> {
  const wanted = await describePin();
  if (wanted === null) {
    spoken.set('Nothing is selected: select a frame, a claim or a range, or open a flow');
    return null;
  }
  const same = pins.get().find(({ target }) => target === wanted.target);
  return same?.id ?? (await addPin(wanted))?.id ?? null;
}

function Bar({ pin: current, onClose }: { pin: Pin; onClose: () => void }): React.JSX.Element {
  return (
    <section className="pin-bar" aria-label="Pinned">
      <span className="pin-title">
        Pinned: <b>{current.title}</b>
      </span>
      <PinNote pin={current} />
      <button type="button" onClick={() => void removePin(current.id)}>
        Undo
      </button>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
