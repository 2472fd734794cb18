/**
 * Clocks and order of real captures. All hosts of the fixtures share one clock,
 * so what it is off is known: nothing, or what is added to it here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCaptureReader } from '../../packet/file/reader.ts';
import { type Nanos, seconds } from '../../packet/time.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { Frame, FrameKind } from '../../packet/wire/frame.ts';
import { type ClockLine, errorAt, fitClocks } from './clock-fit.ts';
import { orientation, type UnorderedPair } from './orientation.ts';

const CAPTURES = path.join(import.meta.dirname, '../../test/fixtures/captures');
/** From client to server, over either node. */
const PATHS = ['a', 'b'].map((node) => ['client', `node-${node}.in`, `node-${node}.out`, 'server']);
/** A moment before all captures. */
const ORIGIN = 1_795_000_000n * 1_000_000_000n;

interface Packet {
  readonly time: Nanos;
  readonly dir: 'c' | 's';
}

/** TCP segments that are there once, by what does not change on the way. */
function read(file: string): Map<string, Packet | null> {
  const found = new Map<string, Packet | null>();
  const frame = new Frame();
  const reader = createCaptureReader(
    {
      packet(record) {
        decodeFrame(record, frame);
        if (frame.kind !== FrameKind.Tcp) return;
        const key = [frame.seq, frame.ack, frame.payloadLength, frame.flags, frame.tsVal].join();
        const dir = frame.sourcePort > frame.destinationPort ? 'c' : 's';
        found.set(key, found.has(key) ? null : { time: record.time, dir });
      },
      problem() {},
    },
    { origin: ORIGIN },
  );
  reader.push(gunzipSync(readFileSync(file)));
  reader.end();
  return found;
}

interface Meeting {
  readonly name: string;
  readonly pairs: UnorderedPair[];
}

/** Every two captures that share packets, the one nearer to the client first. */
function meetings(folder: string): Meeting[] {
  const captures = new Map<string, Map<string, Packet | null>>();
  for (const name of new Set(PATHS.flat())) {
    const file = path.join(CAPTURES, folder, `${name}.pcap.gz`);
    if (existsSync(file)) captures.set(name, read(file));
  }
  const couples = PATHS.flatMap((hosts) =>
    hosts.flatMap((a, i) => hosts.slice(i + 1).map((b) => [a, b] as const)),
  );
  return couples.flatMap(([a, b]) => {
    const pairs: UnorderedPair[] = [];
    for (const [key, here] of captures.get(a) ?? []) {
      const there = captures.get(b)?.get(key);
      if (here && there) pairs.push({ a: here.time, b: there.time, dir: here.dir });
    }
    return pairs.length > 0 ? [{ name: `${folder}: ${a}, ${b}`, pairs }] : [];
  });
}

const folders = readdirSync(CAPTURES).flatMap((name) =>
  name === 'controls'
    ? readdirSync(path.join(CAPTURES, name)).map((control) => `${name}/${control}`)
    : [name],
);

describe('real captures', () => {
  const all = folders.flatMap(meetings);
  const both = all.filter(({ pairs }) => new Set(pairs.map((p) => p.dir)).size === 2);

  it('share packets', () => {
    expect(all.length).toBeGreaterThan(200);
  });

  it('tell their order on the path wherever they share packets of both directions, and never a false one', () => {
    const told = (some: readonly Meeting[]) => some.map((m) => [m.name, orientation(m.pairs).nearer]);
    expect(told(both)).toEqual(both.map((m) => [m.name, 1]));
    const others = all.filter((m) => !both.includes(m));
    expect(told(others)).toEqual(others.map((m) => [m.name, 0]));
  });

  it.each([
    [0, 0],
    [37_200_000, 50e-6],
    [seconds(-3600), -80e-6],
  ])('tell how far their clocks are apart, within what they say (%i ns, %d)', (offset, drift) => {
    const excess: number[] = [];
    for (const { name, pairs } of both) {
      const start = (pairs[0] as UnorderedPair).b;
      const shown = (b: Nanos): Nanos => Math.floor((b + offset + drift * (b - start)) / 1000) * 1000;
      const fits = fitClocks(pairs.map(({ a, b, dir }) => ({ a, b: shown(b), way: dir === 'c' ? 1 : -1 })));
      expect(fits, name).toHaveLength(1);
      const fit = fits[0] as ClockLine & { minRtt: number };
      for (const t of [fit.from, fit.until]) {
        const truth = offset + (drift * (t - offset - start)) / (1 + drift);
        expect(Math.abs(fit.offset + fit.skew * (t - fit.at) - truth), name).toBeLessThanOrEqual(
          errorAt(fit, t) as number,
        );
      }
      excess.push((fit.error as number) - fit.minRtt / 2);
    }
    excess.sort((p, q) => p - q);
    // Measured: half of them less than 6 µs beyond half the round trip, nine in ten less than 40 µs.
    expect(excess[Math.floor(excess.length * 0.5)]).toBeLessThan(10_000);
    expect(excess[Math.floor(excess.length * 0.9)]).toBeLessThan(60_000);
  });
});
