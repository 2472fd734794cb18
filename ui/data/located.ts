/**
 * Where a frame stands in the lanes: its vantage, time, sender and numbers, asked of the server once.
 * The trap: a frame the report cites may be of no flow (ARP, VRRP); it then has a time and a vantage only.
 */
import type { End, FrameRef, LaneFrame } from '../../analyzer/index.ts';
import { toTimeline } from '../state/time.ts';
import { getFrame, getLaneFrames } from './api.ts';

export interface Located {
  readonly frame: FrameRef;
  readonly vantage: number;
  readonly time: number;
  readonly from: End | null;
  /** null: not in a lane. */
  readonly row: LaneFrame | null;
}

export const refKey = ({ capture, frame }: FrameRef): string => `${capture}:${frame}`;

export const sameFrame = (a: FrameRef | null, b: FrameRef | null): boolean =>
  a !== null && b !== null && a.frame === b.frame && a.capture === b.capture;

const MOST = 2000;

/** Of one incident. `lanesOf`: the lanes in which a vantage's frames are looked for. */
export class FrameFinder {
  readonly #incident: string;
  readonly #lanesOf: (vantage: number) => readonly string[];
  readonly #found = new Map<string, Located>();
  readonly #asked = new Map<string, Promise<Located | null>>();
  readonly #stop = new AbortController();

  constructor(incident: string, lanesOf: (vantage: number) => readonly string[]) {
    this.#incident = incident;
    this.#lanesOf = lanesOf;
  }

  /** What is known at once. */
  known(ref: FrameRef): Located | undefined {
    return this.#found.get(refKey(ref));
  }

  keep(located: Located): void {
    if (this.#found.size > MOST) this.#found.clear();
    this.#found.set(refKey(located.frame), located);
  }

  /** @returns null where the server does not know it */
  find(ref: FrameRef): Promise<Located | null> {
    const key = refKey(ref);
    const known = this.#found.get(key);
    if (known?.row != null) return Promise.resolve(known);
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#ask(ref).catch(() => {
        this.#asked.delete(key);
        return null;
      });
      this.#asked.set(key, asked);
    }
    return asked;
  }

  dispose(): void {
    this.#stop.abort();
  }

  async #ask(ref: FrameRef): Promise<Located | null> {
    const { signal } = this.#stop;
    const { sightings } = await getFrame(this.#incident, ref, signal);
    const first = sightings[0];
    if (first === undefined) return null;
    const row = await this.#findRow(ref, first.vantage, first.time);
    const located: Located = {
      frame: ref,
      vantage: first.vantage,
      time: row?.time ?? toTimeline(first.time),
      from: row?.from ?? null,
      row,
    };
    this.keep(located);
    return located;
  }

  async #findRow(ref: FrameRef, vantage: number, time: string): Promise<LaneFrame | null> {
    const at = toTimeline(time);
    for (const lane of this.#lanesOf(vantage)) {
      const query = { from: at - 1, to: at + 2, limit: 200 };
      const { frames } = await getLaneFrames(this.#incident, lane, query, this.#stop.signal);
      const row = frames.find(({ frame }) => sameFrame(frame, ref));
      if (row !== undefined) return row;
    }
    return null;
  }
}
