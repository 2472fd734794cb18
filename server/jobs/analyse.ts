/**
 * One analysis from the stored files to the stored result, as the worker runs it: reads the files,
 * diagnoses, and writes flows, timeline and journeys piece by piece.
 * The trap: buffers do not count towards the limit of a worker's heap, so their size is watched here.
 */
import { createReadStream } from 'node:fs';
import {
  type Analysis,
  type CaptureInput,
  countVantages,
  createAnalysis,
  flowsThatFit,
  parseVantage,
  type Report,
} from '../../analyzer/index.ts';
import { feedCapture } from '../../packet/file/feed.ts';
import type { CaptureHead, Headed } from '../../packet/file/feeding-order.ts';
import { readPlainText } from '../../packet/file/plain-text.ts';
import type { Progress } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { Connection } from '../store/connection.ts';
import { RunWriter } from '../store/run-writer.ts';
import type { FileOnDisk } from '../store/store.ts';
import { inFeedingOrder } from './feeding-order.ts';

export interface AnalysisTask {
  /** Of the database. */
  readonly path: string;
  readonly run: number;
  readonly files: readonly FileOnDisk[];
  readonly tool: { name: string; version: string };
  /** Bytes that heap and buffers may take. */
  readonly mostMemory: number;
  /** Bytes of one file, decompressed: what may come plain. A few MiB of bomb would keep the worker for hours. */
  readonly mostBytes: number;
}

const CHUNK_BYTES = 4 * 1024 * 1024;
/** At most ten reports a second. */
const REPORT_MS = 100;

/** @returns false where it was called off meanwhile. @throws ServerError that says why there is no result */
export async function analyse(
  task: AnalysisTask,
  connection: Connection,
  tell: (progress: Progress) => void,
): Promise<boolean> {
  const progress = new Reporter(tell, task.mostMemory);
  const headed = await inFeedingOrder(task.files.filter(({ kind }) => kind === 'capture'));
  const vantages = countVantages(headed.map(({ file, head }) => toInput(file, head)));
  const mostFlows = flowsThatFit(task.mostMemory, vantages);
  const analysis = createAnalysis({ tool: task.tool, timeline: true, mostFlows });
  await addJournals(analysis, task.files, progress);
  const captures = headed.map(({ file }) => file);
  for (const capture of headed) await addCapture(analysis, capture, progress, task.mostBytes);
  progress.say('judging', null, null, null);
  const report = analysis.finish();
  addHashes(report, captures);
  return write(task, connection, { analysis, report, captures, progress });
}

async function addJournals(
  analysis: Analysis,
  files: readonly FileOnDisk[],
  progress: Reporter,
): Promise<void> {
  for (const file of files.filter(({ kind }) => kind === 'journal')) {
    progress.say('reading', file.name, 0, file.size);
    const problems: { code: string; message: string }[] = [];
    const read = await readPlainText(bytesOf(file), ({ code, message }) => problems.push({ code, message }));
    if (read === 'no-text') throw unusable(file, 'it is no text, so no journal');
    if (read === 'too-large') throw unusable(file, 'it is more than 64 MiB of text');
    const node = file.vantage === null ? null : parseVantage(file.vantage);
    analysis.addJournal({
      file: file.name,
      text: read.text,
      problems,
      ...(node !== null && { node: node.host }),
    });
  }
}

async function addCapture(
  analysis: Analysis,
  { file, head }: Headed<FileOnDisk>,
  progress: Reporter,
  mostBytes: number,
): Promise<void> {
  let done = 0;
  const feed = analysis.addCapture(toInput(file, head));
  const before = progress.frames;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytesOf(file)) {
      done += chunk.length;
      yield chunk;
    }
  }
  progress.say('reading', file.name, 0, file.size);
  await feedCapture(counted(), feed, (pushed) => {
    if (pushed > Math.max(mostBytes, file.size)) throw tooMuch(file, mostBytes);
    progress.frames = before + feed.frames;
    progress.say('reading', file.name, done, file.size);
  });
  progress.frames = before + feed.frames;
  if (feed.format === null) throw unusable(file, 'it is no pcap or pcapng file');
}

