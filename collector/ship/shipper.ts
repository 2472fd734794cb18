/**
 * Brings files to a server, in order, one at a time, for ever: what fails is tried again, and a file that the server refuses
 * is put aside for a while, so that the others come through.
 * The trap: a trouble that lasts is told once, and not at every try.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExchangeNote } from '../../packet/file/collector-note.ts';
import { wallClock } from '../../packet/wall-clock.ts';
import { CollectorError, type OnEvent } from '../words.ts';
import { BackOff } from './back-off.ts';
import { exchangeClocks } from './clock-exchange.ts';
import { deliver, ItemRefused, type ShipItem } from './delivery.ts';
import { ServerConnection, type ServerPlan, ServerTrouble } from './server-connection.ts';

export interface ShipperPlan {
  readonly server: ServerPlan;
  readonly collector: string;
  /** What is to be shipped and was not acknowledged, in order. Asked again and again. */
  readonly files: () => Promise<readonly ShipItem[]>;
  /** All of it is on the server's disk. */
  readonly onAcknowledged: (item: ShipItem) => void;
  readonly onExchange: (note: ExchangeNote) => void;
  readonly onEvent: OnEvent;
  readonly times?: Partial<ShipperTimes>;
}

/** ms. */
export interface ShipperTimes {
  /** Between looks for new files. */
  readonly look: number;
  readonly firstRetry: number;
  readonly mostRetry: number;
  /** A file that was refused is tried again after this. */
  readonly aside: number;
  /** Between comparisons of the clocks; and of the first ones, as a start keeps the machine busy. */
  readonly exchange: number;
  readonly firstExchange: number;
}

const TIMES: ShipperTimes = {
  look: 1000,
  firstRetry: 500,
  mostRetry: 30_000,
  aside: 600_000,
  exchange: 60_000,
  firstExchange: 5_000,
};
/** Comparisons of the clocks that come soon after each other. */
const FIRST_EXCHANGES = 3;
/** Of HTTP: what somebody has to change something for. */
const LASTING = [400, 401, 403, 404, 405, 413, 421, 507];

export interface ShipStatus {
  readonly server: string;
  /** What a person reads: `connected`, or what keeps it. */
  readonly state: string;
  readonly waitingFiles: number;
  readonly waitingBytes: number;
  /** When the server last acknowledged a file; ns since the epoch. */
  readonly acknowledged: bigint | null;
}

export interface Remaining {
  readonly files: number;
  readonly bytes: number;
}

export interface Shipper {
  status(): ShipStatus;
  /** There may be something new: it does not wait for its next look. */
  look(): void;
  /**
   * Before `close`: ships what is there, for so many ms at most, and no longer than the server answers. A server that was away
   * is tried once more. Returns what is not on its disk.
   */
  drain(limit: number): Promise<Remaining>;
  /** Breaks off what is under way; it goes on there when it is started again. */
  close(): Promise<void>;
}

/** Begins at once. */
export function createShipper(plan: ShipperPlan): Shipper {
  const shipping = new Shipping(plan);
  const ended = shipping.run();
  return {
    status: () => shipping.status(),
    look: () => shipping.look(),
    drain: (limit) => shipping.drain(limit),
    close: async () => {
      shipping.close();
      await ended;
    },
  };
}

class Shipping {
  private readonly plan: ShipperPlan;
  private readonly times: ShipperTimes;
  private readonly connection: ServerConnection;
  private readonly backOff: BackOff;
  /** Keys of files that were refused, and until when they wait. */
  private readonly aside = new Map<string, number>();
  private state = 'connecting';
  private trouble = '';
  private waiting: readonly ShipItem[] = [];
  private acknowledged: bigint | null = null;
  private nextExchange = 0;
  private exchanges = 0;
  private closed = false;
  private wake: () => void = () => {};
  /** Called once there is nothing that could be shipped; null: nobody waits for that. */
  private drained: (() => void) | null = null;

