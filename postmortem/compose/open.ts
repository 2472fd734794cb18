/** What was ruled out and why, what is still unknown, and which capture would settle it. */
import {
  CAUSE_PHRASES,
  type CauseId,
  count,
  describeEvidence,
  type Flow,
  type FlowGroup,
} from '../../analyzer/index.ts';
import { type Block, paragraph, type Runs, section } from './block.ts';
import type { Context } from './context.ts';
import { factorId, factorTitle } from './factors.ts';

export function* composeOpen({ facts: { factors } }: Context): Generator<Block> {
  yield section('Ruled out, and still unknown', 'ruled-out-and-still-unknown');
  const numbered = factors.map((group, i) => ({ group, number: i + 1 }));
  for (const { group, number } of numbered) {
    const rows = reasonsOf(group.worst).map(([because, causes]) => [[causes.join(', ')], [because]]);
    if (rows.length === 0) continue;
    const summary = `${factorTitle(group, number)}: ${count(group.worst.ruledOut.length, 'cause')} ruled out`;
    const blocks: Block[] = [{ is: 'table', head: ['ruled out', 'because'], rows }];
    yield { is: 'fold', summary, open: false, blocks };
  }
  const open = numbered.filter(({ group }) => isOpen(group));
  if (open.length === 0)
    yield paragraph(
      factors.length === 0 ? 'Nothing is open.' : 'Nothing is open: every factor has one cause.',
    );
  for (const { group, number } of open) yield* composeUnknown(group, number);
}

/** The shortest way to say it: many causes fall for one reason. */
function reasonsOf({ ruledOut }: Flow): [string, CauseId[]][] {
  const reasons = new Map<string, CauseId[]>();
  for (const { cause, because } of ruledOut) reasons.set(because, [...(reasons.get(because) ?? []), cause]);
  return [...reasons].sort(([, a], [, b]) => b.length - a.length);
}

const isOpen = ({ cause, outcome, worst }: FlowGroup): boolean =>
  cause === null || outcome === 'undecided' || worst.splitBy.length > 0;

function* composeUnknown(group: FlowGroup, number: number): Generator<Block> {
  const { worst, cause } = group;
  const title = { to: factorId(number), text: factorTitle(group, number) };
  if (cause !== null) yield paragraph('Open in ', title, ': what would make it certain.');
  else if (worst.candidates.length === 0) yield paragraph('Open in ', title, '.');
  else {
    yield paragraph('Open in ', title, ': the causes that still fit, likeliest first.');
    yield {
      is: 'table',
      head: ['cause', 'meaning'],
      rows: worst.candidates.map((id): Runs[] => [[id], [CAUSE_PHRASES[id]]]),
    };
  }
  if (worst.splitBy.length === 0) return;
  yield paragraph('It would be settled by:');
  yield { is: 'list', items: worst.splitBy.map((id) => [describeEvidence(id)]) };
}
