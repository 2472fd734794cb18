/** Any course of events, and what the files say of it afterwards. */
import fs from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  gapsOf,
  MS,
  openTestVantage,
  pcapRecords,
  type ReadFile,
  readCaptures,
  START,
  somePackets,
  type TestVantage,
  testFolder,
} from './test-recording.ts';
import type { VantageRecording } from './vantage-recording.ts';

const NAMES = ['eth0', 'eth1'];

type Step =
  | { readonly kind: 'begin'; readonly on: number; readonly linkType: number }
  | { readonly kind: 'packets'; readonly on: number; readonly count: number }
  | { readonly kind: 'counts'; readonly on: number; readonly more: number }
  | { readonly kind: 'gap'; readonly on: number; readonly why: string }
  | { readonly kind: 'clock' }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'wait'; readonly ms: number };

const on = fc.nat(NAMES.length - 1);
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('begin'), on, linkType: fc.constantFrom(1, 276) }),
    fc.record({ kind: fc.constant('packets'), on, count: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constant('counts'), on, more: fc.nat(3) }),
    fc.record({
      kind: fc.constant('gap'),
      on,
      why: fc.constantFrom('it is down', 'tcpdump ended', 'ü"\n'.repeat(200)),
    }),
    fc.constant<Step>({ kind: 'clock' }),
    fc.constant<Step>({ kind: 'rotate' }),
    fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(1, 200, 6000, 25_000) }),
  ),
  { maxLength: 25 },
);

/** What must be in the files of one interface, all together. */
class Expected {
  readonly packets: string[] = [];
  readonly gaps: string[] = [];
  begun = false;
  dropped: number | null = null;
  gap: { from: bigint; first: string; last: string } | null = null;
}

const at = (time: bigint): string => String(Number(time - START) / 1e6);

class Course {
  readonly vantage: TestVantage;
  readonly expected = NAMES.map(() => new Expected());

  constructor(folder: string) {
    this.vantage = openTestVantage(folder, { rotateBytes: 6000 });
  }

  get recording(): VantageRecording {
    return this.vantage.recording;
  }

  get now(): bigint {
    return this.vantage.clock.now;
  }

  set now(time: bigint) {
    this.vantage.clock.now = time;
  }

  take(step: Step): void {
    this.now += MS;
    if (step.kind === 'rotate') void this.recording.rotate();
    else if (step.kind === 'clock') {
      this.recording.note({
        note: 'clock',
        at: String(this.now),
        synchronised: true,
        offset: 0,
        maxError: 0.1,
      });
    } else if (step.kind === 'wait') {
      this.now += BigInt(step.ms) * MS;
      this.recording.tick();
    } else this.#ofInterface(step);
  }

  #ofInterface(step: Extract<Step, { on: number }>): void {
    const name = NAMES[step.on]!;
    const sink = this.recording.sink(name);
    const expected = this.expected[step.on]!;
    if (step.kind === 'begin') {
      const { gap } = expected;
      if (gap !== null) expected.gaps.push(`${name} ${at(gap.from)}-${at(this.now)} ${reason(gap)}`);
      expected.gap = null;
      expected.begun = true;
      sink.begin(this.now, step.linkType);
    } else if (step.kind === 'gap') {
      const { from, first } = expected.gap ?? { from: this.now, first: step.why };
      expected.gap = { from, first, last: step.why };
      sink.gap(this.now, step.why);
    } else if (step.kind === 'packets' && expected.begun && expected.gap === null) {
      const packets = somePackets(this.now, step.count);
      expected.packets.push(...packets.map(({ time, data }) => `${at(time)} ${data[0]}`));
      this.now += BigInt(step.count) * MS;
      const records = pcapRecords(packets);
      sink.packets(records, 0, records.byteLength);
    } else if (step.kind === 'counts' && expected.begun) {
      expected.dropped = (expected.dropped ?? 0) + step.more;
      sink.counts(this.now, null, expected.dropped);
    }
  }
}

const reason = ({ first, last }: { first: string; last: string }): string =>
  first === last ? first : `${first}; ${last}`;

const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((all, one) => all + (one ?? 0), 0);

/** A long reason is cut; what is left of it is its beginning. */
function expectGaps(found: readonly string[], expected: readonly string[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, gap] of found.entries())
    expect(expected[i]!.startsWith(gap), `${gap} for ${expected[i]}`).toBe(true);
}

