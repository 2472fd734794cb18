/**
 * One frame in words, and the same packet at the other vantages, read again from the stored
 * captures. The last few hundred are kept.
 * The trap: a frame near the end of a large capture takes seconds to reach. Reading yields to
 * others all the time, ends when nobody waits any more, and few read at once.
 */
import { createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  createFrameFinder,
  type FoundFrame,
  type FrameRef,
  type FramesOf,
  type NanosString,
  samePackets,
  toReferenceTime,
} from '../../analyzer/index.ts';
import { decompressed } from '../../packet/file/compression.ts';
import type { FrameDetail, IncidentDetail } from '../api.ts';
import { ServerError } from '../server-error.ts';
import type { FileOnDisk, Store } from '../store/store.ts';
import { notFound, unreadable } from './http-error.ts';

type Sighting = FrameDetail['sightings'][number];

const MOST_KEPT = 300;
const CHUNK_BYTES = 256 * 1024;
/** Others wait no longer than this, and one chunk. */
const TURN_MS = 10;
const READERS = 2;

export class FrameDetails {
  private readonly store: Store;
  /** In the order of use. */
  private readonly kept = new Map<string, FrameDetail>();
  private readonly waiting: (() => void)[] = [];
  private reading = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** `signal`: nobody waits any more. @throws ServerError, HttpError `not-found` */
  async find(incident: string, frame: FrameRef, signal: AbortSignal): Promise<FrameDetail> {
    const { revision } = this.store.incident(incident);
    const key = `${incident} ${revision} ${frame.capture} ${frame.frame}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known;
    }
    const detail = await this.read(incident, frame, signal);
    // An answer that was broken off is not whole.
    if (!signal.aborted) this.keep(key, detail);
    return detail;
  }

  private keep(key: string, detail: FrameDetail): void {
    this.kept.set(key, detail);
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  private async read(incident: string, frame: FrameRef, signal: AbortSignal): Promise<FrameDetail> {
    const detail = this.store.incidentDetail(incident);
    const followed = this.store.sightings(incident, frame);
    const alone = { frame, vantage: vantageOf(detail, frame), time: null };
    const found = new Map<string, FoundFrame>();
    await this.readAll(incident, followed.length === 0 ? [alone] : followed, found, signal);
    const wanted = followed.length === 0 ? this.elsewhere(incident, detail, alone, found) : followed;
    if (followed.length === 0) await this.readAll(incident, wanted.slice(1), found, signal);
    const sightings = wanted.flatMap((one): Sighting[] => {
      const at = found.get(`${one.frame.capture} ${one.frame.frame}`);
      if (at === undefined) return [];
      return [{ frame: one.frame, vantage: one.vantage, time: timeOf(detail, one, at), layers: at.layers }];
    });
    if (!signal.aborted && found.get(`${frame.capture} ${frame.frame}`) === undefined)
      throw notFound('frame');
    return { sightings };
  }

  private async readAll(
    incident: string,
    wanted: readonly Wanted[],
    found: Map<string, FoundFrame>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const [capture, frames] of byCapture(wanted)) {
      if (signal.aborted) break;
      const file = this.store.captureFile(incident, capture);
      for (const one of await this.inTurn(() => findFrames(file, frames, signal)))
        found.set(`${capture} ${one.frame}`, one);
    }
  }

  /** A frame that no journey follows, and the same packet at other vantages as their lanes show it. */
  private elsewhere(
    incident: string,
    { timeline, report }: IncidentDetail,
    alone: Wanted,
    found: ReadonlyMap<string, FoundFrame>,
  ): readonly Wanted[] {
    const own = found.get(`${alone.frame.capture} ${alone.frame.frame}`)?.time ?? null;
    if (timeline === null || own === null) return [alone];
    const at = BigInt(toReferenceTime(report?.clocks ?? [], alone.frame.capture, own));
    const framesOf: FramesOf = (lane, query) => {
      try {
        return this.store.laneFrames(incident, lane, query).frames;
      } catch (error) {
        // The flow was not seen there.
        if (error instanceof ServerError && error.code === 'not-found') return [];
        throw error;
      }
    };
    const seen = samePackets(timeline, framesOf, alone.frame, Number(at - BigInt(timeline.origin)));
    return seen.length === 0 ? [alone] : seen;
  }

  private async inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.reading >= READERS) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.reading += 1;
    try {
      return await read();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.reading -= 1;
      else next();
    }
  }
}

/** Reads no further than the last of them. */
async function findFrames(
  file: FileOnDisk,
  frames: readonly number[],
  signal: AbortSignal,
): Promise<readonly FoundFrame[]> {
  const finder = createFrameFinder(frames);
  if (signal.aborted) return [];
  let turn = performance.now();
  for await (const chunk of decompressed(bytesOf(file), () => {})) {
    finder.push(chunk);
    if (finder.done || signal.aborted) break;
    if (performance.now() - turn < TURN_MS) continue;
    await setImmediate();
    turn = performance.now();
  }
  if (!finder.done && !signal.aborted) finder.end();
  return finder.found;
}

/** @throws HttpError where it cannot be read */
async function* bytesOf({ path, name }: FileOnDisk): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(name, error);
  }
}

type Wanted = { readonly frame: FrameRef; readonly vantage: number; readonly time: number | null };

function byCapture(wanted: readonly Wanted[]): Map<string, number[]> {
  const captures = new Map<string, number[]>();
  for (const { frame } of wanted) {
    captures.set(frame.capture, [...(captures.get(frame.capture) ?? []), frame.frame]);
  }
  return captures;
}

/** Where the capture was taken; its place among the captures where there is no timeline. */
function vantageOf({ timeline, report }: IncidentDetail, { capture }: FrameRef): number {
  const vantage = timeline?.vantages.find(({ captures }) => captures.includes(capture));
  return vantage?.index ?? Math.max(0, report?.captures.findIndex(({ id }) => id === capture) ?? 0);
}

function timeOf({ timeline, report }: IncidentDetail, wanted: Wanted, found: FoundFrame): NanosString {
  if (wanted.time !== null && timeline !== null)
    return String(BigInt(timeline.origin) + BigInt(Math.round(wanted.time)));
  return toReferenceTime(report?.clocks ?? [], wanted.frame.capture, found.time ?? '0');
}
