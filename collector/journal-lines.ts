/**
 * A journal's bytes as lines, with a bound on what is held: a line that is longer than any of a journal is passed over, to its end.
 * The trap: the end of such a line is no line, though it may look like one.
 */

import type { CollectorEvent } from './words.ts';

/** Bytes. No line of a journal is that long; the analyzer draws the line there, too. */
export const LONGEST_LINE = 65_536;
const LINE_END = 0x0a;

export interface JournalLines {
  take(bytes: Uint8Array): void;
  /** What has no end yet is one: the file ends. */
  end(): void;
}

/** `onLine`: without its end. `onLongLine`: of each that is passed over, as soon as that is known. Both as they come. */
export function readLines(onLine: (line: string) => void, onLongLine: () => void): JournalLines {
  let rest: Buffer = Buffer.alloc(0);
  let isPassing = false;

  function add(bytes: Uint8Array): void {
    if (isPassing) return;
    if (rest.length + bytes.length > LONGEST_LINE) {
      isPassing = true;
      rest = Buffer.alloc(0);
      onLongLine();
    } else if (bytes.length > 0) rest = Buffer.concat([rest, bytes]);
  }

  function finish(): void {
    const line = isPassing ? null : rest.toString('utf8');
    rest = Buffer.alloc(0);
    isPassing = false;
    if (line !== null) onLine(line);
  }

  return {
    take(bytes) {
      let at = 0;
      for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, at)) {
        add(bytes.subarray(at, end));
        finish();
        at = end + 1;
      }
      add(bytes.subarray(at));
    },
    end() {
      if (isPassing || rest.length > 0) finish();
    },
  };
}

/** Said where there are such lines. */
export function explainLongLines({ node, file }: { node: string; file: string }): CollectorEvent {
  return {
    event: 'trouble',
    what: `the journal of ${node} has lines of more than ${LONGEST_LINE / 1024} KiB, which are passed over`,
    hint: `no node writes such lines: look at ${file}`,
  };
}
