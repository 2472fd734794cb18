import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createAnalysis, type Report } from '../index.ts';

/** Ten of fifty connections through a proxy; for some it had not opened its own yet when its node went away. */
const FOLDER = resolve('test/fixtures/collected/lone-legs');
const HAD_NO_PARTNER = [34332, 34380];

function diagnose(isTaken: (file: string) => boolean): Report {
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const node of ['node-a.jsonl', 'node-b.jsonl']) {
    analysis.addJournal({ file: node, text: readFileSync(join(FOLDER, 'journals', node), 'utf8') });
  }
  const captures = join(FOLDER, 'captures');
  for (const file of readdirSync(captures).sort().filter(isTaken)) {
    const feed = analysis.addCapture({ file });
    feed.push(gunzipSync(readFileSync(join(captures, file))));
    feed.end();
  }
  return analysis.finish();
}

const kindsOf = (report: Report) =>
  HAD_NO_PARTNER.map((port) => report.flows.find((f) => f.client.port === port)?.path);

describe('a connection on one side of a proxy', () => {
  it('was ended there, where both sides were captured and others show a second connection', () => {
    const report = diagnose(() => true);
    expect(kindsOf(report)).toEqual(['terminated', 'terminated']);
    const waiting = report.flows.find((f) => f.client.port === 33234);
    expect(waiting).toMatchObject({ path: 'terminated', outcome: 'hung', cause: 'terminated-proxy' });
    expect(waiting?.claims.map((c) => c.text)).toContain(
      'the new node knew none of the 4 other proxied connections that asked it',
    );
  });

  it('is not known to be, where the other side was not captured', () => {
    const report = diagnose((file) => !file.includes('.out') && !file.startsWith('server'));
    expect(kindsOf(report)).toEqual(['unknown', 'unknown']);
    expect(report.flows.find((f) => f.client.port === 33234)?.outcome).toBe('undecided');
  });
});
