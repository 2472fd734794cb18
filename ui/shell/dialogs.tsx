/** Help, the command palette and "go to frame": made from the one table of commands. */
import { useEffect, useId, useRef, useState } from 'react';
import { AFRESH, go, route } from '../state/address.ts';
import { useAtom } from '../state/atom.ts';
import { focusFrame } from '../state/focus.ts';
import { incident } from '../state/incident.ts';
import {
  COMMANDS,
  type Command,
  type CommandId,
  canRun,
  onCommands,
  runCommand,
  type Scope,
} from '../state/keymap.ts';
import { type Layout, labelKey, readLayout } from './key-labels.ts';
import { captureNames, parseFrame } from './units.ts';

type Shown = 'help' | 'palette' | 'go-to-frame' | null;

export function Dialogs(): React.JSX.Element | null {
  const [shown, setShown] = useState<Shown>(null);
  useEffect(
    () =>
      onCommands({
        help: () => setShown('help'),
        palette: () => setShown('palette'),
        'go-to-frame': () => (incident.get()?.report ? setShown('go-to-frame') : false),
      }),
    [],
  );
  const close = (): void => setShown(null);
  if (shown === 'help') return <Help onClose={close} />;
  if (shown === 'palette') return <Palette onClose={close} />;
  if (shown === 'go-to-frame') return <GoToFrame onClose={close} />;
  return null;
}

interface DialogProps {
  title: string;
  className: string;
  onClose: () => void;
  children: React.ReactNode;
}

/** The browser's own: it keeps the focus inside, and gives it back. */
function Dialog({ title, className, onClose, children }: DialogProps): React.JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    box.current?.showModal();
    // The browser begins with the first button, which closes.
    box.current?.querySelector('input')?.focus();
  }, []);
  return (
    <dialog
      ref={box}
      className={className}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => event.target === box.current && box.current?.close()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header className="row dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="push" onClick={() => box.current?.close()}>
          Close
        </button>
      </header>
      {children}
    </dialog>
  );
}

const SCOPES: [Scope, string][] = [
  ['everywhere', 'Everywhere'],
  ['incident', 'In an incident'],
  ['list', 'Table of flows'],
  ['flow', 'A flow'],
  ['time', 'Timelines'],
];

function useLayout(): Layout {
  const [layout, setLayout] = useState<Layout>(new Map());
  useEffect(() => {
    void readLayout().then(setLayout);
  }, []);
  return layout;
}

function Keys({ keys, layout }: { keys: readonly string[]; layout: Layout }): React.JSX.Element {
  return (
    <span className="keys">
      {keys
        .filter((key) => !key.startsWith('Numpad'))
        .map((key) => (
          <kbd key={key}>{labelKey(key, layout)}</kbd>
        ))}
    </span>
  );
}

function Help({ onClose }: { onClose: () => void }): React.JSX.Element {
  const layout = useLayout();
  return (
    <Dialog title="Keys" className="help" onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <section className="help-body" tabIndex={0} aria-label="All keys">
        <div className="help-columns">
          {SCOPES.map(([scope, title]) => (
            <section key={scope}>
              <h3>{title}</h3>
              <dl>
                {COMMANDS.filter((one) => one.scope === scope && one.keys.length > 0).map((one) => (
                  <div key={one.id} className="help-row">
                    <dt>{one.label}</dt>
                    <dd>
                      <Keys keys={one.keys} layout={layout} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
          <section>
            <h3>Mouse on timelines</h3>
            <dl>
              {MOUSE.map(([how, what]) => (
                <div key={how} className="help-row">
                  <dt>{what}</dt>
                  <dd>{how}</dd>
                </div>
              ))}
            </dl>
          </section>
        </div>
      </section>
    </Dialog>
  );
}

const MOUSE: readonly [string, string][] = [
  ['Ctrl + wheel, pinch', 'Zoom at the pointer'],
  ['Drag', 'Select a range'],
  ['Shift + drag', 'Pan'],
  ['Double click', 'Show all'],
];

/** In the order of the words typed: all of them must be there. */
export function matchCommands(text: string, commands: readonly Command[]): Command[] {
  const words = text.toLowerCase().split(/\s+/);
  return commands.filter(({ label, id }) =>
    words.every((word) => `${label} ${id}`.toLowerCase().includes(word)),
  );
}

function Palette({ onClose }: { onClose: () => void }): React.JSX.Element {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const layout = useLayout();
  const list = useId();
  const found = matchCommands(
    text,
    COMMANDS.filter(({ id }) => id !== 'palette' && canRun(id)),
  );
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    // After the dialog has given the focus back.
    setTimeout(() => runCommand(command.id as CommandId));
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.min(found.length - 1, Math.max(0, at + step));
      setAt(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' });
    }
    if (event.key === 'Enter') run(found[at]);
  };
  return (
    <Dialog title="Commands" className="palette" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found.length === 0 ? undefined : `${list}-${at}`}
        placeholder="What to do"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={list} role="listbox" aria-label="Commands" className="palette-list">
        {found.map((command, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above hears the keys
          <div
            key={command.id}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === at}
            tabIndex={-1}
            onClick={() => run(command)}
          >
            <span>{command.label}</span>
            <Keys keys={command.keys.slice(0, 1)} layout={layout} />
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="palette-none muted">No command has these words.</p>}
    </Dialog>
  );
}

function GoToFrame({ onClose }: { onClose: () => void }): React.JSX.Element {
  const open = useAtom(incident);
  const [text, setText] = useState('');
  const [error, setError] = useState<string | null>(null);
  const captures = open?.report?.captures ?? [];
  const names = [...captureNames(captures).values()];
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const frame = parseFrame(text, captures);
    const last = captures.find(({ id }) => id === frame?.capture)?.frames ?? 0;
    if (frame === null) setError(`A capture and a number, such as ${names[0] ?? 'client'}:4120`);
    else if (frame.frame > last) setError(`This capture ends with frame ${last}`);
    else {
      onClose();
      // Where frames are shown.
      const { page } = route.get();
      if (page !== 'flow' && page !== 'overview') go({ ...AFRESH, page: 'overview' });
      void focusFrame(frame);
    }
  };
  return (
    <Dialog title="Go to frame" className="palette" onClose={onClose}>
      <form className="go-form" onSubmit={submit}>
        <input
          type="text"
          aria-label="Frame"
          aria-invalid={error !== null}
          placeholder={`${names[0] ?? 'client'}:4120`}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button-main">
          Go
        </button>
      </form>
      <p
        className={error === null ? 'palette-none muted' : 'palette-none problem'}
        role={error === null ? undefined : 'alert'}
      >
        {error ?? `Captures: ${names.join(', ')}`}
      </p>
    </Dialog>
  );
}
