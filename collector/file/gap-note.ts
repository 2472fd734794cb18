/**
 * Gaps as the comments that go into a file, short enough to be read back whole.
 * The trap: a reader keeps 1024 bytes of a comment, and half of a JSON text is none.
 */
import { type GapNote, writeNote } from '../../packet/file/collector-note.ts';

const MOST_BYTES = 1000;

export interface Gap {
  readonly from: bigint;
  /** Null: it goes on to the end of the file. */
  readonly to: bigint | null;
  readonly why: string;
  /** How many packets were lost, where that is known. */
  readonly packets?: number;
  /** There was no interface that anything could have come by on. */
  readonly link?: GapNote['link'];
}

export function writeGap({ from, to, why, packets, link }: Gap): string {
  const said = (text: string): string => {
    return writeNote({
      note: 'gap',
      from: String(from),
      to: to === null ? null : String(to),
      why: text,
      ...(packets !== undefined && { packets }),
      ...(link !== undefined && { link }),
    });
  };
  let text = why.slice(0, 400);
  while (Buffer.byteLength(said(text)) > MOST_BYTES) text = text.slice(0, -20);
  return said(text);
}

/** Two reasons of one gap, the first before the last. */
export function joinReasons(first: string, second: string): string {
  if (first === second || first.endsWith(`; ${second}`)) return first;
  return `${first.split('; ')[0]}; ${second}`;
}
