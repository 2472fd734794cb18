import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimerReplay } from '../../report/report.ts';
import { curl } from './curl.ts';
import { goHttp } from './go.ts';
import { linux } from './linux.ts';
import { nodeFetch, nodeHttp } from './node.ts';
import { nginx } from './proxies.ts';
import { httpx } from './python.ts';
import { replayTimers, type StallSeen } from './replay.ts';
import { CLIENTS } from './table.ts';
import { wget } from './wget.ts';

/** A download that stood still for 27 s; its path was back after 20 s, and a try after 13 s was in vain. */
const DOWNLOAD: StallSeen = {
  isOpening: false,
  wentOn: 27,
  back: 20,
  lostUntil: 13,
  lasts: 27,
  isVain: false,
  reads: ['client'],
  writes: 'server',
  probeMeets: null,
  elapsed: 4,
  patience: 30,
};
const HUNG: StallSeen = { ...DOWNLOAD, wentOn: null, lasts: 40, isVain: true, probeMeets: 'nobody' };

const row = (rows: readonly TimerReplay[], timer: string): TimerReplay | undefined =>
  rows.find((one) => one.timer === timer);

describe('a stall that went on', () => {
  it('is ended by what fires before, and told apart where the path was back', () => {
    const rows = replayTimers([httpx, nodeHttp, wget, nginx], DOWNLOAD);
    expect(row(rows, 'Timeout(read)')?.delivered).toEqual({ outcome: 'fails', after: 5 });
    expect(row(rows, 'Agent keepAliveMsecs')?.delivered).toEqual({ outcome: 'fails', after: 11 });
    expect(row(rows, '--read-timeout')?.delivered).toEqual({ outcome: 'resumes', after: 27 });
    expect(row(rows, 'send_timeout')).toMatchObject({ end: 'server', delivered: { outcome: 'resumes' } });
    const short = { ...wget, timers: [{ ...wget.timers[0]!, firesAfter: 22 }] };
    expect(replayTimers([short], DOWNLOAD)[0]?.delivered).toEqual({
      outcome: 'fails',
      after: 22,
      aboutToGoOn: true,
    });
  });

  it('names a value that rides it through, also of a timer that is off', () => {
    const rows = replayTimers([httpx, curl], DOWNLOAD);
    expect(row(rows, 'Timeout(read)')?.set?.text).toBe('httpx.Timeout(35, connect=…)');
    expect(row(rows, '--speed-time')).toMatchObject({
      delivered: { outcome: 'resumes' },
      set: { text: '--speed-limit 1 --speed-time 30', fate: { outcome: 'resumes', after: 27 } },
    });
  });

  it('is kept by a probe that met the path, and not called ended where one may have', () => {
    const probes = (lastProbe: number) => [
      { ...nodeHttp, timers: [{ ...nodeHttp.timers[0]!, lastProbe, firesAfter: lastProbe + 1 }] },
    ];
    expect(replayTimers(probes(21), DOWNLOAD)[0]?.delivered.outcome).toBe('resumes');
    expect(replayTimers(probes(15), DOWNLOAD)[0]?.delivered.outcome).toBe('may-fail');
    expect(replayTimers(probes(12), DOWNLOAD)[0]?.delivered.outcome).toBe('fails');
  });

  it('is not decided where a timer fires just as it goes on', () => {
    const timeout = (firesAfter: number) => [{ ...wget, timers: [{ ...wget.timers[0]!, firesAfter }] }];
    expect(replayTimers(timeout(26.5), DOWNLOAD)[0]?.delivered.outcome).toBe('may-fail');
    expect(replayTimers(timeout(27.1), DOWNLOAD)[0]?.delivered.outcome).toBe('resumes');
  });
});

