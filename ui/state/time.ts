/**
 * How every view writes a time: from the failover (T0), in UTC, or from the start of the flow.
 * Times are ns since the timeline's origin, as everywhere in `ui/`; the report's own times are
 * strings of ns since the epoch (`toTimeline`, `toNanos`).
 * The trap: seconds since the epoch with nanoseconds do not fit into a number; only the
 * distance from the origin does.
 */
import type { NanosString } from '../../analyzer/index.ts';
import { type Atom, atom } from './atom.ts';

export const TIME_MODES = ['t0', 'utc', 'flow'] as const;
export type TimeMode = (typeof TIME_MODES)[number];

export interface TimeBase {
  /** The timeline's origin, ns since the epoch. */
  readonly origin: bigint;
  /** T0: when the path was lost; null: the report has no failover, and times count from its first frame. */
  readonly zero: number | null;
  /** First frame of the flow that is shown. */
  readonly flow: number | null;
}

export const timeMode: Atom<TimeMode> = atom<TimeMode>('t0');
export const timeBase: Atom<TimeBase> = atom<TimeBase>({ origin: 0n, zero: null, flow: null });

/** A time of the report on the timeline. */
export function toTimeline(time: NanosString, base: TimeBase = timeBase.get()): number {
  return Number(BigInt(time) - base.origin);
}

/** A time of the timeline as the report writes it. */
export function toNanos(time: number, base: TimeBase = timeBase.get()): NanosString {
  return String(base.origin + BigInt(Math.round(time)));
}

/** Decimals of a second that tell two neighbouring pixels of so many ns apart: 0 to 9. */
export function decimalsFor(nanosPerPixel: number): number {
  if (!(nanosPerPixel > 0)) return 9;
  return Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(nanosPerPixel))));
}

/** `T0+0.204 s`, `14:02:11.204`, `+0.204 s`: by the mode that is on. */
export function formatTime(time: number, decimals = 3, mode = timeMode.get(), base = timeBase.get()): string {
  if (mode === 'utc') return formatClock(base.origin + BigInt(Math.round(time)), decimals);
  if (mode === 'flow' && base.flow !== null) return `${formatSigned(time - base.flow, decimals)} s`;
  return base.zero === null
    ? `${formatSigned(time, decimals)} s`
    : `T0${formatSigned(time - base.zero, decimals)} s`;
}

/** For a screen reader: `T0 plus 204 ms`. */
export function speakTime(time: number, mode = timeMode.get(), base = timeBase.get()): string {
  if (mode === 'utc') return formatTime(time, 3, mode, base);
  const from = mode === 'flow' && base.flow !== null ? base.flow : (base.zero ?? 0);
  const name = from === base.zero && mode !== 'flow' ? 'T0' : 'start';
  const distance = time - from;
  return `${name} ${distance < 0 ? 'minus' : 'plus'} ${formatDuration(Math.abs(distance) / 1e9)}`;
}

/** What the zero of the mode is, for the head of an axis or a column. */
export function describeMode(mode = timeMode.get(), base = timeBase.get()): string {
  if (mode === 'utc') return 'UTC';
  if (mode === 'flow' && base.flow !== null) return 'from start of flow';
  return base.zero === null ? 'from first frame' : 'from T0';
}

/** `2025-05-04 14:02:11.204 UTC`. */
export function formatDate(time: NanosString, decimals = 3): string {
  const at = roundTo(BigInt(time), decimals);
  const day = new Date(Number(at / 1_000_000n)).toISOString().slice(0, 10);
  return `${day} ${formatClock(at, decimals)} UTC`;
}

/** Seconds as people read them: from a second to ten minutes as the report's sentences write them, else three digits that matter. */
export function formatDuration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 3600) return `${trim(seconds / 3600)} h`;
  if (size >= 600) return `${trim(seconds / 60)} min`;
  if (size === 0) return '0 s';
  if (size >= 1) return `${seconds.toFixed(2)} s`;
  if (size >= 1e-3) return `${trim(seconds * 1e3)} ms`;
  return size >= 1e-6 ? `${trim(seconds * 1e6)} µs` : `${trim(seconds * 1e9)} ns`;
}

function trim(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : 2);
}

function formatSigned(nanos: number, decimals: number): string {
  const text = (Math.abs(nanos) / 1e9).toFixed(decimals);
  // What rounds to nothing has no sign of its own.
  return `${nanos < 0 && Number(text) !== 0 ? '\u2212' : '+'}${text}`;
}

/** To the nearest, as the terminal does it. */
function roundTo(at: bigint, decimals: number): bigint {
  const step = 10n ** BigInt(9 - decimals);
  return ((at + step / 2n) / step) * step;
}

function formatClock(exact: bigint, decimals: number): string {
  const at = roundTo(exact, decimals);
  const clock = new Date(Number(at / 1_000_000n)).toISOString().slice(11, 19);
  const fraction = String(at % 1_000_000_000n).padStart(9, '0');
  return decimals === 0 ? clock : `${clock}.${fraction.slice(0, decimals)}`;
}
