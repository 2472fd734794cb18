/**
 * What mouse and trackpad do on a canvas with time to the right: ctrl + wheel or pinch zooms where the pointer is,
 * wheel to the side and shift + drag pan, drag selects a range (or measures), click selects the worst frame under
 * the pointer, double click shows all, the right button opens a menu.
 * The trap: a wheel listener must not be passive, or the browser zooms the whole page.
 */

import { ruler } from '../state/incident.ts';
import { hover, NO_HOVER, selection } from '../state/selection.ts';
import { fit as fitAll, pan, show, viewport, zoom } from '../state/viewport.ts';
import type { Hit, Scene, Target } from './scene.ts';

export interface PointerEvents {
  /** The pointer is on a frame, or on nothing (null). */
  onHover(hit: Hit | null, x: number, y: number): void;
  onTarget(target: Target): void;
  onMenu(hit: Hit | null, time: number | null, x: number, y: number): void;
  onPick(hit: Hit): void;
}

/** Pixels that the pointer may move in a click. */
const STILL = 4;
/** ms without a wheel event: what comes next is another zoom in the history. */
const BURST = 500;

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly pans: boolean;
  readonly from: number;
  readonly window: { from: number; to: number };
  moved: boolean;
}

export interface Pointer {
  /** After a picture: something else may be under a pointer that did not move. */
  refresh(): void;
  end(): void;
}

export function listenToPointer(element: HTMLElement, scene: Scene, events: PointerEvents): Pointer {
  let drag: Drag | null = null;
  let resting: { x: number; y: number; said: string } | null = null;
  let lastWheel = 0;

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const timeAt = (x: number): number | null => {
    const axis = scene.axis();
    if (axis === null || x < axis.plot.left || x > axis.plot.left + axis.plot.width) return null;
    return axis.scale.time(x - axis.plot.left);
  };
  const clampedTime = (x: number): number | null => {
    const axis = scene.axis();
    if (axis === null) return null;
    return axis.scale.time(Math.min(Math.max(x - axis.plot.left, 0), axis.plot.width));
  };

  const onWheel = (event: WheelEvent): void => {
    const { x } = place(event);
    const time = timeAt(x);
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      if (time === null) return;
      const isNew = event.timeStamp - lastWheel > BURST;
      lastWheel = event.timeStamp;
      const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      zoom(Math.exp(Math.min(Math.max(step, -120), 120) * 0.004), time, isNew);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && time !== null) {
      event.preventDefault();
      pan(event.deltaX / (scene.axis()?.plot.width ?? 1000));
    }
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    const from = timeAt(x);
    element.focus({ preventScroll: true });
    if (scene.target(x, y) !== null || from === null) return;
    element.setPointerCapture(event.pointerId);
    drag = { x, y, pans: event.shiftKey, from, window: viewport.get(), moved: false };
  };

  const onMove = (event: PointerEvent): void => {
    const { x, y } = place(event);
    if (drag !== null) {
      follow(drag, x);
      return;
    }
    point(x, y);
  };

  const point = (x: number, y: number): void => {
    const hit = scene.hit(x, y);
    const target = scene.target(x, y);
    element.style.cursor = target !== null ? 'pointer' : hit !== null ? 'default' : 'crosshair';
    hover.set({ time: timeAt(x), frame: hit?.frame ?? null });
    resting = { x, y, said: hit?.lines.join() ?? '' };
    events.onHover(hit, x, y);
  };

  const refresh = (): void => {
    if (resting === null || drag !== null) return;
    const { x, y, said } = resting;
    const time = timeAt(x);
    const isSame = (scene.hit(x, y)?.lines.join() ?? '') === said && time === hover.get().time;
    if (!isSame) point(x, y);
  };

  const follow = (now: Drag, x: number): void => {
    if (Math.abs(x - now.x) > STILL) now.moved = true;
    if (!now.moved) return;
    events.onHover(null, x, now.y);
    if (now.pans) {
      const width = scene.axis()?.plot.width ?? 1;
      const by = ((now.x - x) * (now.window.to - now.window.from)) / width;
      show({ from: now.window.from + by, to: now.window.to + by }, false);
      return;
    }
    const time = clampedTime(x);
    if (time !== null) scene.drag({ from: now.from, to: time }, now.y, ruler.get());
  };

  const onUp = (event: PointerEvent): void => {
    const { x, y } = place(event);
    const ended = drag;
    drag = null;
    if (event.button !== 0) return;
    if (ended === null || !ended.moved) {
      click(x, y);
      return;
    }
    if (ended.pans || ruler.get()) return;
    scene.drag(null, y, false);
    const time = clampedTime(x);
    if (time === null) return;
    const [from, to] = [Math.min(ended.from, time), Math.max(ended.from, time)];
    selection.set({ kind: 'range', from, to });
  };

  const click = (x: number, y: number): void => {
    const target = scene.target(x, y);
    if (target !== null) {
      if (target.press.kind === 'call') target.press.run();
      else events.onTarget(target);
      return;
    }
    scene.drag(null, y, ruler.get());
    const hit = scene.hit(x, y);
    if (hit !== null) events.onPick(hit);
    else if (selection.get().kind === 'range') selection.set({ kind: 'none' });
  };

  const onLeave = (): void => {
    if (drag !== null) return;
    resting = null;
    hover.set(NO_HOVER);
    events.onHover(null, 0, 0);
  };
  const onCancel = (): void => {
    drag = null;
    scene.drag(null, 0, false);
  };
  const onDouble = (event: MouseEvent): void => {
    const { x, y } = place(event);
    if (timeAt(x) !== null && scene.target(x, y) === null) fitAll();
  };
  const onMenu = (event: MouseEvent): void => {
    event.preventDefault();
    const { x, y } = place(event);
    events.onMenu(scene.hit(x, y), timeAt(x), x, y);
  };

  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener('wheel', onWheel, { passive: false, signal });
  element.addEventListener('pointerdown', onDown, { signal });
  element.addEventListener('pointermove', onMove, { signal });
  element.addEventListener('pointerup', onUp, { signal });
  element.addEventListener('pointercancel', onCancel, { signal });
  element.addEventListener('pointerleave', onLeave, { signal });
  element.addEventListener('dblclick', onDouble, { signal });
  element.addEventListener('contextmenu', onMenu, { signal });
  return { refresh, end: () => stop.abort() };
}
