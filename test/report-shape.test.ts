/** The checker of reports: it accepts a real one, and each of its rules can fail. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createAnalysis, type Flow, type Report } from '../analyzer/index.ts';
import { checkReport } from './report-shape.ts';

/** Many flows with stalls and a cause; and one that leaves several causes open. */
const CAPTURES = ['mixed-24', 'never-back-download'];

function diagnose(captures: readonly (readonly [file: string, fixture: string])[]): string {
  const analysis = createAnalysis({ tool: { name: 'test', version: '0' }, ladderFor: ':80' });
  for (const [file, fixture] of captures) {
    const feed = analysis.addCapture({ file });
    const path = new URL(`fixtures/captures/${fixture}.pcap.gz`, import.meta.url);
    feed.push(gunzipSync(readFileSync(path)));
    feed.end();
  }
  return JSON.stringify(analysis.finish());
}

const real = diagnose(CAPTURES.map((name) => [`${name}.pcap`, `${name}/client`]));
/** A proxied flow with its legs, aligned clocks, and a failover that the nodes' captures show. */
const correlated = diagnose(
  ['client', 'node-a.in', 'node-a.out', 'node-b.in', 'node-b.out', 'server'].map((name) => [
    `${name}.pcap`,
    `f-tproxy/${name}`,
  ]),
);

test('a real report is one', () => {
  expect(checkReport(JSON.parse(real))).toEqual([]);
});

test('so is one of several captures, and what tells the affected flows from the others', () => {
  const report = JSON.parse(correlated) as Report;
  expect(checkReport(report)).toEqual([]);
  expect(report.clocks.length).toBeGreaterThan(1);
  expect(report.flows[0]!.legs).toHaveLength(2);
  report.failovers[0]!.contrast = [
    {
      trait: 'age',
      affected: 'at most 3.1 s old',
      others: 'at least 30.2 s old',
      counts: { affected: 12, others: 7 },
    },
  ];
  expect(checkReport(report)).toEqual([]);
});

test.each<[string, RegExp, (report: Report) => void]>([
  [
    'a clock of no capture',
    /clocks: there is no capture c9/,
    (r) => Object.assign(r.clocks[0]!, { capture: 'c9' }),
  ],
  [
    'a clock against itself',
    /clocks: the reference's own/,
    (r) => Object.assign(r.clocks[0]!, { capture: r.clocks[0]!.reference }),
  ],
  ['two references', /clocks: two references/, (r) => Object.assign(r.clocks[0]!, { reference: 'c6' })],
  [
    'a bound below zero',
    /lostWithin: -1 is no duration/,
    (r) => Object.assign(r.failovers[0]!, { lostWithin: -1 }),
  ],
  [
    'a loss after the return',
    /lostWithin reaches beyond the outage/,
    (r) => Object.assign(r.failovers[0]!, { lostWithin: r.failovers[0]!.outage! + 1 }),
  ],
  [
    'a return before the loss',
    /restoredWithin reaches beyond the outage/,
    (r) => Object.assign(r.failovers[0]!, { restoredWithin: r.failovers[0]!.outage! + 1 }),
  ],
  [
    'a bound of a return that was not',
    /restoredWithin, but not restored/,
    (r) => Object.assign(r.failovers[0]!, { pathRestored: null, outage: null, restoredWithin: 1 }),
  ],
  [
    'an outage that did not end',
    /an outage without its end/,
    (r) => Object.assign(r.failovers[0]!, { pathRestored: null }),
  ],
  [
    'one direction twice',
    /a direction is there twice/,
    (r) => r.failovers[0]!.directions!.push(r.failovers[0]!.directions![0]!),
  ],
  [
    'a trait that nobody knows',
    /trait: "colour" is no one of/,
    (r) =>
      Object.assign(r.failovers[0]!, {
        contrast: [{ trait: 'colour', affected: 'red', others: 'blue', counts: { affected: 1, others: 1 } }],
      }),
  ],
  [
    'a mark without evidence',
    /an observation without evidence: the last/,
    (r) => Object.assign(r.failovers[0]!.marks[0]!, { frames: [] }),
  ],
  [
    'a frame that the capture has not',
    /cites c5 #12, which it has not/,
    (r) => r.path.claims[0]!.frames.push({ capture: 'c5', frame: 12 }),
  ],
  [
    'a sighting in no capture',
    /seenAt: there is no capture c9/,
    (r) => {
      r.flows[0]!.seenAt.push('c9');
      r.flows[0]!.legs![1]!.seenAt.push('c9');
    },
  ],
  [
    'a stream where the flow was not seen',
    /a stream of a capture that did not see it/,
    (r) => Object.assign(r.flows[0]!.streams!, { c5: 0 }),
  ],
  ['one leg', /a proxied flow has two legs/, (r) => r.flows[0]!.legs!.pop()],
  [
    'legs of a routed flow',
    /legs, but nothing ended the connection/,
    (r) => Object.assign(r.flows[0]!, { path: 'forwarded' }),
  ],
  [
    'a leg that was seen elsewhere',
    /its legs were seen elsewhere than it/,
    (r) => r.flows[0]!.legs![0]!.seenAt.push('c5'),
  ],
])('of several captures: %s', (_, expected, spoil) => {
  const report = JSON.parse(correlated) as Report;
  spoil(report);
  expect(checkReport(report).join('\n')).toMatch(expected);
});

test('journals may be evidence, and have problems of their own', () => {
  const report = JSON.parse(real) as Report;
  const claim = report.flows.flatMap(({ claims }) => claims).find(({ kind }) => kind === 'observed')!;
  Object.assign(claim, { frames: [], journal: [{ file: 'node-b.log', line: 12 }] });
  report.problems.push({ code: 'journal-line', message: 'line 3: no', at: { capture: 'node-b.log' } });
  expect(checkReport(report)).toEqual([]);
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
    'a line of a journal without the line',
    /journal\[0\]\.line is missing/,
    (r) => Object.assign(stalled(r).claims[0]!, { journal: [{ file: 'node-b.log' }] }),
  ],
  [
    'a problem of no capture',
    /at\.capture: "node-b\.log" is no capture id/,
    (r) => r.problems.push({ code: 'record-cut', message: 'Cut.', at: { capture: 'node-b.log' } }),
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
