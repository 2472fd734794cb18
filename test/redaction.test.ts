/**
 * No original is left in any form of a redacted report: none of its addresses and flow ids, nothing of the fixtures'
 * networks at all, and nothing of the files and hosts, which have names that occur nowhere else.
 */
import { describe, expect, test } from 'vitest';
import { createAnalysis, type Report } from '../analyzer/index.ts';
import { postmortemOf } from '../cli/postmortem.ts';
import { renderJsonLines } from '../cli/render/json.ts';
import { detectStyle } from '../cli/render/style.ts';
import { renderText } from '../cli/render/text.ts';
import { type Redaction, redactionOf, redactReport, writeHtml, writeMarkdown } from '../postmortem/index.ts';
import { reportFaults } from './report-validator.ts';
import { allScenarios, captureBytes, type Scenario } from './scenarios/scenario.ts';

const NAMES = /^(?:nat-synced|f-tproxy|i-arp|mixed-24)$/;
const STYLE = detectStyle({ color: 'never', env: {}, isTerminal: false, columns: undefined });
/** Folder and file of each capture, as nobody but its owner would call them. */
const path = (file: string): string => `acme-site/acme-${file}`;

function made(scenario: Scenario): { report: Report; redaction: Redaction; forms: Record<string, string> } {
  const analysis = createAnalysis({ tool: { name: 't', version: '0' }, timeline: true, ladderFor: ':80' });
  for (const [i, file] of scenario.captures.entries()) {
    const host = `acmefw${i}`;
    const feed = analysis.addCapture({ file: path(file), vantage: { host } });
    feed.push(captureBytes(scenario, file));
    feed.end();
  }
  const whole = analysis.finish();
  const redaction = redactionOf(whole);
  const report = redactReport(whole, redaction);
  const facts = postmortemOf(analysis, whole, { graphs: true, redaction });
  const text = (detail: 'verbose' | 'flow'): string => renderText(report, { style: STYLE, detail });
  return {
    report: whole,
    redaction,
    forms: {
      json: JSON.stringify(report),
      jsonl: [...renderJsonLines(report, true)].join(''),
      verbose: text('verbose'),
      ladder: text('flow'),
      markdown: [...writeMarkdown(facts)].join(''),
      html: [...writeHtml(facts)].join(''),
    },
  };
}

describe.each(allScenarios().filter(({ name }) => NAMES.test(name)))('$name', (scenario) => {
  const { report, forms } = made(scenario);
  const originals = [
    ...new Set(
      report.flows.flatMap((f) => [f.client, f.server, ...(f.translated ?? [])].map((e) => e.address)),
    ),
    ...report.flows.map((f) => f.id),
  ];

  test('holds no original', () => {
    expect(originals.length).toBeGreaterThan(2);
    // The fixtures' networks, whichever of their hosts speaks: 10.0.1.0/24 and so on.
    const networks = /(?<![\d.])(?:10|172|192\.168)\.\d+\.\d+\.\d+|acme/i;
    for (const [form, text] of Object.entries(forms)) {
      for (const original of originals)
        expect(
          new RegExp(`(?<![\\d.])${original.replaceAll('.', '\\.')}(?!\\d)`).test(text),
          `${form} ${original}`,
        ).toBe(false);
      expect(networks.exec(text)?.[0], form).toBeUndefined();
    }
  });

  test('is a report that says the same of the same flows', () => {
    const redacted = JSON.parse(forms.json ?? '') as Report;
    expect(reportFaults(redacted)).toEqual([]);
    const told = ({ flows }: Report): unknown =>
      flows.map(({ outcome, cause, stalls }) => ({ outcome, cause, stalls }));
    expect(told(redacted)).toEqual(told(report));
  });

  test('twice the same input gives the same bytes', () => {
    expect(made(scenario).forms.json).toBe(forms.json);
  });
});

test('what is told only in a sentence stands for nobody else', () => {
  const scenario = allScenarios().find(({ name }) => name === 'nat-synced') as Scenario;
  const { report } = made(scenario);
  const told = 'asked 192.0.2.1 (0a:00:5e:00:00:01), 198.51.100.1. and [2001:db8:0:0:0:1::7]';
  const flows = report.flows.map((flow) => ({
    ...flow,
    claims: [{ kind: 'inferred' as const, text: told, frames: [] }],
  }));
  const redaction = redactionOf({ ...report, flows });
  const ends = flows.flatMap(({ client, server }) => [client.address, server.address]);
  for (const [i, end] of ['192.0.2.2', '198.51.100.2'].entries())
    expect(redaction.text(ends[i] as string)).toBe(end);
  expect(redaction.text('02:00:00:00:00:09')).toBe('0a:00:5e:00:00:02');
  for (const original of ['192.0.2.1 ', '198.51.100.1.', '0a:00:5e:00:00:01', '2001:db8:0:0:0:1::7'])
    expect(redaction.text(told)).not.toContain(original);
});
