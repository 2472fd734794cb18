/** What the supervisor makes of engines that are shell scripts: their ends, their silence, their counts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createPcapWriter } from '../../packet/file/pcap-writer.ts';
import type { CollectorEvent } from '../words.ts';
import type { CaptureSink, Engine } from './engine.ts';
import type { LinkState, LinkWatch } from './link-watch.ts';
import { captureInterface, type InterfaceCapture } from './supervisor.ts';
import { readTcpdumpLine } from './tcpdump.ts';

const PLAN = { interface: 'eth1', filter: '', snaplen: 0, buffer: 1, vantage: 'node-a.in' };
const ANY_TIME = expect.any(BigInt);
const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-engine-'));
const capture = path.join(folder, 'one.pcap');
const chunks: Uint8Array[] = [];
createPcapWriter((chunk) => chunks.push(chunk), { nanoseconds: true }).packet({
  time: 1_700_000_000_123_456_789n,
  data: new Uint8Array(60),
});
writeFileSync(capture, Buffer.concat(chunks));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs one script after the other, and the last one again and again. */
function scripted(...scripts: string[]): Engine {
  let next = 0;
  return {
    name: 'tcpdump',
    stamps: 'kernel',
    version: async () => 'tcpdump 0',
    refuses: () => null,
    checkFilter: async () => {},
    command: () => ['/bin/sh', '-c', scripts[Math.min(next++, scripts.length - 1)]!],
    countsSignal: 'SIGUSR1',
    read: readTcpdumpLine,
  };
}

/** One interface, which is as it is told. */
function linked(first: LinkState | null) {
  let state = first;
  let changed: (now: LinkState | null) => void = () => {};
  const watch: LinkWatch = {
    state: () => state,
    late: 100,
    on: (_name, told) => {
      changed = told;
      return () => {};
    },
    ready: Promise.resolve(),
    stop: () => {},
  };
  return {
    watch,
    set: (now: LinkState | null) => {
      state = now;
      changed(now);
    },
  };
}

const UP = { ifindex: 7, up: true };
let running: InterfaceCapture | null = null;
afterEach(async () => {
  vi.useRealTimers();
  await running?.stop();
});

function run(engine: Engine, watch = linked(UP).watch) {
  const told: (readonly unknown[])[] = [];
  const events: CollectorEvent[] = [];
  const sink: CaptureSink = {
    begin: (_at, linkType) => told.push(['begin', linkType]),
    packets: (_view, from, to) => told.push(['packets', to - from]),
    counts: (_at, received, dropped) => told.push(['counts', received, dropped]),
    gap: (from, why, link) => told.push(['gap', from, why, link]),
    link: (_at, up) => told.push(['link', up]),
  };
  running = captureInterface(PLAN, engine, sink, (event) => events.push(event), watch);
  const isTold = (...words: unknown[]) => expect.poll(() => told, { timeout: 5000 }).toContainEqual(words);
  return { told, events, isTold, capture: running };
}

