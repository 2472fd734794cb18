/**
 * `diagnose frames` against tshark, frame by frame: over all captures of the
 * fixtures, over random TCP, over odd frames, and over the transcripts that our
 * own unit tests believe. What may remain different: docs/tshark-flags.md.
 * The trap: the rules changed after Wireshark 4.0, so another series is skipped.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createFrameFlags } from '../analyzer/frame-flags.ts';
import { FLAG_NAMES } from '../analyzer/tcp/tshark/flags.ts';
import { buildTcp } from '../packet/wire/build.ts';
import { mergeCaptures } from './merge-captures.ts';
import { ODD_FRAMES, oddCapture } from './odd-frames.ts';
import { framesOf, randomSegments } from './random-tcp.ts';
import { tcpFields, writePcap } from './tcp-segment.ts';
import { parseTranscript } from './transcript.ts';
import { detectTshark, TSHARK_SERIES, tsharkFrames } from './tshark.ts';
import { RULES } from './tshark-rules.ts';

const CAPTURES = path.join(import.meta.dirname, 'fixtures/captures');
/** Demanded of the fixtures; so far they agree in every frame. */
const EQUAL_SHARE = 0.999;

const version = detectTshark();
const isOurs = version?.startsWith(TSHARK_SERIES) ?? false;
const why = version === null ? 'tshark is not installed' : `tshark is ${version}, not ${TSHARK_SERIES}x`;
const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-oracle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What was compared, and how often each flag was set by either. */
class Tally {
  frames = 0;
  equal = 0;
  readonly examples: string[] = [];
  readonly #flags = new Map(FLAG_NAMES.map((name) => [name, { theirs: 0, ours: 0, different: 0 }]));

  add(capture: string, ours: Map<string, string>, theirs: Map<string, string>): void {
    for (const frame of new Set([...theirs.keys(), ...ours.keys()])) {
      const [own, their] = [ours.get(frame), theirs.get(frame)];
      this.frames++;
      this.#count(own?.split('\t')[1] ?? '', their?.split('\t')[1] ?? '');
      if (own === their) this.equal++;
      else if (this.examples.length < 20) {
        this.examples.push(`${capture} frame ${frame}: ours ${own ?? 'none'}, tshark ${their ?? 'none'}`);
      }
    }
  }

  #count(ours: string, theirs: string): void {
    if (ours === '' && theirs === '') return;
    const [own, their] = [ours.split(','), theirs.split(',')];
    for (const [name, count] of this.#flags) {
      const [mine, other] = [own.includes(name), their.includes(name)];
      if (mine) count.ours++;
      if (other) count.theirs++;
      if (mine !== other) count.different++;
    }
  }

  toString(): string {
    const row = (...cells: (string | number)[]) =>
      cells.map((cell, i) => (i ? String(cell).padStart(10) : String(cell).padEnd(24))).join('');
    const rows = [...this.#flags].map(([name, { theirs, ours, different }]) =>
      row(name, theirs, ours, different),
    );
    const share = `${this.equal} of ${this.frames} TCP frames equal`;
    return [share, row('', 'tshark', 'ours', 'different'), ...rows, ...this.examples].join('\n');
  }
}

function framesIn(bytes: Uint8Array): Map<string, string> {
  const lines = new Map<string, string>();
  const frames = createFrameFlags((frame, stream, flags) =>
    lines.set(String(frame), `${stream}\t${flags.join(',')}`),
  );
  frames.push(bytes);
  frames.end();
  return lines;
}

let files = 0;
async function tsharkOf(bytes: Uint8Array): Promise<Map<string, string>> {
  const file = path.join(folder, `${files++}.pcap`);
  writeFileSync(file, bytes);
  return tsharkFrames(file);
}

