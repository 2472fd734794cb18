/** The line about a lone capture: where it was taken, whether that was told or inferred, and how far its silence can be trusted. */
import { type Capture, describeDrops, describeGap, vantageName } from '../../analyzer/index.ts';
import { count, formatUtc } from './units.ts';

export {
  type CaptureNames,
  captureNames,
  describeDrops,
  describeGap,
  formatFrames,
  nameOf,
  vantageName,
} from '../../analyzer/index.ts';

/** A lone capture, in a sentence; several are a table (`capture-table.ts`). */
export function describeCapture(capture: Capture): string {
  return `${capture.file}: ${captureFacts(capture).join(', ')}`;
}

function captureFacts(capture: Capture): string[] {
  const facts = [describeVantage(capture), count(capture.frames, 'frame')];
  if (capture.coveredUntil !== null) facts.push(`covered until ${formatUtc(capture.coveredUntil)}`);
  if (capture.dropped !== null) {
    facts.push(describeDrops(capture.dropped));
  }
  if (capture.truncated) facts.push('cut short');
  facts.push(...(capture.gaps ?? []).slice(0, MOST_GAPS).map(describeGap));
  const more = (capture.gaps ?? []).length - MOST_GAPS;
  if (more > 0) facts.push(`and ${count(more, 'more gap')}`);
  return facts;
}

function describeVantage({ vantage }: Capture): string {
  if (vantage.role === 'unknown') return 'taken at an unknown place';
  const name = vantageName({ vantage });
  const place = name === 'client' || name === 'server' ? `the ${name}` : name;
  return `taken at ${place}${vantage.inferred ? ' (inferred)' : ''}`;
}

/** Of a lone capture; more are a number. */
const MOST_GAPS = 3;
