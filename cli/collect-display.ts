/**
 * What a running collector shows: events as lines, on a terminal with one line below them that is written anew each second;
 * with `--json` events go to stdout instead, an object a line.
 */
import type { CollectorStatus } from '../collector/control-words.ts';
import type { CollectorEvent } from '../collector/words.ts';
import { eventText, isBad, progressText } from './collect-text.ts';
import { escapeText, safeJson } from './render/escape.ts';
import { formatUtcTime } from './render/units.ts';

export interface DisplayTarget {
  /** To stdout and to stderr. */
  out(text: string): void;
  err(text: string): void;
  readonly isTerminal: boolean;
  /** At this moment. */
  columns(): number | undefined;
  readonly hasColor: boolean;
}

export interface CollectDisplay {
  event(event: CollectorEvent): void;
  /** A line of the command's own. */
  say(text: string, isBad?: boolean): void;
  progress(status: CollectorStatus): void;
  /** Takes the line away. */
  end(): void;
}

/** `now`: ns since the epoch. */
export function createDisplay(target: DisplayTarget, json: boolean, now: () => bigint): CollectDisplay {
  let line = '';
  const paint = (text: string, code: number): string =>
    target.hasColor ? `\x1b[${code}m${text}\x1b[0m` : text;
  const say = (text: string, bad = false): void => {
    const shown = escapeText(text);
    const whole = `${formatUtcTime(String(now()))}  ${bad ? paint(shown, 33) : shown}\n`;
    target.err(line === '' ? whole : `\r\x1b[K${whole}${line}`);
  };
  return {
    say,
    event(event) {
      if (json) return target.out(`${safeJson({ time: String(now()), ...plain(event) })}\n`);
      const text = eventText(event);
      if (text !== null) say(text, isBad(event));
    },
    progress(status) {
      if (!target.isTerminal) return;
      // A line that wrapped could not be written over.
      line = paint(progressText(status).slice(0, (target.columns() || 80) - 1), 2);
      target.err(`\r${line}\x1b[K`);
    },
    end() {
      if (line !== '') target.err('\r\x1b[K');
      line = '';
    },
  };
}

/** JSON has no integers of that size. */
const plain = (event: CollectorEvent): object =>
  Object.fromEntries(
    Object.entries(event).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
