/**
 * Captures by their short names, and one line about each: where it was taken,
 * whether that was told or inferred, and how far its silence can be trusted.
 */
import type { Capture, FrameRef, Report } from '../../analyzer/index.ts';
import { count, formatNumber, formatUtc } from './units.ts';

/** Capture id to the name that evidence is labelled with; '' for all where there is only one. */
export type CaptureNames = ReadonlyMap<string, string>;

/** Frames named for one claim in one capture; more are only counted. */
const MOST_FRAMES = 3;

export function captureNames(captures: readonly Capture[]): CaptureNames {
  const vantages = captures.map(vantageName);
  const isUnique = (name: string): boolean => vantages.filter((other) => other === name).length === 1;
  return new Map(
    captures.map((capture, i) => {
      if (captures.length === 1) return [capture.id, ''];
      const name = vantages[i]!;
      return [capture.id, capture.vantage.role !== 'unknown' && isUnique(name) ? name : capture.id];
    }),
  );
}

/** One entry a capture: `client #12 #19`, `node-b.out #3`; only `#12 #19` where there is one. */
export function formatFrames(frames: readonly FrameRef[], names: CaptureNames): string[] {
  const byCapture = new Map<string, number[]>();
  for (const { capture, frame } of frames) byCapture.set(capture, [...(byCapture.get(capture) ?? []), frame]);
  return [...byCapture].map(([capture, numbers]) => {
    const name = names.get(capture) ?? capture;
    const shown = numbers.slice(0, MOST_FRAMES).map((number) => `#${number}`);
    if (numbers.length > MOST_FRAMES) shown.push(`+${formatNumber(numbers.length - MOST_FRAMES)}`);
    return [...(name === '' ? [] : [name]), ...shown].join(' ');
  });
}

export function describeCaptures({ captures }: Report, names: CaptureNames): string[] {
  return captures.map((capture) => {
    const name = names.get(capture.id);
    const short = name && name !== vantageName(capture) ? `${name} = ` : '';
    return `${short}${capture.file}: ${captureFacts(capture).join(', ')}`;
  });
}

function captureFacts(capture: Capture): string[] {
  const facts = [describeVantage(capture), count(capture.frames, 'frame')];
  if (capture.coveredUntil !== null) facts.push(`covered until ${formatUtc(capture.coveredUntil)}`);
  if (capture.dropped !== null) {
    facts.push(
      capture.dropped === 0 ? 'no drops' : `${count(capture.dropped, 'packet')} dropped by the capture`,
    );
  }
  if (capture.truncated) facts.push('cut short');
  return facts;
}

function describeVantage({ vantage }: Capture): string {
  if (vantage.role === 'unknown') return 'taken at an unknown place';
  const name = vantageName({ vantage });
  const place = name === 'client' || name === 'server' ? `the ${name}` : name;
  return `taken at ${place}${vantage.inferred ? ' (inferred)' : ''}`;
}

function vantageName({ vantage }: Pick<Capture, 'vantage'>): string {
  return vantage.side ? `${vantage.host}.${vantage.side}` : vantage.host;
}
