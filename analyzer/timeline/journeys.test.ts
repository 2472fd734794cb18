import { describe, expect, it } from 'vitest';
import { diagnoseIncident } from '../incident.ts';
import { type Analysis, createAnalysis, type Journey } from '../index.ts';
import { listJourneys } from '../journey-list.ts';
import { HTTP_GET, pcapOf } from '../test-frames.ts';
import { PLACES, type Place, type Taken, type TakeOptions, Trip, taken, takenOnAny } from '../test-path.ts';
import { VantageAnalysis } from '../vantage-analysis.ts';

const tool = { name: 'test', version: '1' };

function analysed(captures: readonly Taken[]): Analysis {
  const analysis = createAnalysis({ tool, timeline: true });
  for (const { file, bytes } of captures) {
    const feed = analysis.addCapture({ file });
    feed.push(bytes);
    feed.end();
  }
  analysis.finish();
  return analysis;
}

const journeysOf = (captures: readonly Taken[]): Journey[] =>
  [...analysed(captures).journeys()].flatMap((f) => f.journeys);

/** `client:seen a.in:missing`, by the names of the vantages. */
const ways = (journeys: readonly Journey[], vantages: readonly string[] = PLACES): string[] =>
  journeys.map(({ stops }) => stops.map((s) => `${vantages[s.vantage]}:${s.seen}`).join(' '));

/** A request and its answer through A; then the client asks again. */
function hung(): Trip {
  const t = new Trip().handshake(0).client(0.5, { payload: HTTP_GET }).server(0.6, { payload: 1000 });
  t.client(0.7).client(2, { payload: 300, to: 'a.in' });
  for (const [i, at] of [2.3, 2.9, 4.1, 6.5].entries()) {
    t.client(at, { seq: -300, payload: 300, to: i < 2 ? 'a.in' : 'client' });
  }
  return t;
}

/** Traffic of another connection, so that captures demonstrably run on. */
const other = (): Trip => {
  const t = new Trip({ client: '10.1.0.10 40001' }).handshake(0.1);
  for (let i = 0; i < 40; i++) {
    t.client(0.3 + i / 2, { payload: 100 }).server(0.31 + i / 2, { payload: 100 });
  }
  return t;
};

const placesWithoutB: readonly Place[] = ['client', 'a.in', 'a.out', 'server'];
const find = (journeys: readonly Journey[], at: number): Journey | undefined =>
  journeys.find((j) => Math.abs(j.time / 1e9 - at) < 0.01 && j.from === 'client' && j.length === 300);

describe('a packet on its way', () => {
  it('stops in the node that keeps it, and before the node that it does not reach', () => {
    const all = journeysOf(taken([hung(), other()], placesWithoutB));
    const at = (time: number): string | undefined => ways([find(all, time) as Journey], placesWithoutB)[0];
    expect(at(2.3)).toBe('client:seen a.in:seen a.out:missing server:missing');
    expect(at(6.5)).toBe('client:seen a.in:missing a.out:missing server:missing');
  });

  it('through one capture of both links comes in and does not leave', () => {
    const names = ['client', 'a', 'b', 'server'];
    const all = journeysOf(takenOnAny([hung(), other()]));
    expect(ways([find(all, 2.3) as Journey], names)).toEqual(['client:seen a:seen a:missing server:missing']);
  });

  it('through one capture of two links of Ethernet is missing nowhere in it: nobody knows which link is which', () => {
    const trips = [hung(), other()];
    const [client, server] = taken(trips, ['client', 'server']) as [Taken, Taken];
    const both = pcapOf(trips.flatMap((t) => [t.at('a.in'), t.at('a.out')]));
    const all = journeysOf([client, { file: 'node-a.pcap', bytes: both }, server]);
    const names = ['client', 'a', 'server'];
    expect(ways(all.slice(0, 1), names)).toEqual(['client:seen a:seen a:seen server:seen']);
    expect(ways([find(all, 2.3) as Journey], names)).toEqual(['client:seen a:seen server:missing']);
    expect(ways([find(all, 6.5) as Journey], names)).toEqual(['client:seen a:unknown server:missing']);
  });

  it('that a node made in the name of an end did not come from there', () => {
    const t = new Trip().handshake(0).client(0.5, { payload: HTTP_GET }).server(0.6, { payload: 1000 });
    t.client(0.7)
      .through('b')
      .client(5, { payload: 300, to: 'b.in' })
      .server(5.001, { flags: 'RST', from: 'b.in' });
    const reset = journeysOf(taken([t, other().through('b')])).find((j) => j.flags.includes('RST'));
    expect(ways([reset as Journey])).toEqual(['server:missing b.out:missing b.in:seen client:seen']);
  });

  it('is told by its numbers from the SYN on, and by what it was sent again after', () => {
    const all = journeysOf(taken([hung(), other()], placesWithoutB));
    expect(find(all, 2)).toMatchObject({ seq: 1 + HTTP_GET.length, ack: 1001, flags: 'PSH ACK' });
    expect(find(all, 2.9)?.label).not.toBe('');
  });

  it.each<[string, TakeOptions]>([
    ['ahead by minutes', { ahead: { server: 300, 'a.in': -7 } }],
    ['ahead by years', { ahead: { client: 1e8 } }],
  ])('is the same whatever the clocks: %s', (_, options) => {
    const plain = journeysOf(taken([hung(), other()], placesWithoutB));
    expect(ways(journeysOf(taken([hung(), other()], placesWithoutB, options)))).toEqual(ways(plain));
  });
});

it('once there are enough journeys, the flows that are left have none', () => {
  const diagnosis = () =>
    diagnoseIncident(
      taken([hung(), other()], placesWithoutB).map(({ file, bytes }, i) => {
        const analysis = new VantageAnalysis({});
        const opened = analysis.open(file, i);
        opened.reader.push(bytes);
        opened.reader.end();
        return { analysis, said: undefined, inputs: [{ input: { file }, file: opened }] };
      }),
      [],
      { tool },
    );
  const made = diagnosis();
  expect([...listJourneys(made, 0)].length).toBe(2);
  const first = [...listJourneys(made, 0, 1)];
  expect(first.map((f) => f.flow)).toEqual([made.report.flows.find((f) => f.outcome !== 'unaffected')?.id]);
  expect(first[0]?.journeys.length).toBeGreaterThan(5);
});
