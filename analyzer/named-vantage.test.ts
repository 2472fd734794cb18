import { describe, expect, it } from 'vitest';
import { type NamedAnalysis, settleVantage } from './named-vantage.ts';
import type { Place, PlaceGuess } from './vantage/vantage.ts';

const guess = (place: Place): PlaceGuess => ({ place, votes: 1, voters: 1, because: 'of its TTLs' });

/** What a file of that name is taken for, if its traffic looks like that of `seen`. */
const byName = (file: string, seen: Place) => settle({ file }, seen);
const bySaying = (host: string, seen: Place, side?: 'in' | 'out') =>
  settle({ file: 'x.pcap', vantage: side === undefined ? { host } : { host, side } }, seen);

const byCollector = (vantage: string, seen: Place, file = '1.pcapng') => settle({ file }, seen, vantage);

function settle(
  input: { file: string; vantage?: { host: string; side?: 'in' | 'out' } },
  seen: Place,
  noted: string | null = null,
) {
  const fileNote = noted === null ? null : { vantage: noted };
  const named = {
    said: input.vantage,
    inputs: [{ input }],
    analysis: { fileNote },
  } as unknown as NamedAnalysis;
  const { vantage, contradiction, isNamed } = settleVantage(named, guess(seen));
  const { host, side, role, inferred } = vantage;
  return [`${host}${side === undefined ? '' : `.${side}`}`, role, inferred, isNamed, contradiction];
}

describe('what a collector’s note says', () => {
  it('is believed before the name of the file', () => {
    expect(byCollector('node-b.out', 'server', 'client.pcapng')).toEqual([
      'node-b.out',
      'node',
      true,
      true,
      null,
    ]);
  });

  it('keeps a host whose name says nothing, at the place that the traffic tells', () => {
    expect(byCollector('edge3.in', 'client')).toEqual(['edge3.in', 'node', true, true, null]);
    expect(byCollector('edge3', 'server')).toEqual(['edge3', 'server', true, true, null]);
  });

  it('is dropped where the traffic is another’s', () => {
    expect(byCollector('client', 'server')).toEqual(['server', 'server', true, false, null]);
  });
});

describe('what the user said', () => {
  it('is so, and was not inferred', () => {
    expect(bySaying('client', 'client')).toEqual(['client', 'client', false, true, null]);
    expect(bySaying('node-b', 'server', 'out')).toEqual(['node-b.out', 'node', false, true, null]);
  });

  it('is so against the traffic, and the contradiction is told', () => {
    expect(bySaying('client', 'server')).toEqual([
      'client',
      'client',
      false,
      true,
      "client was named a client, but its traffic looks like a server's: of its TTLs",
    ]);
  });

  it('names a host whose role only the traffic tells', () => {
    expect(bySaying('db7', 'server')).toEqual(['db7', 'server', false, true, null]);
  });

  it('is no contradiction of a node whose one link looks like an end’s, or of traffic that says nothing', () => {
    expect(bySaying('fw1', 'client', 'in')[4]).toBeNull();
    expect(bySaying('server', 'unknown')[4]).toBeNull();
  });

  it('of an end is contradicted by traffic that passes through', () => {
    expect(bySaying('client', 'node')[4]).toContain('looks like a node');
  });
});

describe('a file’s name', () => {
  it('is believed where the traffic agrees, or says nothing', () => {
    expect(byName('client.pcap', 'client')).toEqual(['client', 'client', true, true, null]);
    expect(byName('node-a.out.pcap.gz', 'server')).toEqual(['node-a.out', 'node', true, true, null]);
    expect(byName('server.pcapng', 'unknown')).toEqual(['server', 'server', true, true, null]);
  });

  it('is dropped where the traffic is another’s', () => {
    expect(byName('client.pcap', 'server')).toEqual(['server', 'server', true, false, null]);
  });

  it('that says nothing leaves it to the traffic', () => {
    expect(byName('1.pcap', 'client')).toEqual(['client', 'client', true, false, null]);
    expect(byName('1.pcap', 'unknown')).toEqual(['1', 'unknown', true, false, null]);
  });
});
