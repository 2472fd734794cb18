/**
 * What a canvas host (`canvas-host.tsx`) needs of whoever draws into it. A scene knows no React; it lives
 * as long as its view is mounted for one incident and flow.
 */
import type { FrameRef } from '../../analyzer/index.ts';
import type { TimeScale } from '../draw/scale.ts';
import type { Plot } from '../draw/timeline-paint.ts';

/** What is under a point: the worst frame of what is drawn there. */
export interface Hit {
  readonly frame: FrameRef;
  readonly time: number;
  readonly vantage: number;
  readonly mark: number;
  /** Position in the report's flows; null: unknown or several. */
  readonly flow: number | null;
  /** Lines of the tooltip; the first is its head. */
  readonly lines: readonly string[];
  /** For a screen reader. */
  readonly words: string;
}

/** Something that is not a frame and can be clicked, such as the edge of a band. */
export interface Target {
  readonly label: string;
  /** Where its popover hangs. */
  readonly x: number;
  readonly y: number;
  readonly press: { readonly kind: 'edge'; readonly index: number } | { readonly kind: 'call'; run(): void };
}

export interface Scene {
  /** It is taller than a canvas can be: it draws what is visible and is told how far it is scrolled. */
  readonly virtual?: boolean;
  scrolledTo?(top: number): void;
  /** CSS pixels that it wants of `available`. */
  height(width: number, available: number): number;
  paint(canvas: HTMLCanvasElement, width: number, height: number): void;
  paintOverlay(canvas: HTMLCanvasElement, width: number, height: number): void;
  hit(x: number, y: number): Hit | null;
  target(x: number, y: number): Target | null;
  /** Time on the x axis; null where the scene has none. */
  axis(): { readonly plot: Plot; readonly scale: TimeScale } | null;
  /** While the pointer drags: null ends it. `y` tells in which lane. */
  drag(range: { from: number; to: number } | null, y: number, isRuler: boolean): void;
  /** Calls back when the data, or the overlay only, must be drawn again. */
  subscribe(data: () => void, overlay: () => void, scroll: (top: number) => void): () => void;
  failure(): Error | null;
  retry(): void;
  dispose(): void;
}