describe('a supervised engine', () => {
  it('that ends leaves a gap, and another one is started at once', async () => {
    const { told, events, isTold } = run(scripted(`cat ${capture}; exit 3`, `cat ${capture}; exec sleep 60`));
    await isTold('gap', ANY_TIME, 'tcpdump ended with exit code 3', undefined);
    await expect.poll(() => told.filter(([word]) => word === 'begin').length).toBe(2);
    const gaps = events.filter(({ event }) => event === 'gap');
    expect(gaps).toMatchObject([
      { from: ANY_TIME, to: null },
      { from: ANY_TIME, to: ANY_TIME },
    ]);
  });

  it('has its counts summed over all that ran, with what one left in the buffer', async () => {
    const says = (received: number, dropped: number) =>
      `echo 'tcpdump: 1 packet captured, ${received} packets received by filter, ${dropped} packets dropped by kernel' >&2`;
    const first = `cat ${capture}; ${says(1, 0)}; sleep 0.1; ${says(9, 5)}; exit 3`;
    const { isTold, capture: supervised } = run(
      scripted(first, `cat ${capture}; ${says(4, 3)}; exec sleep 60`),
    );
    // Of 9, 5 were dropped, 1 is here and 3 were never read.
    await isTold('counts', 13, 11);
    expect(supervised.counts()).toMatchObject({ packets: 2, bytes: 120, dropped: 11, state: 'capturing' });
  });

  it('that answers no question is ended', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const { isTold } = run(scripted(`trap '' USR1; cat ${capture}; while :; do sleep 0.05; done`));
    await isTold('begin', 1);
    vi.advanceTimersByTime(40_000);
    await isTold('gap', ANY_TIME, 'tcpdump did not answer for 30 s', undefined);
  });

  it('that has to be killed at the end leaves a gap since what it last brought', async () => {
    const {
      told,
      events,
      isTold,
      capture: hangs,
    } = run(scripted(`trap '' TERM; cat ${capture}; while :; do sleep 0.05; done`));
    await isTold('begin', 1);
    await hangs.stop();
    await isTold('gap', ANY_TIME, expect.stringContaining('tcpdump hung'), undefined);
    expect(told.at(-1)?.[0]).toBe('gap');
    expect(events.at(-1)).toMatchObject({ event: 'gap', to: null });
  });

  it('that ends in order at the end leaves none', async () => {
    const {
      told,
      isTold,
      capture: ends,
    } = run(scripted(`trap 'exit 0' TERM; cat ${capture}; while :; do sleep 0.05; done`));
    await isTold('begin', 1);
    await ends.stop();
    expect(told.filter(([word]) => word === 'gap')).toEqual([]);
  });

  it('loses nothing of a gap to a clock that was set back before it', async () => {
    const script = `cat ${capture}; sleep 0.7; tail -c +25 ${capture}; sleep 0.2; kill -9 $$`;
    const { isTold } = run(scripted(script, 'exec sleep 60'));
    await isTold('begin', 1);
    const real = Date.now;
    const setBack = vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
    try {
      // Since the last packet, and not since it was ended.
      await isTold('gap', 1_700_000_000_123_456_789n, 'tcpdump was ended by SIGKILL', undefined);
    } finally {
      setBack.mockRestore();
    }
  });

  it('that fails again and again is told once for each reason', async () => {
    const { events, isTold } = run(scripted('echo "tcpdump: no luck" >&2; exit 1', 'exit 2'));
    await isTold('gap', ANY_TIME, 'tcpdump: no luck', undefined);
    await expect.poll(() => events.length).toBe(2);
    expect(events).toMatchObject([
      { event: 'gap', to: null, why: 'tcpdump: no luck' },
      { event: 'trouble', what: 'node-a.in: tcpdump ended with exit code 2' },
    ]);
  });

  it('cannot be started, which is a gap too', async () => {
    const { isTold } = run({ ...scripted(''), command: () => ['/no/such/program'] });
    await isTold('gap', ANY_TIME, expect.stringContaining('/no/such/program'), undefined);
  });

  it('waits for the interface, goes on while it is down, and is replaced with it', async () => {
    const { watch, set } = linked(null);
    const { told, isTold } = run(scripted(`cat ${capture}; exec sleep 60`), watch);
    await isTold('gap', ANY_TIME, 'there is no interface eth1', 'absent');
    set({ ...UP, up: false });
    set(UP);
    await isTold('begin', 1);
    // What nothing could come by on is no hole in what was captured; the moment until the engine listens is one.
    expect(told.filter(([word]) => word === 'gap').map(([, , ...said]) => said)).toEqual([
      ['there is no interface eth1', 'absent'],
      ['eth1 is down', 'down'],
      ['tcpdump did not listen yet', undefined],
    ]);
    set({ ...UP, up: false });
    set(UP);
    expect(told.slice(-2)).toEqual([
      ['link', false],
      ['link', true],
    ]);
    set({ ifindex: 8, up: true });
    await isTold('gap', ANY_TIME, 'eth1 is another interface now', undefined);
    await expect.poll(() => told.filter(([word]) => word === 'begin').length).toBe(2);
  });
});
