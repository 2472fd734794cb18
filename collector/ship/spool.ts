/**
 * What is to be shipped, in order, as the collector's folder has it: pinned windows with the journals of their time, or every
 * file. The folder is the queue, so that nothing of it is lost with the process.
 * The trap: a file lies in the ring and in pins by the same name. Shipped with everything, it is one file; of two pinned
 * windows it is one of each incident.
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CollectorConfig } from '../config.ts';
import type { Pin, Recordings, RingFile } from '../file/recording.ts';
import { parseFileName } from '../file/ring-file.ts';
import { explainLongLines } from '../journal-lines.ts';
import type { OnEvent } from '../words.ts';
import { Acknowledged } from './acknowledged.ts';
import type { IncidentWish, ShipItem } from './delivery.ts';
import { cutJournal } from './journal-cut.ts';

export type ShipConfig = NonNullable<CollectorConfig['ship']>;

export interface SpoolPlan {
  readonly config: Pick<CollectorConfig, 'folder' | 'journals' | 'pin'> & { readonly ship: ShipConfig };
  readonly recordings: Pick<Recordings, 'files' | 'pins' | 'shipped'>;
  readonly onEvent: OnEvent;
}

export class Spool {
  private readonly plan: SpoolPlan;
  private readonly acknowledged: Acknowledged;
  /** Journals of pins that were looked at. */
  private readonly cut = new Set<string>();
  private known: ReadonlySet<string> = new Set();
  /** Of files of the ring, by their path. */
  private readonly windows = new Map<string, NonNullable<IncidentWish['window']>>();
  private isEnding = false;

  constructor(plan: SpoolPlan) {
    const { folder, ship } = plan.config;
    this.plan = plan;
    this.acknowledged = new Acknowledged(folder, ship.url, plan.onEvent);
  }

  /** From here on also the files of windows that go on: nobody knows whether there will be a next start. */
  end(): void {
    this.isEnding = true;
  }

  /** Those that no server acknowledged. A pin of which all were is told that it was shipped. */
  async waiting(): Promise<readonly ShipItem[]> {
    const { recordings, config } = this.plan;
    const isOver = ({ state }: Pin): boolean => state === 'complete';
    const pins = recordings.pins().filter(({ state }) => state !== 'shipped');
    // Those of a window that goes on may say more.
    for (const pin of pins.filter(isOver)) await this.cutJournals(pin);
    const isAll = config.ship.what === 'all';
    const files = isAll ? recordings.files() : [];
    const ofRing = files.map((file) => this.ringItem(file));
    const there = new Set(files.map((file) => file.path));
    for (const file of this.windows.keys()) if (!there.has(file)) this.windows.delete(file);
    const ofPins = pins.map((pin) => ({ pin, items: this.itemsOf(pin) }));
    this.known = new Set([...ofRing, ...ofPins.flatMap(({ items }) => items)].map(({ key }) => key));
    const wanted = ofPins.filter(({ pin }) => this.isEnding || isOver(pin));
    const all = new Map<string, ShipItem>();
    for (const item of [...ofRing, ...wanted.flatMap(({ items }) => items)])
      if (!all.has(item.key)) all.set(item.key, item);
    for (const { pin, items } of ofPins)
      if (isOver(pin) && items.every(({ key }) => this.acknowledged.has(key))) recordings.shipped(pin.id);
    return [...all.values()].filter(({ key }) => !this.acknowledged.has(key));
  }

  acknowledge(item: ShipItem): void {
    this.acknowledged.add(item.key, this.known);
  }

  private ringItem(ringFile: RingFile): ShipItem {
    const { path: file, vantage, bytes } = ringFile;
    const name = path.basename(file);
    const title = this.plan.config.ship.incident;
    const window = this.windowOf(ringFile);
    return { key: name, path: file, name, bytes, kind: 'capture', vantage, incident: { title, window } };
  }

  /** As a later process would say it: the server goes on with a delivery only where it is asked for in the same words. */
  private windowOf({ path: file, from, to }: RingFile): NonNullable<IncidentWish['window']> {
    const known = this.windows.get(file);
    if (known !== undefined) return known;
    const first = parseFileName(path.basename(file))?.from ?? from;
    let last = statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? to;
    if (last < first) last = first; // the clock was set back
    const window = { from: String(first), to: String(last) };
    this.windows.set(file, window);
    return window;
  }

  private itemsOf(pin: Pin): ShipItem[] {
    const { journals, ship } = this.plan.config;
    const incident = this.wishOf(pin);
    const captures = pin.files.map((file): ShipItem => {
      const name = path.basename(file);
      const key = ship.what === 'all' ? name : `${pin.id}/${name}`;
      return {
        key,
        path: file,
        name,
        bytes: sizeOf(file),
        kind: 'capture',
        vantage: parseFileName(name)?.vantage ?? null,
        incident,
      };
    });
    const logs = journals.flatMap(({ node }): ShipItem[] => {
      const file = journalPath(pin, node);
      if (!existsSync(file)) return [];
      const name = path.basename(file);
      const key = `${pin.id}/${name}`;
      return [{ key, path: file, name, bytes: sizeOf(file), kind: 'journal', vantage: node, incident }];
    });
    return [...captures, ...logs];
  }

  private wishOf({ from, to, why }: Pin): IncidentWish {
    const { ship, pin } = this.plan.config;
    const window = { from: String(from), to: String(to) };
    if (ship.what === 'all') return { title: ship.incident, window };
    const at = from + BigInt(Math.round(pin.before)) * 1_000_000n;
    return { window, at: String(at < to ? at : to), why: why[0] ?? '' };
  }

  private async cutJournals(pin: Pin): Promise<void> {
    for (const { node, file } of this.plan.config.journals) {
      const to = journalPath(pin, node);
      if (this.cut.has(to)) continue;
      this.cut.add(to);
      if (existsSync(to)) continue;
      try {
        const { longLines } = await cutJournal(file, pin, to);
        if (longLines > 0) this.plan.onEvent(explainLongLines({ node, file }));
      } catch (error) {
        const what = `the journal of ${node} is not shipped with what was pinned: ${(error as Error).message}`;
        this.plan.onEvent({ event: 'trouble', what, hint: 'the captures are' });
      }
    }
  }
}

/** In the pin's own folder, so that it goes with it. */
const journalPath = (pin: Pin, node: string): string =>
  path.join(pin.folder, `journal-${node}-${pin.id}.jsonl`);

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
