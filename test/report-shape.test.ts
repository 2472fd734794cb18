/** The checker of reports: it accepts a real one, and each of its rules can fail. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createAnalysis, type Flow, type Report } from '../analyzer/index.ts';
import { checkReport } from './report-shape.ts';

/** Many flows with stalls and a cause; and one that leaves several causes open. */
const CAPTURES = ['mixed-24', 'never-back-download'];

const analysis = createAnalysis({ tool: { name: 'test', version: '0' }, ladderFor: ':80' });
for (const name of CAPTURES) {
  const feed = analysis.addCapture({ file: `${name}.pcap` });
  const path = new URL(`fixtures/captures/${name}/client.pcap.gz`, import.meta.url);
  feed.push(gunzipSync(readFileSync(path)));
  feed.end();
}
const real = JSON.stringify(analysis.finish());

test('a real report is one', () => {
  expect(checkReport(JSON.parse(real))).toEqual([]);
});

/** Any flow with a stall and an observation. */
const stalled = (report: Report): Flow =>
  report.flows.find((f) => f.stalls.length > 0 && f.claims.some((c) => c.kind === 'observed'))!;
const undecided = (report: Report): Flow => report.flows.find((f) => f.candidates.length > 1)!;

test.each<[string, RegExp, (report: Report) => void]>([
  ['a field is missing', /report\.headline is missing/, (r) => Reflect.deleteProperty(r, 'headline')],
  [
    'a field is misspelt',
    /flows\[0\]\.confidense is not in the contract/,
    (r) => Object.assign(r.flows[0]!, { confidense: 'high' }),
  ],
  ['a version', /schemaVersion: 2 is no one of 1/, (r) => Object.assign(r, { schemaVersion: 2 })],
  ['an outcome', /outcome: "stuck" is no one of/, (r) => Object.assign(r.flows[0]!, { outcome: 'stuck' })],
  ['a cause', /cause: "gremlins" is no one of/, (r) => Object.assign(r.flows[0]!, { cause: 'gremlins' })],
  [
    'NaN',
    /duration: NaN is no duration/,
    (r) => Object.assign(stalled(r).stalls[0]!, { duration: Number.NaN }),
  ],
  [
    'a span below 0',
    /duration: -2 is no duration/,
    (r) => Object.assign(stalled(r).stalls[0]!, { duration: -2 }),
  ],
  ['a time as a number', /start: 5 is no time in ns/, (r) => Object.assign(r.flows[0]!, { start: 5 })],
  [
    'null where there is a value',
    /start: null is no time/,
    (r) => Object.assign(r.flows[0]!, { start: null }),
  ],
  ['undefined', /cause: undefined is no one of/, (r) => Object.assign(r.flows[0]!, { cause: undefined })],
  ['frame 0', /frames count from 1/, (r) => Object.assign(stalled(r).stalls[0]!.frames.last, { frame: 0 })],
  ['a port', /port: 65536 is no port/, (r) => Object.assign(r.flows[0]!.client, { port: 65_536 })],
  ['a flow id', /id: "f1" is no flow id/, (r) => Object.assign(r.flows[0]!, { id: 'f1' })],
  ['an id twice', /two flows have the same id/, (r) => Object.assign(r.flows[0]!, { id: r.flows[1]!.id })],
  ['the number of flows', /summary\.flows is/, (r) => Object.assign(r.summary, { flows: 1 })],
  [
    'the number of an outcome',
    /byOutcome\.reset is 99/,
    (r) => Object.assign(r.summary.byOutcome, { reset: 99 }),
  ],
  ['causes without their flows', /names other flows than have it/, (r) => r.causes[0]!.flows.pop()],
  [
    'a failover backwards',
    /restored before it is lost/,
    (r) => Object.assign(r.failovers[0]!, { pathLost: '9'.repeat(19), pathRestored: '1' }),
  ],
  ['a flow backwards', /ends before it starts/, (r) => Object.assign(r.flows[0]!, { end: '1' })],
  [
    'an observation without frames',
    /observation without evidence/,
    (r) => Object.assign(stalled(r).claims.find((c) => c.kind === 'observed')!, { frames: [] }),
  ],
  [
    'an absence without coverage',
    /absence without coverage/,
    (r) => Object.assign(stalled(r).claims[0]!, { kind: 'absent', frames: [] }),
  ],
  [
    'a candidate that is ruled out',
    /candidate is ruled out/,
    (r) => undecided(r).ruledOut.push({ cause: undecided(r).candidates[0]!, because: 'x' }),
  ],
  [
    'a cause that nobody speaks of',
    /neither a candidate nor ruled out/,
    (r) => undecided(r).candidates.pop(),
  ],
  [
    'a cause beside candidates',
    /a cause is named, and candidates/,
    (r) => Object.assign(undecided(r), { cause: 'outage' }),
  ],
  [
    'a short stall',
    /less than a second is no stall/,
    (r) => Object.assign(stalled(r).stalls[0]!, { duration: 0.5 }),
  ],
  [
    'a stall of another length',
    /but ends .* after its start/,
    (r) => Object.assign(stalled(r).stalls[0]!, { duration: 5000 }),
  ],
  [
    'parts that do not add up',
    /its parts are/,
    (r) => Object.assign(stalled(r).stalls[0]!, { outage: 99, backoff: 0, recovery: 0 }),
  ],
  [
    'some of the parts',
    /some of its parts/,
    (r) => Object.assign(stalled(r).stalls[0]!, { outage: 1, backoff: null, recovery: null }),
  ],
  [
    'who waits',
    /who waits also owes/,
    (r) => Object.assign(stalled(r).stalls[0]!, { waiting: 'server', owedBy: 'server' }),
  ],
])('wrong is %s', (_, expected, spoil) => {
  const report = JSON.parse(real) as Report;
  spoil(report);
  // NaN and undefined are not JSON, and what is asked here is more than JSON.
  expect(checkReport(report).join('\n')).toMatch(expected);
});
