/** From segments to tries, from tries to a time: on a ladder as it was measured, and on what Linux's rules say. */
import { describe, expect, it } from 'vitest';
import { TcpFlag } from '../../packet/wire/frame.ts';
import { plannedRuns, REFERENCE, settingOf } from './changes.ts';
import { type Change, predict } from './predict.ts';
import { predictAll, rowOf } from './rows.ts';
import type { LabSegment } from './segments.ts';
import { renderPredictions } from './table.ts';
import { type Tries, triesOf } from './tries.ts';

/** Waits of a sender with an RTO of about 210 ms, as seen in 28 s. */
const LADDER = [0.217, 0.412, 0.836, 1.66, 3.428, 6.656, 13.308];
const open: Tries = { waits: LADDER, since: 100, syn: false, ahead: 0.1 };
const opening: Tries = {
  waits: [1, 1.02, 1.02, 1.02, 1.02, 2.02, 4.1, 8.2],
  since: 101,
  syn: true,
  ahead: -1,
};
const change = (more: Partial<Change>): Change => ({ outage: 30, limits: [], ranBefore: 8, ...more });

const data = (time: number, seq: number, fromClient = false): LabSegment => ({
  time,
  fromClient,
  seq,
  ack: 1,
  flags: TcpFlag.Ack,
  length: 1000,
});
const ack = (time: number, acknowledged: number, fromClient = true): LabSegment => ({
  ...data(time, 1, fromClient),
  ack: acknowledged,
  length: 0,
});

describe('the tries of a sender', () => {
  it('are the repeats of the first byte that nobody acknowledged', () => {
    const segments = [
      data(99.9, 1000),
      data(99.9, 2000),
      ack(100, 2000),
      data(100.01, 3000),
      data(100.02, 3000), // the tail again: a probe
      data(100.2, 2000),
      data(100.6, 2000),
      data(101.4, 2000),
    ];
    expect(triesOf(segments, false, 100.1)?.waits.map((wait) => Math.round(wait * 10) / 10)).toEqual([
      0.2, 0.4, 0.8,
    ]);
  });

  it('leave out a probe that repeats the same bytes, and the first time that they are sent', () => {
    const segments = [
      ack(100, 2000),
      data(100.001, 2000),
      data(100.01, 2000),
      data(100.22, 2000),
      data(100.63, 2000),
    ];
    const waits = triesOf(segments, false, 100.1)?.waits ?? [];
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeCloseTo(0.22);
    expect(waits[1]).toBeCloseTo(0.41);
  });

  it('of a SYN count from the first one', () => {
    const syn = (time: number): LabSegment => ({ ...data(time, 7, true), flags: TcpFlag.Syn, length: 0 });
    const tries = triesOf([syn(10), syn(11), syn(12)], true, 9);
    expect(tries).toEqual({ waits: [1, 1], since: 10, syn: true, ahead: -1 });
  });

  it('are none where nothing was sent again', () => {
    expect(triesOf([data(99, 1000), ack(100, 2000)], false, 101)).toBeNull();
    expect(triesOf([], true, 101)).toBeNull();
  });
});

describe('a prediction', () => {
  const last = LADDER.reduce((sum, wait) => sum + wait, 0);

  it.each([
    [2, 4],
    [5, 5],
    [10, 6],
    [15, 7],
    [30, 8],
  ])('for an outage of %i s is try %i', (outage, attempt) => {
    expect(predict(open, change({ outage }))).toMatchObject({ outcome: 'resumes', attempt });
  });

  it('takes an outage that ends just before a try for one that ends after it, where the waiting began ahead of it', () => {
    expect(predict(open, change({ outage: 3.1 })).attempt).toBe(5);
    expect(predict({ ...open, ahead: 0 }, change({ outage: 3.1 })).attempt).toBe(4);
  });

  it('goes beyond what was seen by doubling, and not beyond the cap', () => {
    expect(predict(open, change({})).after).toBeCloseTo(last + 2 * 13.308);
    expect(predict(open, change({ rtoMax: 5 })).after).toBeCloseTo(
      0.217 + 0.412 + 0.836 + 1.66 + 3.428 + 5 * 5,
    );
  });

  it.each<[string, Change['limits'][number], number]>([
    ['since the last byte', { of: 'silence', after: 20 }, 20],
    ['since the client began', { of: 'begin', after: 40 }, 32],
    ['at the try after tcp_retries2', { of: 'unacknowledged', after: 12.6 }, 13.209],
  ])('fails by a limit %s', (_name, limit, after) => {
    const { outcome, after: at } = predict(open, change({ limits: [limit] }));
    expect(outcome).toBe('fails');
    expect(at).toBeCloseTo(after, 2);
  });

  it('rides through with a limit that is longer than the try after the outage, and only then', () => {
    const silence = (after: number) => predict(open, change({ limits: [{ of: 'silence', after }] })).outcome;
    expect(silence(50)).toBe('fails'); // longer than the outage
    expect(silence(55)).toBe('resumes');
  });

  it('keeps a connection whose last probe comes after the outage, though its timer is shorter than the wait', () => {
    const probes = (lastProbe: number) =>
      predict(open, change({ limits: [{ of: 'silence', after: 40, lastProbe }] })).outcome;
    expect([probes(30), probes(36)]).toEqual(['fails', 'resumes']);
  });

  it('of a connection that is opened in the outage counts from its first SYN', () => {
    const { after } = predict(opening, change({ ranBefore: -1 }));
    expect(after).toBeGreaterThan(35);
    expect(after).toBeLessThan(36);
  });
});

describe('a row', () => {
  const planned = plannedRuns(true).flatMap(({ changes }) => changes);
  const one = planned.find(({ id }) => id === 'clients/wget-75')!;
  const row = (after: number, outcome: 'resumes' | 'fails' = 'resumes') => {
    const [predicted] = predictAll([one], { download: open, upload: null, opening: null });
    return rowOf(predicted!, open, { outage: 30.4, ranBefore: 8 }, { outcome, after });
  };

  it('is a hit within 12 %, told apart from one try off, and from a miss', () => {
    expect(row(54.1).hit).toBe('yes');
    expect(row(26.9).hit).toBe('one-try-off');
    expect(row(40).hit).toBe('no');
    expect(row(54.1, 'fails')).toMatchObject({ hit: 'no', difference: null });
    const missed = {
      made: '',
      kernel: '',
      reference: { download: [], upload: [], opening: [] },
      rows: [row(40)],
    };
    expect(renderPredictions(missed)).toContain('Missed: clients/wget-75.');
  });
});

describe('the changes', () => {
  it('are more than a dozen beside the reference, each with a name of its own', () => {
    const changes = plannedRuns(true).flatMap((run) => run.changes);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
    expect(changes.filter(({ run }) => run !== REFERENCE).length).toBeGreaterThan(12);
    expect(plannedRuns(false).flatMap((run) => run.changes).length).toBe(changes.length - 2);
  });

  it('are set in the words of the table', () => {
    expect(settingOf('linux', 'tcp_syn_retries', 7)).toEqual({
      text: 'net.ipv4.tcp_syn_retries=2',
      firesAfter: 7,
    });
    expect(() => settingOf('curl', '--nothing', 7)).toThrow('curl has no --nothing');
    expect(() => settingOf('grpc', 'connecting', 7)).toThrow('connecting of grpc cannot be set');
  });
});
