/**
 * One analysis of one capture, with or without its timeline, in a process of its own so that its peak memory is its
 * own. Prints one line of JSON. The chunks go into a file, as a store would put them, and tiles are read from there.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import {
  createAnalysis,
  FIRST_PROBLEM,
  type LaneDirectory,
  openDirectory,
  queryFrames,
  queryTile,
  type ReadChunk,
  type Timeline,
} from '../analyzer/index.ts';
import { createRandom } from './traffic.ts';

/** Seconds, bytes and counts; of an analysis without its timeline only the first. */
export interface TimelineRun {
  /** From the first byte to the report. */
  report: number;
  /** Of the processor, all in all but the questions: what a busy machine does not change. */
  processor: number;
  peakMiB: number;
  index?: { seconds: number; processor: number; chunks: number; bytes: number; directory: number };
  /** Milliseconds of one question, read from the file. */
  tile?: { median: number; p95: number; most: number };
  nextProblem?: { median: number; p95: number; most: number };
}

const READ_BYTES = 1 << 20;
const QUESTIONS = 400;

function run(capture: string, timeline: boolean): TimelineRun {
  const start = performance.now();
  const analysis = createAnalysis({ tool: { name: 'bench', version: '0' }, timeline });
  const feed = analysis.addCapture({ file: capture });
  const input = openSync(capture, 'r');
  const buffer = Buffer.alloc(READ_BYTES);
  for (let n = readSync(input, buffer); n > 0; n = readSync(input, buffer)) feed.push(buffer.subarray(0, n));
  feed.end();
  closeSync(input);
  const { flows } = analysis.finish();
  const report = secondsSince(start);
  const made = timeline ? analysis.timeline() : null;
  if (made === null) return { report, processor: processor(), peakMiB: peak() };
  return {
    report,
    ...measureLanes(
      made,
      flows.map((f) => f.id),
      `${capture}.chunks`,
    ),
    peakMiB: peak(),
  };
}

function measureLanes(
  timeline: Timeline,
  flows: readonly string[],
  path: string,
): Pick<TimelineRun, 'processor' | 'index' | 'tile' | 'nextProblem'> {
  const [start, before] = [performance.now(), processor()];
  const places: { at: number; length: number }[] = [];
  let size = 0;
  const output = openSync(path, 'w+');
  for (const { number, bytes } of timeline.chunks()) {
    places[number] = { at: size, length: bytes.length };
    writeSync(output, bytes);
    size += bytes.length;
  }
  const directory = timeline.directory();
  const spent = processor();
  const index = {
    seconds: secondsSince(start),
    processor: spent - before,
    chunks: places.length,
    bytes: size,
    directory: directory.length,
  };
  const read: ReadChunk = (number) => {
    const { at, length } = places[number]!;
    const bytes = new Uint8Array(length);
    readSync(output, bytes, 0, length, at);
    return bytes;
  };
  const asked = ask(openDirectory(directory), read, timeline.head.to, flows);
  closeSync(output);
  rmSync(path);
  return { processor: spent, index, ...asked };
}

/** Tiles of every width anywhere in lanes of the vantage and of the largest flows, and jumps to the next problem. */
function ask(
  directory: LaneDirectory,
  read: ReadChunk,
  to: number,
  flows: readonly string[],
): Pick<TimelineRun, 'tile' | 'nextProblem'> {
  const random = createRandom(1);
  const widest = Math.ceil(Math.log2(to / 512));
  const [tiles, jumps]: [number[], number[]] = [[], []];
  for (let i = 0; i < QUESTIONS; i++) {
    // The bulk flows come first.
    const flow = flows[Math.floor(random() * Math.min(8, flows.length))];
    const lane = i % 2 === 0 ? 'v0' : `v0.${flow}.${i % 4 === 1 ? 's' : 'c'}`;
    const resolution = Math.max(0, widest - Math.floor(random() * 22));
    const from = Math.floor(random() * to);
    tiles.push(
      time(() => queryTile(directory, read, lane, resolution, Math.floor(from / (512 * 2 ** resolution)))),
    );
    const query = { from, to, limit: 1, least: FIRST_PROBLEM, order: 'asc' } as const;
    jumps.push(time(() => queryFrames(directory, read, lane, query)));
  }
  return { tile: spread(tiles), nextProblem: spread(jumps) };
}

function time(question: () => unknown): number {
  const start = performance.now();
  question();
  return performance.now() - start;
}

function spread(times: readonly number[]): NonNullable<TimelineRun['tile']> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}

const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
const peak = (): number => process.resourceUsage().maxRSS / 1024;

const [file = '', mode = ''] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(run(file, mode === 'timeline'))}\n`);
