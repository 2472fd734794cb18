/**
 * The scenarios as files: each can be read, says what it expects of whom, and together they show every cause of the
 * catalogue but those that `scenarios/README.md` lists, with the reason.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSE_IDS, OUTCOMES } from '../analyzer/report/report.ts';
import { parseScenario, type Scenario } from './scenario.ts';

const FOLDER = path.join(import.meta.dirname, 'scenarios');
const files = readdirSync(FOLDER).filter((file) => file !== 'README.md');
const texts = new Map(files.map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')]));
const scenarios = new Map<string, Scenario>(
  [...texts].map(([file, text]) => [file.replace('.yaml', ''), parseScenario(text)]),
);
const all = [...scenarios.values()];
const expectations = all.flatMap(({ expect: of }) => Object.values(of));
/** `- \`cause\`: because …` */
const excused = new Map(
  [...readFileSync(path.join(FOLDER, 'README.md'), 'utf8').matchAll(/^- `([a-z-]+)`: (.+)$/gm)].map(
    ([, cause = '', why = '']) => [cause, why],
  ),
);

describe('the scenarios', () => {
  it('have names that can be typed, and titles that differ', () => {
    for (const file of files) expect(file).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.yaml$/);
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
  });

  it.each([...scenarios])(
    '%s expects something of a client that it has, and names each once',
    (_, scenario) => {
      const names = scenario.traffic.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(scenario.expect).length).toBeGreaterThan(0);
      for (const name of Object.keys(scenario.expect)) expect(names).toContain(name);
    },
  );

  it('expect causes and outcomes that a diagnosis can have', () => {
    for (const { outcome, cause, contributing } of expectations) {
      for (const one of outcome) expect(OUTCOMES).toContain(one);
      for (const one of [...cause, ...contributing]) if (one !== null) expect(CAUSE_IDS).toContain(one);
    }
  });

  it('say why, those with a failover', () => {
    const silent = [...texts].filter(([, text]) => !text.startsWith('#')).map(([file]) => file);
    expect(silent).toEqual([]);
  });

  it('show every cause, but those that their README excuses', () => {
    const best = new Set(expectations.flatMap(({ cause, contributing }) => [...cause, ...contributing]));
    expect(CAUSE_IDS.filter((cause) => !best.has(cause))).toEqual([...excused.keys()].sort(byCatalogue));
  });

  it('are enough: both forwarders and families, controls, each kind of client', () => {
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(all.filter(({ family }) => family === 6).length).toBeGreaterThanOrEqual(6);
    expect(all.filter(({ control }) => control).length).toBeGreaterThanOrEqual(4);
    expect(all.filter(({ gateway }) => gateway.forwarder === 'proxy').length).toBeGreaterThanOrEqual(8);
    const runs = new Set(all.flatMap(({ traffic }) => traffic.map(({ run }) => run)));
    expect([...runs].sort()).toEqual(['api', 'curl', 'mixed', 'node', 'udp', 'upload', 'wget']);
  });

  it('have fail-fast off and on, for either forwarder', () => {
    for (const forwarder of ['routed', 'proxy']) {
      const waits = all.some(
        ({ gateway, expect: of }) =>
          gateway.forwarder === forwarder &&
          !gateway.failFast &&
          Object.values(of).some(({ says }) => says.running),
      );
      const knows = all.some(
        ({ gateway, expect: of }) =>
          gateway.forwarder === forwarder &&
          gateway.failFast &&
          Object.values(of).some(({ says }) => (says.endsAfterRestored ?? Number.POSITIVE_INFINITY) <= 1000),
      );
      expect([forwarder, waits, knows]).toEqual([forwarder, true, true]);
    }
  });
});

const CATALOGUE: readonly string[] = CAUSE_IDS;
const byCatalogue = (a: string, b: string): number => CATALOGUE.indexOf(a) - CATALOGUE.indexOf(b);
