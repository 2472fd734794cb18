/** Parts that several pages are made of: a time, a notice, an empty page, a menu, a confirmation in place. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { NanosString } from '../../analyzer/index.ts';
import { useAtom } from '../state/atom.ts';
import { formatDate, formatTime, timeBase, timeMode, toTimeline } from '../state/time.ts';

/** A time of the report in the mode that is on; the full date on hover. */
export function Time({ at, decimals = 3 }: { at: NanosString; decimals?: number }): React.JSX.Element {
  const mode = useAtom(timeMode);
  const base = useAtom(timeBase);
  return (
    <time className="mono" title={formatDate(at, 9)}>
      {formatTime(toTimeline(at, base), decimals, mode, base)}
    </time>
  );
}

export function Blank(props: { title: string; children: ReactNode }): React.JSX.Element {
  return (
    <div className="blank">
      <h1>{props.title}</h1>
      {props.children}
    </div>
  );
}

interface ConfirmProps {
  label: string;
  /** Said to a screen reader: which one. */
  about: string;
  question: string;
  onYes: () => void;
}

/** Asks where the button stood; nothing covers what it is about. */
export function Confirm({ label, about, question, onYes }: ConfirmProps): React.JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const no = useRef<HTMLButtonElement>(null);
  const stop = (): void => {
    // Drawn at once, so that the focus goes back to where it came from.
    flushSync(() => setAsking(false));
    first.current?.focus();
  };
  useEffect(() => {
    if (isAsking) no.current?.focus();
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button
        type="button"
        ref={first}
        className="button-plain"
        aria-label={`${label} ${about}`}
        onClick={() => setAsking(true)}
      >
        {label}
      </button>
    );
  }
  return (
    <fieldset className="confirm" onKeyDown={(event) => event.key === 'Escape' && stop()}>
      <legend className="hidden-text">{`${label} ${about}`}</legend>
      <span>{question}</span>
      <button type="button" className="button-danger" onClick={onYes}>
        {label}
      </button>
      <button type="button" ref={no} onClick={stop}>
        Cancel
      </button>
    </fieldset>
  );
}

/** A button with a list below it; closes on Escape and on a click anywhere else. */
export function Menu(props: { label: ReactNode; children: ReactNode }): React.JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('focusin', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('focusin', close);
    };
  }, [isOpen]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only hears Escape on its way out of the list
    <div
      className="menu"
      ref={box}
      onKeyDown={(event) => closeOnEscape(event, isOpen, () => setOpen(false), box.current)}
    >
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {props.label} <span aria-hidden="true">▾</span>
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: a link that is followed closes it; a button says what it did first
        <div
          className="menu-list"
          onClick={(event) => event.target instanceof HTMLAnchorElement && setOpen(false)}
        >
          {props.children}
        </div>
      )}
    </div>
  );
}

function closeOnEscape(
  event: React.KeyboardEvent,
  isOpen: boolean,
  close: () => void,
  box: HTMLElement | null,
): void {
  if (event.key !== 'Escape' || !isOpen) return;
  event.preventDefault();
  event.stopPropagation();
  close();
  box?.querySelector('button')?.focus();
}

interface CopyProps {
  label: string;
  text: () => string;
}

/** Says for a moment that it did; where the browser forbids it, says that, too. */
export function CopyButton({ label, text }: CopyProps): React.JSX.Element {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    copyText(text()).then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed here'),
    );
  };
  return (
    <button type="button" onClick={copy} aria-live="polite">
      {said ?? label}
    </button>
  );
}

/** The clipboard of the browser exists on loopback and https only. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error('no clipboard here');
  await navigator.clipboard.writeText(text);
}