function toInput(file: FileOnDisk, { note }: CaptureHead): CaptureInput {
  const vantage = file.vantage === null ? null : parseVantage(file.vantage);
  return {
    file: file.name,
    ...(vantage !== null && { vantage }),
    ...(note !== null && { collected: note }),
  };
}

async function* bytesOf({ path, name }: FileOnDisk): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ServerError('not-found', `${name}: its stored file cannot be read (${code})`);
  }
}

/** Captures of a report stand in the order in which they were fed. */
function addHashes({ captures }: Report, files: readonly FileOnDisk[]): void {
  for (const [i, capture] of captures.entries()) {
    const sha256 = files[i]?.sha256;
    if (sha256 !== undefined) capture.sha256 = sha256;
  }
}

interface Found {
  readonly analysis: Analysis;
  readonly report: Report;
  readonly captures: readonly FileOnDisk[];
  readonly progress: Reporter;
}

function write(task: AnalysisTask, connection: Connection, found: Found): boolean {
  const { analysis, report, captures, progress } = found;
  const writer = new RunWriter(connection, task.run);
  const { flows } = report;
  writer.writeCaptures(
    report,
    captures.map(({ id }) => id),
  );
  progress.say('drawing', null, 0, null);
  const timeline = analysis.timeline();
  const { head, chunkCount } = timeline;
  const retransmits = flows.map((_, flow) => timeline.retransmits(flow));
  // First, because it lets go of most of the memory.
  writer.writeChunks(timeline.chunks(), (chunks) => {
    progress.say('drawing', null, Math.min(chunks, chunkCount), chunkCount);
  });
  progress.say('storing', null, 0, flows.length);
  writer.writeFlows(
    flows,
    (flow) => retransmits[flow] ?? 0,
    (done) => progress.say('storing', null, done, flows.length),
  );
  writer.writeJourneys(analysis.journeys(), () => progress.say('storing', null, null, null));
  return writer.finish(report, { head, directory: timeline.directory() }, task.files.length);
}

const unusable = (file: FileOnDisk, why: string): ServerError =>
  new ServerError('not-a-capture', `${file.name} cannot be used: ${why}`);

const tooMuch = (file: FileOnDisk, mostBytes: number): ServerError =>
  new ServerError(
    'too-large',
    `${file.name} decompresses to more than the ${Math.floor(mostBytes / 2 ** 20).toLocaleString('en-US')} MiB that a file may have; cut it to the time of the incident (editcap -A … -B …), or start the server with a larger --max-upload`,
  );

/** Tells how far it is, not too often, and stops what takes too much memory. */
class Reporter {
  /** Of all files so far. */
  frames = 0;
  private readonly tell: (progress: Progress) => void;
  private readonly mostMemory: number;
  private last = Number.NEGATIVE_INFINITY;
  private phase: Progress['phase'] | null = null;

  constructor(tell: (progress: Progress) => void, mostMemory: number) {
    this.tell = tell;
    this.mostMemory = mostMemory;
  }

  /** A new phase is told at once. */
  say(phase: Progress['phase'], file: string | null, done: number | null, total: number | null): void {
    const now = performance.now();
    if (phase === this.phase && now - this.last < REPORT_MS) return;
    this.phase = phase;
    this.last = now;
    this.checkMemory();
    this.tell({ phase, file, done, total, frames: this.frames });
  }

  private checkMemory(): void {
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external > this.mostMemory) throw outOfMemory(this.mostMemory);
  }
}

export const outOfMemory = (mostMemory: number): ServerError =>
  new ServerError(
    'too-large',
    `the captures need more memory than an analysis may take (${Math.round(mostMemory / 2 ** 20)} MiB); cut them to the time of the incident`,
  );
