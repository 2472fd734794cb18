/** Numbers, addresses and names as the page writes them: exact where it matters, with units always. */
import type { Capture, Claim, FrameRef, Vantage } from '../../analyzer/index.ts';

export { formatEndpoint } from '../../analyzer/index.ts';

const NUMBER = new Intl.NumberFormat('en-US');

export const formatNumber = (value: number): string => NUMBER.format(value);

/** `1 flow`, `26 flows`. */
export const count = (amount: number, noun: string): string =>
  `${formatNumber(amount)} ${noun}${amount === 1 ? '' : 's'}`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Powers of 1000: `1.8 MB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? formatNumber(value) : value.toFixed(value < 100 ? 1 : 0)} ${UNITS[power]}`;
}

/** `node-b.out` */
export const vantageName = ({ host, side }: Pick<Vantage, 'host' | 'side'>): string =>
  side === undefined ? host : `${host}.${side}`;

/** Id of a capture to the name that people know it by. */
export type CaptureNames = ReadonlyMap<string, string>;

/** By vantage; two files of one vantage are told apart, because each counts its own frames. */
export function captureNames(captures: readonly Capture[]): CaptureNames {
  const names = captures.map(({ vantage }) => vantageName(vantage));
  return new Map(
    captures.map(({ id, vantage }, i) => {
      const name = names[i]!;
      if (vantage.role === 'unknown') return [id, id];
      return [id, names.filter((other) => other === name).length === 1 ? name : `${name}(${id})`];
    }),
  );
}

export const nameOf = (capture: string, names: CaptureNames): string => names.get(capture) ?? capture;

/** `node-b #12`. */
export const formatFrame = ({ capture, frame }: FrameRef, names: CaptureNames): string =>
  `${nameOf(capture, names)} #${frame}`;

export interface FrameGroup {
  readonly capture: string;
  readonly frames: readonly FrameRef[];
}

/** The frames of a claim by capture, in the order in which they are named. */
export function groupFrames(frames: Claim['frames']): FrameGroup[] {
  const groups = new Map<string, FrameRef[]>();
  for (const frame of frames) groups.set(frame.capture, [...(groups.get(frame.capture) ?? []), frame]);
  return [...groups].map(([capture, own]) => ({ capture, frames: own }));
}

export const sameFrame = (a: FrameRef | null, b: FrameRef | null): boolean =>
  a !== null && b !== null && a.capture === b.capture && a.frame === b.frame;

/** `client:4120`, `c1:4120`, `node-b.in#12`, `4120` where there is one capture. @returns null where no capture has that name */
export function parseFrame(text: string, captures: readonly Capture[]): FrameRef | null {
  const match = /^\s*(?:(.*?)\s*[:#\s]\s*)?(\d{1,10})\s*$/.exec(text);
  if (match === null || Number(match[2]) === 0) return null;
  const name = match[1]?.toLowerCase() ?? '';
  const names = captureNames(captures);
  const isNamed = ({ id, vantage }: Capture): boolean =>
    [id, nameOf(id, names), vantageName(vantage), vantage.host].some((known) => known.toLowerCase() === name);
  const found = name === '' && captures.length === 1 ? captures[0] : captures.find(isNamed);
  return found === undefined ? null : { capture: found.id, frame: Number(match[2]) };
}
