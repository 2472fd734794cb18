import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CollectorEvent } from '../words.ts';
import { type PinPlan, Pins } from './pins.ts';
import type { RingFile } from './recording.ts';
import { nameFile } from './ring-file.ts';
import { MS, START, testFolder } from './test-recording.ts';

const SECOND = 1000n * MS;

/** A ring of files of 10 s each, that `rotate` closes. */
class TestRing {
  readonly folder = testFolder();
  readonly files: RingFile[] = [];
  readonly events: CollectorEvent[] = [];
  rotations = 0;

  constructor() {
    for (const name of ['ring', 'pins']) fs.mkdirSync(path.join(this.folder, name));
  }

  file(from: bigint, to = from + 10n * SECOND, bytes = 1000): RingFile {
    const number = this.files.length + 1;
    const file = path.join(this.folder, 'ring', nameFile('node-a.in', from, number));
    fs.writeFileSync(file, Buffer.alloc(bytes, number));
    const added = { path: file, vantage: 'node-a.in', number, from, to, bytes };
    this.files.push(added);
    return added;
  }

  pins(changes: Partial<PinPlan> = {}): Pins {
    return new Pins({
      folder: path.join(this.folder, 'pins'),
      before: 30_000,
      after: 20_000,
      keep: 1e9,
      vantages: ['node-a.in'],
      files: () => this.files,
      rotate: async () => {
        this.rotations++;
      },
      onEvent: (event) => this.events.push(event),
      ...changes,
    });
  }
}

const numbers = (files: readonly string[]): number[] =>
  files.map((file) => Number(/(\d{6})\.pcapng$/.exec(file)?.[1]));

describe('a pin', () => {
  it('keeps the files of its window, those that are there and those that come', async () => {
    const ring = new TestRing();
    for (const i of [0n, 10n, 20n, 30n, 40n, 50n, 60n]) ring.file(START + i * SECOND);
    const pins = ring.pins();
    const pin = pins.pin(START + 65n * SECOND, 'takeover');
    expect(numbers(pin.files)).toEqual([4, 5, 6, 7]);
    pins.closed(ring.file(START + 70n * SECOND));
    pins.tick(START + 84n * SECOND);
    expect([pins.all[0]?.state, ring.rotations]).toEqual(['open', 0]);
    pins.tick(START + 85n * SECOND);
    await expect.poll(() => pins.all[0]?.state).toBe('complete');
    expect(ring.rotations).toBe(1);
    pins.closed(ring.file(START + 80n * SECOND));
    const [done] = pins.all;
    expect(numbers(done?.files ?? [])).toEqual([4, 5, 6, 7, 8]);
    for (const file of done?.files ?? []) expect(fs.statSync(file).nlink).toBe(2);
    expect(JSON.parse(fs.readFileSync(path.join(done!.folder, 'pin.json'), 'utf8'))).toEqual({
      id: '20261126T031305.000Z',
      from: String(START + 35n * SECOND),
      to: String(START + 85n * SECOND),
      why: ['takeover'],
      vantages: ['node-a.in'],
      state: 'complete',
    });
    expect(ring.events).toMatchObject([
      { event: 'pinned', pin: '20261126T031305.000Z', why: 'takeover' },
      { event: 'pin-complete', files: 5, bytes: 5000 },
    ]);
  });

  it('has the file in which the clock was set back', () => {
    const ring = new TestRing();
    const HOUR = 3600n * SECOND;
    ring.file(START, START + 5n * SECOND - HOUR);
    expect(numbers(ring.pins().pin(START + 4n * SECOND - HOUR, 'takeover').files)).toEqual([1]);
  });

  it('keeps what the ring forgets', () => {
    const ring = new TestRing();
    const file = ring.file(START);
    const [kept] = ring.pins().pin(START, 'by hand').files;
    fs.rmSync(file.path);
    expect(fs.statSync(kept!).size).toBe(1000);
  });

  it('is shared by triggers in its window, up to a length', () => {
    const ring = new TestRing();
    const pins = ring.pins();
    for (let i = 0n; i < 40n; i++) pins.pin(START + 3n * i * SECOND, i % 2n === 0n ? 'takeover' : 'SIGUSR1');
    expect(pins.all[0]).toMatchObject({ why: ['takeover', 'SIGUSR1'], from: START - 30n * SECOND });
    expect(pins.all.length).toBeLessThanOrEqual(2);
    pins.pin(START + 1000n * SECOND, 'takeover');
    expect(pins.all.at(-1)).toMatchObject({ from: START + 970n * SECOND, why: ['takeover'] });
  });

  it('does not take back what is complete', async () => {
    const ring = new TestRing();
    const pins = ring.pins();
    pins.pin(START, 'takeover');
    pins.tick(START + 20n * SECOND);
    await expect.poll(() => pins.all[0]?.state).toBe('complete');
    pins.pin(START + 21n * SECOND, 'takeover');
    expect(pins.all.map(({ state }) => state)).toEqual(['complete', 'open']);
  });

  it('goes on after a restart', async () => {
    const ring = new TestRing();
    ring.file(START);
    ring.pins().pin(START + 5n * SECOND, 'takeover');
    ring.file(START + 10n * SECOND);
    const pins = ring.pins();
    expect(pins.all).toMatchObject([{ state: 'open', why: ['takeover'], bytes: 2000 }]);
    pins.tick(START + 60n * SECOND);
    await expect.poll(() => pins.all[0]?.state).toBe('complete');
    expect(ring.pins().all).toEqual(pins.all);
  });

  it('leaves when room is wanted: first what was shipped, then the oldest, never the newest', async () => {
    const ring = new TestRing();
    const pins = ring.pins({ before: 1000, after: 1000, keep: 2500 });
    for (const i of [0n, 100n, 200n, 300n]) {
      ring.file(START + i * SECOND);
      pins.pin(START + i * SECOND, `at ${i}`);
      if (i === 200n) pins.shipped(pins.all[1]!.id);
      pins.tick(START + (i + 1n) * SECOND);
      await expect.poll(() => pins.all.at(-1)?.state).toBe('complete');
      await expect.poll(() => ring.events.at(-1)?.event).not.toBe('pinned');
    }
    expect(pins.all.map(({ why, state }) => [why[0], state])).toEqual([
      ['at 200', 'complete'],
      ['at 300', 'complete'],
    ]);
    const gone = ring.events.flatMap((event) =>
      event.event === 'forgotten' ? [path.basename(event.file)] : [],
    );
    expect(gone).toEqual(['20261126T031340.000Z', '20261126T031200.000Z']);
    expect(fs.readdirSync(path.join(ring.folder, 'pins'))).toHaveLength(2);
  });

  it('that cannot be written is trouble once, and tried again', async () => {
    const ring = new TestRing();
    const pins = ring.pins();
    const { folder } = pins.pin(START, 'takeover');
    fs.rmSync(folder, { recursive: true });
    fs.writeFileSync(folder, '');
    for (const i of [20n, 21n, 22n]) {
      pins.tick(START + i * SECOND);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(ring.events.map(({ event }) => event)).toEqual(['pinned', 'trouble']);
    expect(ring.rotations).toBe(1);
    fs.rmSync(folder);
    fs.mkdirSync(folder);
    pins.tick(START + 30n * SECOND);
    await expect.poll(() => pins.all[0]?.state).toBe('complete');
  });
});
