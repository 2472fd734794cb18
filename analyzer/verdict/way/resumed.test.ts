import { describe, expect, it } from 'vitest';
import { epoch, HTTP_GET } from '../../test-frames.ts';
import { Trip } from '../../test-path.ts';
import { ANSWER, goesOn, lost, outBecause, PROBE, rungs, said, verdictOn } from '../../test-stories.ts';

/** B passes a keepalive and its answer at 4 s, and the retry of 5.7 s. */
const probed = () => goesOn(lost().client(4, PROBE).server(4.001, ANSWER), 5.7);
const line = (at: number, event: Record<string, unknown>): string =>
  JSON.stringify({ time: epoch(at).toString(), node: 'node-b', ...event });
const committed = (at: number, entries: number): string =>
  line(at, { event: 'state-committed', entries, failed: 0, took: 0.1 });
const journal = (...lines: string[]): Record<string, string> => ({ 'node-b.jsonl': lines.join('\n') });

describe('a download that went on at the retry after a keepalive had passed', () => {
  it('waited for the timer, or was picked up by the keepalive: nothing tells the two apart', () => {
    const flow = verdictOn([probed()]);
    expect([flow.outcome, flow.cause, flow.candidates]).toEqual([
      'resumed',
      null,
      ['rto-backoff', 'midstream-pickup'],
    ]);
    expect(flow.splitBy).toContain('state:node-b');
    expect(said([probed()])).toBe('resumed ?');
  });

  it('waited for the timer, where the journal shows the state in place before', () => {
    expect(said([probed()], { journals: journal(committed(3.5, 3)) })).toBe('resumed rto-backoff');
    expect(
      outBecause(verdictOn([probed()], { journals: journal(committed(3.5, 3)) }), 'midstream-pickup'),
    ).toContain('journal');
  });

  it('waited for the timer, where a log of whole seconds has the commit in that of the keepalive', () => {
    const [day, date, month, year, time] = new Date(Number(epoch(4) / 1_000_000n)).toUTCString().split(/,? /);
    const stamp = `${day} ${month} ${date} ${time} ${year}`;
    const log = `[${stamp}] (pid=99) [notice] Committed 3 new entries\n`;
    const flow = verdictOn([probed()], { journals: { 'conntrackd-b.log': log } });
    expect([flow.cause, flow.confidence]).toEqual(['rto-backoff', 'medium']);
    expect(outBecause(flow, 'midstream-pickup')).toContain('before the data came');
  });

  it('is as open as before, where the state came later', () => {
    expect(verdictOn([probed()], { journals: journal(committed(5, 3)) }).cause).toBeNull();
  });

  it('was picked up, where the journal shows that B took over with nothing in its table', () => {
    const flow = verdictOn([probed()], { journals: journal(committed(3.5, 0)) });
    expect([flow.cause, flow.confidence]).toEqual(['midstream-pickup', 'high']);
    expect(flow.claims.map(({ text }) => text).join()).toContain('took over without knowing any connection');
  });

  it('is as open as before, where B may have learnt the connection otherwise', () => {
    const served = journal(line(1, { event: 'forwarding-on' }), committed(3.5, 0));
    expect(verdictOn([probed()], { journals: served }).cause).toBeNull();
    const later = journal(committed(3.5, 0), committed(5, 3));
    expect(verdictOn([probed()], { journals: later }).cause).toBeNull();
    const some = journal(line(3.5, { event: 'state-committed', entries: 0, failed: 2 }));
    expect(verdictOn([probed()], { journals: some }).cause).toBeNull();
  });

  it('was picked up, where the retry before the keepalive was dropped', () => {
    const t = goesOn(rungs(lost(), 'b.out', [5.7]).client(7, PROBE).server(7.001, ANSWER), 10.5);
    expect(said([t])).toBe('resumed midstream-pickup');
    const flow = verdictOn([t]);
    expect(outBecause(flow, 'rto-backoff')).toBe('the new node picked the connection up in mid-stream');
    expect(outBecause(flow, 'outage')).toBe('the path was back before');
  });
});

describe('a download that went on once the new node passed it, which had kept its retries before', () => {
  const late = () => goesOn(rungs(lost(), 'b.out', [2.5, 5.7]), 12.1);

  it('waited for the timer or for the node: since when it would have passed nobody saw', () => {
    const flow = verdictOn([late()]);
    expect([flow.outcome, flow.cause]).toEqual(['resumed', null]);
    expect(flow.candidates).toEqual(expect.arrayContaining(['rto-backoff', 'one-way-path']));
    expect(outBecause(flow, 'one-way-path')).toBeNull();
  });

  it('does not take the first sign of the node for the time from which it passed', () => {
    expect(verdictOn([late()]).candidates).toContain('outage');
  });
});

describe('an answer that took its time', () => {
  // No IP identification tells, as over IPv6.
  const thinking = () => {
    const t = new Trip().handshake(0).client(1, { payload: HTTP_GET, ipId: 0 }).server(1.001, { ipId: 0 });
    return t.server(4, { payload: 'HTTP/1.1 204 No Content\r\n\r\n', ipId: 0 }).client(4.01, { ipId: 0 });
  };

  it('is no failover where the server’s own capture shows that it sent nothing', () => {
    expect(said([thinking()])).toBe('unaffected ?');
  });

  it('may be one for who sees the client only', () => {
    const flow = verdictOn([thinking()], { places: ['client'] });
    expect([flow.outcome, flow.candidates]).toEqual([
      'resumed',
      expect.arrayContaining(['application-idle', 'rto-backoff']),
    ]);
  });
});

describe('a download that went on with the first that came to the new node', () => {
  it('was no mid-stream pick-up: only the inside may begin anything', () => {
    const flow = verdictOn([goesOn(lost(), 5.7)]);
    expect(outBecause(flow, 'midstream-pickup')).toContain(
      'the first that node-b passed on was data from outside',
    );
    expect(flow.candidates).toEqual(['rto-backoff', 'outage']);
  });

  it('was one, where its journal shows that it knew nothing', () => {
    const flow = verdictOn([goesOn(lost(), 5.7)], { journals: journal(committed(3.5, 0)) });
    expect([flow.outcome, flow.cause]).toEqual(['resumed', 'midstream-pickup']);
  });

  it('did not wait for an idle application: the server’s own capture shows what it sent in vain', () => {
    const because = outBecause(verdictOn([goesOn(lost(), 5.7)]), 'application-idle');
    expect(because).toBe('the server sent 4 segments with data in the silence');
  });

  it('may have, where only the client was captured', () => {
    const flow = verdictOn([goesOn(lost(), 5.7)], { places: ['client'] });
    expect(flow.candidates).toContain('application-idle');
  });
});
