/**
 * All that a collector records: its folder, and in it the ring that its vantages share, the pins, and the lock.
 * How it is used: see `openRecordings`.
 * The trap: a folder is not this process's before it has the lock, and what is unfinished in it is mended before a file is
 * begun; else the number and the gap of the next one were wrong.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { CollectorConfig } from '../config.ts';
import { CollectorError, type OnEvent } from '../words.ts';
import { type CollectorState, openState } from './collector-state.ts';
import { removeProbe } from './disk-trouble.ts';
import { lockFolder } from './folder-lock.ts';
import type { Gap } from './gap-note.ts';
import { ENDED, mendLeftover } from './leftover.ts';
import { Pins } from './pins.ts';
import type { Recordings, RingFile } from './recording.ts';
import { Ring } from './ring.ts';
import { nameFile } from './ring-file.ts';
import { type VantagePlan, VantageRecording } from './vantage-recording.ts';

/** ms. A kill loses what came since the last beat; 250 are promised. */
const BEAT_MS = 200;
const STOPPED = 'the collector was stopped';
/**
 * The ring holds so many files of each vantage at least: one that is as large as the ring would be forgotten as it is closed,
 * and the last hour with it.
 */
const LEAST_FILES = 8;
const LEAST_FILE_BYTES = 10_000;

export type RecordingsConfig = Pick<
  CollectorConfig,
  'folder' | 'captures' | 'filter' | 'snaplen' | 'keep' | 'rotate' | 'pin'
>;

export interface RecordingsPlan {
  readonly config: RecordingsConfig;
  /** As `Engine.version()` says: `tcpdump 4.99.3`. */
  readonly engine: string;
  readonly stamps: 'kernel' | 'userland';
  /** `Stallscope collector 1.0.0`: what wrote the files. */
  readonly application: string;
  readonly onEvent: OnEvent;
  /** Of this machine, where absent. */
  readonly host?: string;
  /** This host's clock, ns since the epoch. */
  readonly now?: () => bigint;
}

const clock = (): bigint => BigInt(Date.now()) * 1_000_000n;

/**
 * Takes the folder, mends what a killed collector left in it, and begins to write as soon as an engine does. To be called
 * with the rights that the collector will keep.
 *
 *     const recordings = await openRecordings({ config, engine: await engine.version(), stamps: engine.stamps,
 *       application: `Stallscope collector ${VERSION}`, onEvent });
 *     for (const { vantage, interface: name } of config.captures)
 *       startSource({ interface: name, sink: recordings.recording(vantage).sink(name) });
 *     const pin = await recordings.pin(now, 'SIGUSR1');
 *     await recordings.close(); // after the sources have ended
 *
 * @throws CollectorError where another collector has the folder, or it cannot be written
 */