describe('a stall that did not go on', () => {
  it('fails by what is delivered, or waits for ever', () => {
    const rows = replayTimers([curl, wget, nodeFetch], HUNG);
    expect(row(rows, '--speed-time')).toMatchObject({
      delivered: { outcome: 'waits' },
      set: { text: '--speed-limit 1 --speed-time 25', fate: { outcome: 'fails', after: 31 } },
    });
    expect(row(rows, '--keepalive-time')?.delivered).toEqual({ outcome: 'fails', after: 600 });
    expect(row(rows, 'keepAliveInitialDelay')?.delivered).toEqual({ outcome: 'fails', after: 70 });
  });

  it('is told by the first probe after the path is back, where the node answers with a reset', () => {
    const rows = replayTimers([nodeFetch, goHttp, nodeHttp], { ...HUNG, probeMeets: 'reset' });
    expect(row(rows, 'keepAliveInitialDelay')?.delivered.after).toBe(60);
    expect(row(rows, 'Dialer.KeepAlive')?.delivered.after).toBe(30);
    expect(row(rows, 'Agent keepAliveMsecs')?.delivered.after).toBe(11);
  });

  it('does not say when, where nobody knows what the probes would have met', () => {
    const rows = replayTimers([curl], { ...HUNG, probeMeets: null });
    expect(row(rows, '--keepalive-time')?.delivered).toEqual({ outcome: 'may-fail' });
  });

  it('is not called ended after the capture, where it may have gone on by then', () => {
    const rows = replayTimers([httpx, wget], { ...HUNG, isVain: false });
    expect(row(rows, 'Timeout(read)')?.delivered.outcome).toBe('fails');
    expect(row(rows, '--read-timeout')?.delivered.outcome).toBe('may-fail');
  });
});

describe('whose timer it is', () => {
  it('is that of the end that reads, or that writes', () => {
    const upload = { ...HUNG, reads: ['server'] as const, writes: 'client' as const };
    expect(
      replayTimers([curl, httpx, wget, nginx], upload).map(({ timer, end }) => `${end} ${timer}`),
    ).toEqual([
      'client --speed-time',
      'client Timeout(write)',
      'client proxy_send_timeout',
      'server client_body_timeout',
    ]);
  });

  it('is one to connect only while a connection is opened, and the kernel has one where the program has none', () => {
    const opening = { ...HUNG, isOpening: true, reads: [], writes: null };
    const rows = replayTimers([wget, curl, linux], opening);
    expect(rows.map(({ timer, delivered }) => [timer, delivered.after])).toEqual([
      ['--connect-timeout', 131],
      // Its own 300 s are longer than the kernel's limit.
      ['--connect-timeout', 131],
      ['tcp_syn_retries', 131],
    ]);
  });
});

it('never makes worse of a stall what waits longer', () => {
  const rank = { fails: 0, 'may-fail': 1, resumes: 2, waits: 3 } as const;
  const seconds = fc.double({ min: 1, max: 900, noNaN: true });
  fc.assert(
    fc.property(seconds, seconds, seconds, fc.boolean(), fc.nat(1000), (a, b, wentOn, isKnown, at) => {
      const [shorter, longer] = a < b ? [a, b] : [b, a];
      const stall = { ...DOWNLOAD, wentOn, back: isKnown ? (wentOn * at) / 1000 : null, lostUntil: 0 };
      for (const timer of [wget.timers[0]!, nginx.timers[2]!]) {
        const fate = (firesAfter: number) =>
          replayTimers([{ ...wget, timers: [{ ...timer, firesAfter }] }], stall)[0]!.delivered;
        expect(rank[fate(shorter).outcome]).toBeLessThanOrEqual(rank[fate(longer).outcome]);
      }
    }),
  );
});

it('sets nothing that does not do what it is set for', () => {
  const seconds = fc.double({ min: 1, max: 800, noNaN: true });
  fc.assert(
    fc.property(seconds, fc.boolean(), (wentOn, isOpening) => {
      const ends = isOpening ? ({ reads: [], writes: null } as const) : {};
      const stall = { ...DOWNLOAD, ...ends, isOpening, wentOn, back: wentOn * 0.6, lasts: wentOn };
      const rows = replayTimers(CLIENTS, stall);
      expect(rows.length).toBeGreaterThan(10);
      for (const { set } of rows) if (set) expect(set.fate.outcome).toBe('resumes');
    }),
  );
});
