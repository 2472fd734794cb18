/**
 * Two canvases one above the other (data; cursor and selection), their sizes, and what hangs over them: tooltip,
 * menu, popover of an edge, chip of a range. Both together are one tab stop and carry the keyboard model.
 * The trap: the canvases redraw without React; React only hears of what hangs over them.
 */
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { cancelFrame, requestFrame } from '../draw/frames.ts';
import { useAtom } from '../state/atom.ts';
import { selection, spoken } from '../state/selection.ts';
import { formatDuration } from '../state/time.ts';
import { show, viewport } from '../state/viewport.ts';
import { HitMenu, type MenuState } from './hit-menu.tsx';
import { listenToPointer } from './pointer.ts';
import type { Hit, Scene, Target } from './scene.ts';
import { Tooltip } from './tooltip.tsx';

export interface CanvasHostProps {
  readonly scene: Scene;
  readonly label: string;
  /** What the keys do, for a screen reader. */
  readonly help: string;
  onPick(hit: Hit): void;
  /** What a target that was pressed shows. */
  popover?(target: Target, close: () => void): ReactNode;
  menu?(hit: Hit | null, time: number | null): readonly { label: string; run(): void }[];
}

interface Hovered {
  readonly hit: Hit;
  readonly x: number;
  readonly y: number;
}

export function CanvasHost({ scene, label, help, onPick, popover, menu }: CanvasHostProps) {
  const frame = useRef<HTMLDivElement>(null);
  const stack = useRef<HTMLDivElement>(null);
  const data = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const [target, setTarget] = useState<Target | null>(null);
  const [opened, setOpened] = useState<MenuState | null>(null);
  const pick = useRef(onPick);
  pick.current = onPick;

  useEffect(() => {
    const pointer = listenToPointer(surface.current!, scene, {
      onHover: (hit, x, y) => setHovered(hit === null ? null : { hit, x, y }),
      onTarget: setTarget,
      onMenu: (hit, time, x, y) => setOpened({ hit, time, x, y }),
      onPick(hit) {
        setTarget(null);
        spoken.set(hit.words);
        pick.current(hit);
      },
    });
    const parts = {
      frame: frame.current!,
      stack: stack.current!,
      data: data.current!,
      overlay: overlay.current!,
    };
    const end = connect(scene, parts, pointer.refresh);
    return () => {
      end();
      pointer.end();
    };
  }, [scene]);

  const close = (): void => {
    setTarget(null);
    setOpened(null);
    surface.current?.focus();
  };
  useKeys(frame, surface, target !== null || opened !== null, close);

  return (
    <div className="canvas-scroll" ref={frame}>
      <div className="canvas-stack" ref={stack}>
        <div className="canvas-stage">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: one tab stop with keys of its own, as its role says */}
          <div ref={surface} tabIndex={0} role="application" aria-label={label} aria-description={help}>
            <canvas ref={data} />
            <canvas ref={overlay} />
          </div>
          {hovered !== null && opened === null && <Tooltip {...hovered} />}
          {opened !== null && menu !== undefined && (
            <HitMenu state={opened} items={menu(opened.hit, opened.time)} close={close} />
          )}
          {target !== null && popover !== undefined && (
            <div className="edge-popover" style={{ left: target.x, top: target.y + 4 }}>
              {popover(target, () => setTarget(null))}
            </div>
          )}
          <RangeChip scene={scene} />
        </div>
      </div>
    </div>
  );
}

/** Escape closes what hangs over the canvas before it clears the selection; Enter zooms to the range. */
function useKeys(
  frame: RefObject<HTMLDivElement | null>,
  surface: RefObject<HTMLDivElement | null>,
  isOpen: boolean,
  close: () => void,
): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    const element = frame.current;
    const onKeyDown = (event: KeyboardEvent): void => {
      const chosen = selection.get();
      if (event.key === 'Escape' && isOpen) latest.current();
      else if (event.key === 'Enter' && event.target === surface.current && chosen.kind === 'range')
        show(chosen);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    element?.addEventListener('keydown', onKeyDown);
    return () => element?.removeEventListener('keydown', onKeyDown);
  }, [frame, surface, isOpen]);
}

interface Parts {
  readonly frame: HTMLDivElement;
  readonly stack: HTMLDivElement;
  readonly data: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
}

/** Paints when the scene says so, and whenever the size changes. @returns what ends that */
function connect(scene: Scene, { frame, stack, data, overlay }: Parts, onPainted: () => void): () => void {
  const size = { width: 0, height: 0 };
  const paintOverlay = (): void => scene.paintOverlay(overlay, size.width, size.height);
  const paint = (): void => {
    const width = stack.clientWidth;
    const available = frame.clientHeight;
    if (width < 10 || available < 10) return;
    const wanted = scene.height(width, available);
    stack.style.height = `${wanted}px`;
    size.width = width;
    size.height = scene.virtual === true ? available : wanted;
    for (const canvas of [data, overlay]) {
      canvas.style.width = `${size.width}px`;
      canvas.style.height = `${size.height}px`;
    }
    if (wantedTop !== null) frame.scrollTop = wantedTop;
    wantedTop = null;
    scene.scrolledTo?.(frame.scrollTop);
    scene.paint(data, size.width, size.height);
    onPainted();
    paintOverlay();
  };
  let wantedTop: number | null = null;
  const askData = (): void => requestFrame(paint);
  const askOverlay = (): void => requestFrame(paintOverlay);
  const end = scene.subscribe(askData, askOverlay, (top) => {
    wantedTop = top;
    askData();
  });
  const observer = new ResizeObserver(askData);
  observer.observe(frame);
  if (scene.virtual === true) frame.addEventListener('scroll', askData);
  askData();
  return () => {
    end();
    observer.disconnect();
    frame.removeEventListener('scroll', askData);
    cancelFrame(paint);
    cancelFrame(paintOverlay);
  };
}

/** "Zoom to 204 ms": hangs over the selected range. */
function RangeChip({ scene }: { scene: Scene }) {
  const chosen = useAtom(selection);
  useAtom(viewport);
  const axis = scene.axis();
  if (chosen.kind !== 'range' || axis === null) return null;
  const { plot, scale } = axis;
  const middle = (scale.x(chosen.from) + scale.x(chosen.to)) / 2;
  const left = plot.left + Math.min(Math.max(middle, 70), plot.width - 70);
  return (
    <div className="range-chip" style={{ left, top: plot.top + 6 }}>
      <button type="button" onClick={() => show(chosen)}>
        Zoom to {formatDuration((chosen.to - chosen.from) / 1e9)}
        <kbd>Enter</kbd>
      </button>
      <button type="button" aria-label="Clear the range" onClick={() => selection.set({ kind: 'none' })}>
        ×
      </button>
    </div>
  );
}