  constructor(plan: ShipperPlan) {
    this.plan = plan;
    this.times = { ...TIMES, ...plan.times };
    this.connection = new ServerConnection(plan.server);
    this.backOff = new BackOff({ first: this.times.firstRetry, most: this.times.mostRetry });
  }

  async run(): Promise<void> {
    while (!this.closed) {
      // Only a step that began afterwards knows of all that there is to be shipped.
      const { drained } = this;
      let pause: number;
      try {
        pause = await this.step();
      } catch (error) {
        if (this.closed) return;
        pause = this.failed(error);
      }
      if (pause === 0) continue;
      drained?.();
      if (drained === this.drained) await this.pause(pause);
    }
  }

  async drain(limit: number): Promise<Remaining> {
    const drained = new Promise<void>((resolve) => {
      this.drained = resolve;
    });
    this.wake();
    const late = new AbortController();
    await Promise.race([drained, sleep(limit, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    return sizeOf(await this.plan.files());
  }

  status(): ShipStatus {
    const { files, bytes } = sizeOf(this.waiting);
    return {
      server: this.plan.server.url,
      state: this.state,
      waitingFiles: files,
      waitingBytes: bytes,
      acknowledged: this.acknowledged,
    };
  }

  look(): void {
    if (this.trouble === '') this.wake();
  }

  close(): void {
    this.closed = true;
    this.connection.close();
    this.wake();
  }

  /** One file, or none. How long to wait then, ms. */
  private async step(): Promise<number> {
    this.waiting = await this.plan.files();
    await this.exchangeIfDue();
    const item = this.next();
    if (item === undefined) {
      this.works();
      return this.times.look;
    }
    try {
      await this.ship(item);
    } catch (error) {
      if (!(error instanceof ItemRefused)) throw error;
      this.aside.set(item.key, performance.now() + this.times.aside);
      this.tell(error.message, error.hint);
    }
    return 0;
  }

  private next(): ShipItem | undefined {
    const keys = new Set(this.waiting.map(({ key }) => key));
    for (const key of this.aside.keys()) if (!keys.has(key)) this.aside.delete(key);
    const now = performance.now();
    return this.waiting.find(({ key }) => (this.aside.get(key) ?? 0) <= now);
  }

  private async ship(item: ShipItem): Promise<void> {
    const bytes = await deliver({
      connection: this.connection,
      collector: this.plan.collector,
      item,
      afterPiece: async () => {
        this.works();
        await this.exchangeIfDue();
      },
    });
    this.works();
    this.plan.onAcknowledged(item);
    this.acknowledged = wallClock();
    this.plan.onEvent({ event: 'shipped', file: item.name, bytes });
  }

  private async exchangeIfDue(): Promise<void> {
    if (performance.now() < this.nextExchange) return;
    const note = await exchangeClocks(this.connection);
    this.exchanges += 1;
    const { exchange, firstExchange } = this.times;
    const pause = this.exchanges < FIRST_EXCHANGES ? Math.min(firstExchange, exchange) : exchange;
    this.nextExchange = performance.now() + pause;
    if (note !== null) this.plan.onExchange(note);
  }

  /** The server takes what it is given. */
  private works(): void {
    this.backOff.reset();
    this.state = 'connected';
    this.trouble = '';
  }

  /** How long to wait, ms. */
  private failed(error: unknown): number {
    const { message, hint } =
      error instanceof CollectorError ? error : { message: String(error), hint: 'this is a bug' };
    this.state = message;
    if (this.trouble !== message) this.tell(message, hint);
    this.trouble = message;
    const isLasting = error instanceof ServerTrouble ? LASTING.includes(error.status ?? 0) : true;
    return this.backOff.next(isLasting);
  }

  private tell(what: string, hint: string): void {
    this.plan.onEvent({ event: 'trouble', what, hint });
  }

  private async pause(ms: number): Promise<void> {
    if (this.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const sizeOf = (items: readonly ShipItem[]): Remaining => ({
  files: items.length,
  bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
});
