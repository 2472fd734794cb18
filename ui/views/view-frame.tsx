/** What every view has around its canvas: switches, legend, errors with a retry, and the table that says the same. */
import { type ReactNode, useEffect, useState } from 'react';
import { type Atom, useAtom } from '../state/atom.ts';
import type { Scene } from './scene.ts';
import './views.css';

export interface Switch {
  readonly label: string;
  /** As `COMMANDS` has it. */
  readonly keys?: string;
  readonly value: Atom<boolean>;
}

export interface ViewFrameProps {
  readonly name: string;
  readonly switches: readonly Switch[];
  readonly legend?: ReactNode;
  /** Beside the legend: what is left out, how many. */
  readonly note?: string | undefined;
  readonly failure?: { readonly message: string; retry(): void } | null;
  readonly table: () => ReactNode;
  readonly children: ReactNode;
}

export function ViewFrame({ name, switches, legend, note, failure, table, children }: ViewFrameProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section className="view" aria-label={name}>
      <div className="view-bar">
        <div className="view-legend">{legend}</div>
        {note !== undefined && <span className="muted">{note}</span>}
        {switches.map((one) => (
          <Toggle key={one.label} {...one} />
        ))}
        <button
          type="button"
          className="quiet"
          aria-pressed={asTable}
          onClick={() => setAsTable((value) => !value)}
        >
          {asTable ? 'Show as picture' : 'Show as table'}
        </button>
      </div>
      {failure != null && (
        <div className="view-failure" role="alert">
          <span>{failure.message}</span>
          <button type="button" onClick={failure.retry}>
            Try again
          </button>
        </div>
      )}
      {asTable ? <div className="view-table">{table()}</div> : children}
    </section>
  );
}

function Toggle({ label, keys, value }: Switch) {
  const isOn = useAtom(value);
  return (
    <button type="button" className="quiet" aria-pressed={isOn} onClick={() => value.set(!isOn)}>
      {label}
      {keys !== undefined && <kbd>{keys}</kbd>}
    </button>
  );
}

/** Instead of a view: nothing to show (yet), and why. */
export function EmptyView({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className="view view-empty" aria-label={title}>
      <p>{title}</p>
      {children}
    </section>
  );
}

/** A scene that lives as long as `make` is the same. null before the first effect. */
export function useScene<S extends Scene>(make: () => S): S | null {
  const [scene, setScene] = useState<S | null>(null);
  useEffect(() => {
    const made = make();
    setScene(made);
    return () => {
      setScene(null);
      made.dispose();
    };
  }, [make]);
  return scene;
}

/** Looks after every change of its tiles whether something failed. */
export function useFailure(
  scene: Scene | null,
  tiles: { subscribe(listener: () => void): () => void },
): { message: string; retry(): void } | null {
  const [message, setMessage] = useState<string | null>(null);
  useEffect(() => {
    const look = (): void => setMessage(scene?.failure()?.message ?? null);
    look();
    return tiles.subscribe(look);
  }, [scene, tiles]);
  return message === null || scene === null ? null : { message, retry: () => scene.retry() };
}
