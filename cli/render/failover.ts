/** One failover: when the path was lost and back, the claims that say so, and how exactly. */
import {
  describeFailover,
  describeLoneFailover,
  type Failover,
  failoverNotes,
} from '../../analyzer/index.ts';
import type { BlockContext } from './block.ts';
import { renderClaims } from './evidence.ts';
import { wrap } from './layout.ts';
import { note } from './note.ts';
import { count } from './units.ts';

/** What one screen can take; `-v` prints all. */
const MOST_MARKS = 4;

export function renderFailover(failover: Failover, context: BlockContext): string[] {
  const { names, style, full, report } = context;
  if (report.captures.length < 2) {
    return [
      ...wrap(describeLoneFailover(failover, style.arrow), style.width),
      ...(full ? renderClaims(failover.marks, names, style) : []),
    ];
  }
  const shown = full ? failover.marks : failover.marks.slice(0, MOST_MARKS);
  const more = failover.marks.length - shown.length;
  return [
    ...wrap(describeFailover(failover, style.arrow), style.width),
    ...renderClaims(shown, names, style),
    ...note('more', more > 0 ? `${count(more, 'mark')}: -v` : '', style),
    ...failoverNotes(failover).flatMap(([label, text]) => note(label, text, style)),
  ];
}
