/** A SYN that had to be repeated once: the loss of one packet, or an outage that began before it. One alone does not tell. */
import { describe, expect, it } from 'vitest';
import { HTTP_GET } from '../test-frames.ts';
import { PLACES, type Place, reportOn, Trip, type TripOptions, taken } from '../test-path.ts';

const options = { mss: 1460, sackPermitted: true, windowScale: 7 };
const SYN = { flags: 'SYN', options, seq: 0 };
const ANSWER = { flags: 'SYN ACK', options, seq: 0 };

/** Opened at `at`, by the first SYN that is sent at one of `repeats` s after it; the others are lost at `lostAt`. */
function opened(at: number, repeats: readonly number[], lostAt: Place, how: TripOptions = {}): Trip {
  const trip = new Trip(how);
  const sent = [0, ...repeats].map((after) => at + after);
  const last = sent.at(-1) as number;
  for (const time of sent) {
    const isLost = time !== last;
    const syn = isLost && lostAt === 'client' ? { ...SYN, to: lostAt } : SYN;
    trip.client(time, syn);
    if (!isLost) trip.server(time + 0.001, ANSWER);
    else if (lostAt !== 'client') trip.server(time + 0.001, { ...ANSWER, to: lostAt });
  }
  trip.client(last + 0.002).client(last + 0.01, { payload: HTTP_GET });
  return trip
    .server(last + 0.1, { payload: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' })
    .client(last + 0.11);
}
const VIEWS: readonly (readonly Place[])[] = [PLACES, ['client', 'server'], ['client']];

describe.each(VIEWS.map((places) => [places.join(), places] as const))('seen at %s', (_name, places) => {
  it.each(['client', 'a.out', 'a.in'] as const)(
    'one that was lost at %s may be any loss: no failover is told',
    (lostAt) => {
      const { flows, failovers, headline } = reportOn(taken([opened(0, [1.02], lostAt)], places));
      expect(flows[0]).toMatchObject({ outcome: 'connect-delayed', cause: null });
      expect(flows[0]?.candidates).toEqual(['syn-backoff', 'loss']);
      expect(failovers).toEqual([]);
      expect(headline).not.toMatch(/path was lost/);
    },
  );

  it('two in a row are an outage: the second was sent in it', () => {
    const { flows, failovers } = reportOn(taken([opened(0, [1.02, 3.05], 'client')], places));
    expect(flows[0]).toMatchObject({ outcome: 'connect-delayed', cause: 'syn-backoff' });
    expect(failovers).toHaveLength(1);
  });
});

it('one is an outage where others waited in vain at the same time', () => {
  const two = [
    opened(0, [1.02], 'client'),
    opened(0.1, [1.03], 'client', { client: '10.1.0.10 40001', isn: [7e8, 8e8] }),
  ];
  const { flows, failovers } = reportOn(taken(two, ['client']));
  expect(flows.map(({ cause }) => cause)).toEqual(['syn-backoff', 'syn-backoff']);
  expect(failovers).toHaveLength(1);
});

it('several may be plain loss where another connection was heard between them: the path was there', () => {
  const other = opened(0, [], 'client', { client: '10.1.0.10 40001', isn: [7e8, 8e8] });
  other
    .client(3, { payload: HTTP_GET })
    .server(3.1, { payload: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' })
    .client(3.11);
  const { flows, failovers } = reportOn(taken([other, opened(1, [1.02, 3.05, 7.1], 'client')], ['client']));
  const flow = flows.find((f) => f.outcome === 'connect-delayed');
  expect([flow?.cause, flow?.candidates]).toEqual([null, ['syn-backoff', 'loss']]);
  expect(failovers).toEqual([]);
});

it('tells where to look', () => {
  const { flows } = reportOn(taken([opened(0, [1.02], 'client')], ['client']));
  expect(flows[0]?.splitBy).toEqual(['node-b.out', 'journal:node-b']);
});

it('who opens a connection is who tries again, whoever owes it an answer', () => {
  const alone = new Trip();
  alone.client(0, { ...SYN, to: 'a.in' });
  const other = opened(3, [], 'client', { client: '10.1.0.10 40001', isn: [7e8, 8e8] });
  for (const places of [['client'], ['a.in']] as const) {
    const [flow] = reportOn(taken([alone, other], places)).flows;
    expect(flow?.stuck).toMatchObject({
      by: 'client',
      nextRetry: null,
      why: 'the client has tried too few times to tell when it tries next',
    });
  }
});

describe('SYNs that came to a server which did not answer them', () => {
  /** Its listen queue was full: three came there, the third was answered. */
  const busy = (): Trip => {
    const trip = new Trip();
    for (const time of [0, 1.02, 3.05]) trip.client(time, SYN);
    trip.server(3.051, ANSWER).client(3.06).client(3.07, { payload: HTTP_GET });
    return trip.server(3.1, { payload: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' }).client(3.11);
  };

  it.each([[PLACES], [['client', 'server']], [['server']]] as const)(
    'are no outage: seen at %j',
    (places) => {
      const { flows, failovers } = reportOn(taken([busy()], places));
      expect(flows[0]).toMatchObject({ outcome: 'unaffected' });
      expect(flows[0]?.stalls[0]?.cause).toBe('application-idle');
      expect(failovers).toEqual([]);
    },
  );

  it('look like an outage to the client, which is not sure of it', () => {
    const { flows } = reportOn(taken([busy()], ['client']));
    expect(flows[0]).toMatchObject({ cause: 'syn-backoff', confidence: 'medium' });
  });
});
