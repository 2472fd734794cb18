/**
 * Brings files to a server, in order, one at a time, for ever: what fails is tried again, and a file that the server refuses
 * is put aside for a while, so that the others come through.
 * The trap: a trouble that lasts is told once, and not at every try.
 */
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

export interface Shipper {
  status(): ShipStatus;
  /** There may be something new: it does not wait for its next look. */
  look(): void;
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

  constructor(plan: ShipperPlan) {
    this.plan = plan;
    this.times = { ...TIMES, ...plan.times };
    this.connection = new ServerConnection(plan.server);
    this.backOff = new BackOff({ first: this.times.firstRetry, most: this.times.mostRetry });
  }

  async run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.step();
      } catch (error) {
        if (!this.closed) await this.pause(this.failed(error));
      }
    }
  }

  status(): ShipStatus {
    return {
      server: this.plan.server.url,
      state: this.state,
      waitingFiles: this.waiting.length,
      waitingBytes: this.waiting.reduce((sum, { bytes }) => sum + bytes, 0),
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

  /** One file, or a while without one. */
  private async step(): Promise<void> {
    this.waiting = await this.plan.files();
    await this.exchangeIfDue();
    const item = this.next();
    if (item === undefined) {
      this.works();
      await this.pause(this.times.look);
      return;
    }
    try {
      await this.ship(item);
    } catch (error) {
      if (!(error instanceof ItemRefused)) throw error;
      this.aside.set(item.key, performance.now() + this.times.aside);
      this.tell(error.message, error.hint);
    }
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