/** Frames and streams of one part of a file, counted from the part's first; moves `base.stream` behind it. */
function countFrom(base: { frame: number; stream: number }, lines: [string, string][]): Map<string, string> {
  let next = base.stream;
  const counted = lines.map(([frame, line]): [string, string] => {
    const [stream, flags] = line.split('\t');
    next = Math.max(next, Number(stream) + 1);
    return [String(Number(frame) - base.frame), `${Number(stream) - base.stream}\t${flags}`];
  });
  base.stream = next;
  return new Map(counted);
}

/** Runs `work` on all items, as many at a time as there are processors. */
async function forEachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

describe.skipIf(!isOurs)(`diagnose frames equals tshark${isOurs ? '' : ` (skipped: ${why})`}`, () => {
  it('over all captures of the fixtures', { timeout: 180_000 }, async () => {
    const names = readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.pcap.gz'),
    );
    expect(names.length).toBeGreaterThan(200);
    const captures = names.map((name) => ({
      name,
      bytes: gunzipSync(readFileSync(path.join(CAPTURES, name))),
    }));
    const tally = new Tally();
    await forEachAtOnce(mergeCaptures(captures), async ({ bytes, parts }) => {
      const theirs = [...(await tsharkOf(bytes))];
      const base = { frame: 0, stream: 0 };
      for (const { name, bytes, frames } of parts) {
        const end = base.frame + frames;
        const past = theirs.findIndex(([frame]) => Number(frame) > end);
        const own = theirs.splice(0, past < 0 ? theirs.length : past);
        tally.add(name, framesIn(bytes), countFrom(base, own));
        base.frame = end;
      }
    });
    process.stdout.write(`\nFixtures: ${tally}\n`);
    expect(tally.equal / tally.frames, String(tally)).toBeGreaterThanOrEqual(EQUAL_SHARE);
  });

  it('over random TCP, tunnelled, cut, and quoted', { timeout: 60_000 }, async () => {
    const tally = new Tally();
    const seeds = Array.from({ length: 8 }, (_, i) => 1 + i);
    await forEachAtOnce(seeds, async (seed) => {
      const bytes = writePcap(framesOf(seed, randomSegments(seed, 1000)));
      tally.add(`seed ${seed}`, framesIn(bytes), await tsharkOf(bytes));
    });
    process.stdout.write(`\nRandom TCP: ${tally}\n`);
    expect(tally.equal, String(tally)).toBe(tally.frames);
  });

  it('over the segments that it counts beyond 10,000 unacknowledged', { timeout: 30_000 }, async () => {
    const data = Array.from({ length: 10_000 }, (_, i) => buildTcp({ seq: 1 + i, ack: 1, payload: 1 }));
    const fin = buildTcp({ seq: 10_001, ack: 1, flags: 'FIN ACK' });
    const bytes = writePcap(
      [...data, fin, fin].map((frame, i) => ({ time: BigInt(i) * 1_000_000n, data: frame })),
    );
    const ours = framesIn(bytes);
    expect(ours).toEqual(await tsharkOf(bytes));
    // The list is full: the FIN takes no number, and its repetition is not seen as one.
    expect(ours.get('10002')).toBe('0\t');
  });

  it('over odd frames', async () => {
    const theirs = await tsharkOf(oddCapture());
    const believed = ODD_FRAMES.map(({ what, expected }) => [what, expected]);
    expect(ODD_FRAMES.map(({ what }, i) => [what, theirs.get(String(i + 1)) ?? null])).toEqual(believed);
  });

  it('over the transcripts of the rules', async () => {
    const transcripts = RULES.map(({ lines }, i) => parseTranscript(lines, 1000 + i));
    const frames = transcripts.flatMap(({ segments }) =>
      segments.map((segment) => ({ time: segment.time, data: buildTcp(tcpFields(segment)) })),
    );
    const theirs = [...(await tsharkOf(writePcap(frames)))];
    const base = { frame: 0, stream: 0 };
    transcripts.forEach(({ expected }, i) => {
      const own = countFrom(base, theirs.splice(0, expected.length));
      expect([...own.values()], `${RULES[i]?.rule}: ${RULES[i]?.what}`).toEqual(expected);
    });
  });
});
