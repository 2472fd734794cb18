/**
 * One line on a terminal while captures are read, erased at the end. Nothing
 * is written where stderr is no terminal, nor for a read too short to wait for.
 */
import { escapeText } from './render/escape.ts';
import { formatNumber } from './render/units.ts';

export interface Progress {
  /** `done` bytes of `total` (null for a stream) have been read since this capture's `begin`. */
  update(done: number, total: number | null): void;
  begin(name: string): void;
  /** Instead of that: what is being done, in words. */
  say(text: string): void;
  /** Leaves the line as if nothing had been there. Harmless when called twice. */
  erase(): void;
}

export interface ProgressTarget {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  write(text: string): unknown;
}

/** Ten updates a second are smooth; more only cost time. */
const INTERVAL_MS = 100;

export function createProgress(
  target: ProgressTarget,
  now: () => number = () => performance.now(),
): Progress {
  if (!target.isTTY) return { begin() {}, update() {}, say() {}, erase() {} };
  let name = '';
  let began = now();
  let shownAt = began;
  let visible = false;
  const show = (describeNow: (time: number) => string): void => {
    const time = now();
    if (time - shownAt < INTERVAL_MS) return;
    shownAt = time;
    visible = true;
    // A line that wrapped could not be erased.
    target.write(`\r${describeNow(time).slice(0, (target.columns || 80) - 1)}\x1b[K`);
  };
  return {
    begin(newName) {
      name = escapeText(newName);
      began = now();
    },
    update(done, total) {
      show((time) => `reading ${name} ${describe(done, total, (time - began) / 1000)}`);
    },
    say(text) {
      show(() => escapeText(text));
    },
    erase() {
      if (visible) target.write('\r\x1b[K');
      visible = false;
    },
  };
}

function describe(done: number, total: number | null, elapsed: number): string {
  const rate = elapsed > 0 ? done / elapsed : 0;
  const speed = `${formatMegabytes(rate)}/s`;
  if (total === null || total === 0) return `${formatMegabytes(done)}, ${speed}`;
  const percent = Math.min(100, Math.floor((100 * done) / total));
  const left = rate > 0 ? Math.ceil(Math.max(0, total - done) / rate) : null;
  return `${percent}% ${speed}${left === null ? '' : `, ${formatNumber(left)} s left`}`;
}

const formatMegabytes = (bytes: number): string => `${formatNumber(Math.round(bytes / 1e6))} MB`;
