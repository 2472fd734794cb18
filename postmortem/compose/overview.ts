/** The first page: title, summary, whom it touched. */
import {
  count,
  formatNumber,
  formatSeconds,
  formatUtc,
  OUTCOME_ORDER,
  OUTCOME_PHRASES,
  PATH_PHRASES,
} from '../../analyzer/index.ts';
import { type Block, paragraph, type Runs, section, todo } from './block.ts';
import type { Context } from './context.ts';

export function* composeTitle({ facts, zero }: Context): Generator<Block> {
  const { incident, report } = facts;
  yield { is: 'title', text: incident === null ? 'Postmortem' : `Postmortem: ${incident.title}` };
  const rows: [string, Runs][] = [
    ...(incident === null ? [] : [['Incident', [{ code: incident.id }]] as [string, Runs]]),
    [
      'T0',
      [
        zero === null
          ? 'none: no failover is visible, and no stall that one could explain'
          : `${formatUtc(zero.at)} (${zero.what})`,
      ],
    ],
    ['Made by', [`${report.tool.name} ${report.tool.version}`]],
    ['Status, authors', [todo('draft or final, and who wrote it')]],
  ];
  yield { is: 'table', head: ['', ''], rows: rows.map(([name, value]) => [[name], value]) };
}

export function* composeSummary({ facts: { report } }: Context): Generator<Block> {
  yield section('Summary', 'summary');
  yield paragraph(report.headline);
  if (report.path.kind !== 'unknown') yield paragraph(`The gateway is ${PATH_PHRASES[report.path.kind]}.`);
}

export function* composeImpact({ facts }: Context): Generator<Block> {
  const { report, impact } = facts;
  const { byOutcome, flows } = report.summary;
  yield section('Impact', 'impact');
  if (flows === 0) yield paragraph('The captures hold no TCP connection, and no other flow that is judged.');
  else {
    const outcomes = OUTCOME_ORDER.flatMap((outcome) => {
      const some = byOutcome[outcome] ?? 0;
      const meaning = outcome === 'unaffected' ? 'not touched by a failover' : OUTCOME_PHRASES[outcome];
      return some === 0 ? [] : [[[outcome], [formatNumber(some)], [meaning]]];
    });
    const numbers = [1];
    yield { is: 'table', head: ['outcome', 'flows', 'meaning'], rows: outcomes, numbers };
    yield paragraph(
      `${count(flows, 'flow')} in the captures, ${formatNumber(impact.affected)} of them affected.`,
    );
  }
  if (impact.affected > 0) yield { is: 'table', head: ['measure', 'value'], rows: measures(facts.impact) };
  yield paragraph('User-visible impact: ', todo('what users saw, how many, for how long'));
}

function measures(impact: Context['facts']['impact']): Runs[][] {
  const { stalls, bytesToClients, bytesToServers, clients, services, serviceCount } = impact;
  const more = serviceCount - services.length;
  const named = services.map(({ name, flows }) => `${name} (${formatNumber(flows)})`).join(', ');
  const rows: [string, string][] = [
    [
      'stall of an affected flow',
      stalls === null
        ? 'none of them stalled'
        : `median ${formatSeconds(stalls.p50)}, 95th percentile ${formatSeconds(stalls.p95)}, longest ${formatSeconds(stalls.max)}`,
    ],
    [
      'bytes of affected flows, before and after',
      `${formatNumber(bytesToClients)} B to clients, ${formatNumber(bytesToServers)} B to servers`,
    ],
    ['clients touched', formatNumber(clients)],
    ['services touched (affected flows)', more > 0 ? `${named}, and ${formatNumber(more)} more` : named],
  ];
  return rows.map(([name, value]) => [[name], [value]]);
}
