/** The menu of the right button. Arrow keys, Enter and Escape as in every menu. */
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { Hit } from './scene.ts';

export interface MenuState {
  readonly hit: Hit | null;
  readonly time: number | null;
  readonly x: number;
  readonly y: number;
}

export interface MenuItem {
  readonly label: string;
  run(): void;
}

export function HitMenu({
  state,
  items,
  close,
}: {
  state: MenuState;
  items: readonly MenuItem[];
  close(): void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    list.current?.querySelector('button')?.focus();
    const away = (event: PointerEvent): void => {
      if (!list.current?.contains(event.target as Node)) latest.current();
    };
    document.addEventListener('pointerdown', away, true);
    return () => document.removeEventListener('pointerdown', away, true);
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };

  return (
    <div
      className="view-menu"
      role="menu"
      tabIndex={-1}
      ref={list}
      style={{ left: state.x, top: state.y }}
      onKeyDown={onKeyDown}
    >
      {items.map(({ label, run }) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            close();
            run();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