function checkInterface(files: readonly ReadFile[], name: string, expected: Expected): void {
  const packets: string[] = [];
  for (const { listing } of files) {
    for (const { epoch, data, interfaceIndex } of listing.packets) {
      if (listing.reader.interfaces[interfaceIndex]?.name === name)
        packets.push(`${at(epoch!)} ${data.charCodeAt(0)}`);
    }
  }
  expect(packets).toEqual(expected.packets);
  const descriptions = files.flatMap(({ listing }) =>
    listing.reader.interfaces.filter((one) => one.name === name),
  );
  const dropped = sum(descriptions.map((one) => one.dropped));
  expect(dropped).toBe(expected.dropped ?? 0);
  expect(sum(descriptions.map((one) => one.received))).toBe(packets.length + dropped);
  const gaps = files.flatMap(gapsOf).filter((gap) => gap.startsWith(`${name} `));
  expectGaps(
    gaps.filter((gap) => !/^\S+ [\d.]+- /.test(gap) && !gap.includes('no room')),
    expected.gaps,
  );
  expect(sum(gaps.map((gap) => Number(/ \((\d+)\)$/.exec(gap)?.[1] ?? 0)))).toBe(dropped);
}

it('any course of events is read back as it was told', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (course) => {
      const folder = testFolder();
      const run = new Course(folder);
      for (const step of course) run.take(step);
      await run.recording.close();
      const files = readCaptures(folder);
      expect(files.filter(({ name }) => name.endsWith('.part'))).toEqual([]);
      expect(files.flatMap(({ listing }) => listing.codes)).toEqual([]);
      expect(files.map(({ notes }) => notes[0]?.note)).toMatchObject(
        files.map((_, i) => ({ note: 'file', vantage: 'node-a.in', host: 'gw-1', number: i + 1 })),
      );
      for (const [i, name] of NAMES.entries()) checkInterface(files, name, run.expected[i]!);
      checkLastFile(files.at(-1), run);
      fs.rmSync(folder, { recursive: true });
    }),
    { numRuns: 40 },
  );
});

/** What still lasts is said, and what does not is covered to the end. */
function checkLastFile(last: ReadFile | undefined, run: Course): void {
  if (last === undefined) return;
  const { reader } = last.listing;
  for (const [i, name] of NAMES.entries()) {
    const { gap } = run.expected[i]!;
    const end = reader.interfaces.findLast((one) => one.name === name)?.endTime ?? null;
    if (end === null) continue;
    const covered = reader.origin + BigInt(end);
    const lasting = gapsOf(last).filter((text) => text.startsWith(`${name} `) && /^\S+ [\d.]+- /.test(text));
    // A file that was closed before the gap began says nothing of it.
    if (gap !== null && covered === gap.from)
      expectGaps(lasting, [`${name} ${at(gap.from)}- ${reason(gap)}`]);
    else if (gap === null) expect(lasting).toEqual([]);
  }
}

it('silence is covered: statistics at least every 10 s, also in a file that nobody closes', () => {
  const folder = testFolder();
  const { recording, clock } = openTestVantage(folder);
  recording.sink('eth0').begin(clock.now, 1);
  for (let beat = 1; beat < 250; beat++) {
    clock.now += 200n * MS;
    recording.tick();
    const [file] = readCaptures(folder);
    const { interfaces, origin } = file!.listing.reader;
    const covered = origin + BigInt(interfaces[0]?.endTime ?? 0);
    expect(Number(clock.now - covered) / 1e6).toBeLessThan(10_000);
  }
});

it('a file is closed when it is old', async () => {
  const folder = testFolder();
  const { recording, clock, events } = openTestVantage(folder);
  recording.sink('eth0').begin(clock.now, 1);
  for (let beat = 0; beat < 13; beat++) {
    clock.now += 10_000n * MS;
    recording.tick();
  }
  await recording.close();
  expect(events.filter(({ event }) => event === 'file')).toHaveLength(3);
  expect(readCaptures(folder).map(({ name }) => name.slice(10, -7))).toEqual([
    '20261126T031200.000Z-000001',
    '20261126T031300.000Z-000002',
    '20261126T031400.000Z-000003',
  ]);
});
