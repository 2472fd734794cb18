/** What only people know, and what is to be done: suggestions, marked as such, for somebody to take on. */
import type { Advice, CauseId } from '../../analyzer/index.ts';
import { type Block, paragraph, type Runs, section, todo } from './block.ts';
import type { Context } from './context.ts';
import { SUGGESTIONS } from './suggestions.ts';

export function* composePeople(): Generator<Block> {
  yield section('Detection and response', 'detection-and-response');
  yield {
    is: 'list',
    items: [
      ['Detection: ', todo('who or what noticed, when, and how long after T0')],
      ['Response: ', todo('what was done, by whom, and what helped')],
      ['Resolution: ', todo('when service was good again, and what ended it')],
    ],
  };
  yield section('Lessons', 'lessons');
  yield {
    is: 'list',
    items: [
      ['What went well: ', todo('')],
      ['What went wrong: ', todo('')],
      ['Where we were lucky: ', todo('')],
    ],
  };
}

/** More suggestions are no plan. */
const MOST_ACTIONS = 16;

export function* composeActions(context: Context): Generator<Block> {
  yield section('Action items', 'action-items');
  const actions = actionsOf(context).slice(0, MOST_ACTIONS);
  const owner: Runs = [todo('')];
  const ticket: Runs = [todo('')];
  if (actions.length > 0)
    yield paragraph(
      'Suggestions, from what is known of the causes: people decide which of them become work.',
    );
  const rows = [
    ...actions.map(({ text, type }): Runs[] => [[`Suggestion: ${text}`], [type], owner, ticket]),
    [[todo('what else')], [todo('prevent, mitigate or detect')], owner, ticket],
  ];
  yield { is: 'table', head: ['action', 'type', 'owner', 'ticket'], rows };
}

interface Action {
  readonly text: string;
  readonly type: string;
}

function actionsOf({ facts: { report, factors } }: Context): Action[] {
  // What no setting changes is for the factor's own section.
  const advice = [...report.advice, ...factors.flatMap(({ worst }) => worst.advice)]
    .filter(({ change }) => change !== undefined)
    .map(toAction);
  const causes = factors.flatMap(({ cause, worst }): CauseId[] =>
    cause === null ? worst.candidates.slice(0, 1) : [cause, ...worst.contributing],
  );
  const known = [...new Set(causes)].flatMap((cause) =>
    SUGGESTIONS[cause].map((text) => ({ text: `${text} (${cause})`, type: 'prevent' })),
  );
  const seen = new Set<string>();
  return [...advice, ...known].filter(({ text }) => !seen.has(text) && seen.add(text));
}

function toAction({ text, change, safeToRetry }: Advice): Action {
  const retry = safeToRetry === 'yes' ? '; safe to retry' : safeToRetry === 'no' ? '; not safe to retry' : '';
  const what = change === undefined ? '' : ` [${change.who}: ${change.setting} = ${change.value}]`;
  return { text: `${text}${what}${retry}`, type: 'mitigate' };
}
