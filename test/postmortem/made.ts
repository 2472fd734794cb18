/** Postmortems of scenarios in a view, with their graphs, as the command makes them. */
import { createAnalysis, type Report } from '../../analyzer/index.ts';
import { postmortemOf } from '../../cli/postmortem.ts';
import { type Postmortem, writeHtml, writeMarkdown } from '../../postmortem/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { journalsOf, type View } from '../scenarios/views.ts';

export interface Made {
  readonly report: Report;
  readonly facts: Postmortem;
}

export interface GivenBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export function makePostmortem(
  files: readonly GivenBytes[],
  journals: ReturnType<typeof journalsOf> = [],
): Made {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' }, timeline: true });
  for (const { file, bytes } of files) {
    const feed = analysis.addCapture({ file });
    feed.push(bytes);
    feed.end();
  }
  for (const journal of journals) analysis.addJournal(journal);
  const report = analysis.finish();
  return { report, facts: postmortemOf(analysis, report, { graphs: true, redaction: null }) };
}

/** Null where the view has nothing of the scenario. */
export function postmortemOfView(scenario: Scenario, view: View): Made | null {
  const given = view.given(scenario).map(({ file, bytes }) => ({ file, bytes: bytes() }));
  return given.length === 0 ? null : makePostmortem(given, view.journals ? journalsOf(scenario) : []);
}

export const markdownOf = ({ facts }: Made): string => [...writeMarkdown(facts)].join('');
export const htmlOf = ({ facts }: Made): string => [...writeHtml(facts)].join('');