export async function openRecordings(plan: RecordingsPlan): Promise<Recordings> {
  const folder = path.resolve(plan.config.folder);
  const places = { ring: path.join(folder, 'ring'), pins: path.join(folder, 'pins') };
  try {
    for (const place of Object.values(places)) fs.mkdirSync(place, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CollectorError(
      `the folder ${plan.config.folder} cannot be made: ${(error as Error).message}`,
      'name another with --folder, or see who owns it',
      { cause: error },
    );
  }
  const unlock = lockFolder(folder);
  try {
    const state = openState(folder);
    const ring = new Ring({ folder: places.ring, keep: plan.config.keep, onEvent: plan.onEvent });
    removeProbe(places.ring);
    const ends = await mendAll(ring, plan.onEvent);
    return new FolderRecordings({ plan, pinFolder: places.pins, state, ring, ends, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Returns up to when each interface was captured, by vantage and name. */
async function mendAll(ring: Ring, onEvent: OnEvent): Promise<Map<string, Map<string, bigint>>> {
  const ends = new Map<string, Map<string, bigint>>();
  for (const file of ring.unfinished()) {
    try {
      const leftover = await mendLeftover(file);
      if (leftover === null) continue;
      ring.add(leftover.file);
      const { vantage, bytes } = leftover.file;
      onEvent({ event: 'file', vantage, file, bytes });
      const known = ends.get(vantage) ?? new Map<string, bigint>();
      for (const [name, end] of leftover.ends) known.set(name, latest(known.get(name), end) ?? end);
      ends.set(vantage, known);
    } catch (error) {
      const what = `${file}.part, which a killed collector left, cannot be closed: ${(error as Error).message}`;
      onEvent({ event: 'trouble', what, hint: 'it stays as it is, and is tried again at the next start' });
    }
  }
  return ends;
}

interface Opened {
  readonly plan: RecordingsPlan;
  readonly pinFolder: string;
  readonly state: CollectorState;
  readonly ring: Ring;
  readonly ends: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly unlock: () => void;
}

class FolderRecordings implements Recordings {
  readonly collector: string;
  readonly #opened: Opened;
  readonly #now: () => bigint;
  readonly #vantages = new Map<string, VantageRecording>();
  readonly #pins: Pins;
  readonly #beat: NodeJS.Timeout;
  #finished: Promise<void> | null = null;

  constructor(opened: Opened) {
    const { plan, state, ring, pinFolder } = opened;
    this.#opened = opened;
    this.#now = plan.now ?? clock;
    this.collector = state.collector;
    const names = new Set(plan.config.captures.map(({ vantage }) => vantage));
    this.#pins = new Pins({
      folder: pinFolder,
      ...plan.config.pin,
      vantages: [...names],
      files: () => ring.files,
      rotate: async () => {
        await Promise.all([...this.#vantages.values()].map((one) => one.rotate()));
      },
      onEvent: plan.onEvent,
    });
    for (const name of names) this.#vantages.set(name, new VantageRecording(this.#planOf(name)));
    ring.trim(0);
    this.#beat = setInterval(() => this.#tick(), BEAT_MS);
  }

  get bytes(): number {
    return this.#opened.ring.bytes + this.#openBytes;
  }

  get #openBytes(): number {
    return [...this.#vantages.values()].reduce((sum, { openBytes }) => sum + openBytes, 0);
  }

  recording(vantage: string): VantageRecording {
    const recording = this.#vantages.get(vantage);
    if (recording === undefined) throw new Error(`${vantage} is not in the configuration`);
    return recording;
  }

  note: Recordings['note'] = (note) => {
    for (const recording of this.#vantages.values()) recording.note(note);
  };

  files(): readonly RingFile[] {
    return [...this.#opened.ring.files];
  }

  async pin(at: bigint, why: string): Promise<string> {
    try {
      return this.#pins.pin(at, why).id;
    } catch (error) {
      throw new CollectorError(
        `nothing could be pinned: ${(error as Error).message}`,
        'make room on that disk, or see who owns the folder',
        { cause: error },
      );
    }
  }

  pins(): ReturnType<Recordings['pins']> {
    return [...this.#pins.all];
  }

  shipped(id: string): void {
    this.#pins.shipped(id);
  }

  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async close(): Promise<void> {
    try {
      await this.finish();
    } finally {
      this.#opened.unlock();
    }
  }

  async #finish(): Promise<void> {
    clearInterval(this.#beat);
    const { state } = this.#opened;
    const closed = [...this.#vantages].map(async ([vantage, recording]) => {
      const ends = recording.ends();
      await recording.close();
      state.setEnds(vantage, ends);
    });
    await Promise.all(closed);
    state.stop();
  }

  #tick(): void {
    for (const recording of this.#vantages.values()) recording.tick();
    this.#opened.ring.trim(this.#openBytes);
    this.#pins.tick(this.#now());
  }

  #planOf(vantage: string): VantagePlan {
    const { plan, ring, state } = this.#opened;
    const { config, engine, stamps, application, onEvent, host = os.hostname() } = plan;
    const captures = config.captures.filter((capture) => capture.vantage === vantage);
    return {
      vantage,
      folder: ring.folder,
      collector: this.collector,
      host,
      engine,
      stamps,
      application,
      interfaces: captures.map(({ interface: name, filter, snaplen }) => ({
        name,
        filter: filter ?? config.filter,
        snaplen: snaplen ?? config.snaplen,
      })),
      gaps: this.#gapsOf(vantage, captures),
      rotateBytes: Math.min(config.rotate.size, this.#shareOf(config)),
      rotateMs: config.rotate.age,
      ring: {
        next: (name, at) => this.#next(name, at),
        closed: (file) => {
          state.setEnds(vantage, this.recording(vantage).ends());
          this.#pins.closed(file);
          ring.add(file);
          ring.trim(this.#openBytes);
        },
        makeRoom: (bytes) => ring.makeRoom(bytes),
      },
      onEvent,
      now: this.#now,
      elapsed: () => performance.now(),
    };
  }

  /** Bytes of a file. */
  #shareOf({ captures, keep }: RecordingsConfig): number {
    const vantages = new Set(captures.map(({ vantage }) => vantage)).size;
    return Math.max(LEAST_FILE_BYTES, Math.floor(keep / (LEAST_FILES * vantages)));
  }

  /** The number goes on from the last file that is known of, also where the ring has forgotten it. */
  #next(vantage: string, at: bigint): { path: string; number: number } {
    const { ring, state } = this.#opened;
    const numbers = ring.files.filter((file) => file.vantage === vantage).map((file) => file.number);
    const number = Math.max(state.number(vantage), ...numbers) + 1;
    state.setNumber(vantage, number);
    return { path: path.join(ring.folder, nameFile(vantage, at, number)), number };
  }

  /** What was not captured since the last process: one that was killed left its word in its last file. */
  #gapsOf(vantage: string, captures: RecordingsConfig['captures']): Map<string, Gap> {
    const { state, ends } = this.#opened;
    const gaps = new Map<string, Gap>();
    for (const { interface: name } of captures) {
      const saved = state.end(vantage, name) ?? undefined;
      const left = ends.get(vantage)?.get(name);
      const from = state.wasStopped ? latest(saved, left) : (left ?? saved);
      if (from !== undefined) gaps.set(name, { from, to: null, why: state.wasStopped ? STOPPED : ENDED });
    }
    return gaps;
  }
}

function latest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a > b) return a;
  return b;
}
