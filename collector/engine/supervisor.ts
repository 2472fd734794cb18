/**
 * Captures one interface for as long as it is wanted: waits until it exists and is up, starts an engine, starts it again however
 * it ended, and tells the file of each time in which nothing was captured.
 * The trap: what a gap is. A capture covers an interface as long as an engine listens on it. One that is down takes nothing in,
 * so an engine that listens on it misses nothing: that is told, and is no gap. Of one that is deleted, or moved to another host
 * or namespace, nothing comes by here: that is noted as such (`link`). Any other time without an engine is a gap, also the
 * moment from an interface's return until the engine listens. It begins where the last proof ends that everything had
 * arrived: the last packet, or counts that agree.
 */
import type { GapNote } from '../../packet/file/collector-note.ts';
import type { CollectorEvent, InterfaceCounts, OnEvent } from '../words.ts';
import { type EngineChild, startEngine } from './child.ts';
import type { CaptureSink, Engine, EnginePlan, EngineWord } from './engine.ts';
import type { LinkState, LinkWatch } from './link-watch.ts';
import type { Batch } from './pcap-splitter.ts';
import { RunCounts, SumOfRuns } from './run-counts.ts';

export interface CapturePlan extends EnginePlan {
  readonly vantage: string;
}

export interface InterfaceCapture {
  counts(): InterfaceCounts;
  /** Ends the engine and takes what it still has. The sink is told nothing afterwards. */
  stop(): Promise<void>;
}

/** Never ends by itself, and never throws. Which interfaces there are, all captures ask of one `watchLinks()`. */
export function captureInterface(
  plan: CapturePlan,
  engine: Engine,
  sink: CaptureSink,
  onEvent: OnEvent,
  links: LinkWatch,
): InterfaceCapture {
  const supervisor = new Supervisor(plan, engine, sink, onEvent, links);
  supervisor.start();
  return supervisor;
}

/** ms: an engine that ends is started again at once, and one that ends again and again more and more rarely. */
const DELAYS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000];
const LONGEST_DELAY = 10_000;
/** One that ran so long is started again at once. */
const STEADY = 30_000;
/** ns: from an engine's last counts to its end. */
const LAST_WORDS = 2_000_000_000n;
const START_LIMIT = 10_000;
const ASK_EVERY = 10_000;
/** ns: this clock is read to the ms. */
const STAMPED_LATE = 1_000_000n;
/** An engine that does not answer for so many questions hangs. */
const UNANSWERED = 3;

/** An engine from its start to its end. */
interface Run {
  readonly child: EngineChild;
  readonly since: number;
  /** Of the interface that it listens on; null: `any`. */
  readonly ifindex: number | null;
  readonly counts: RunCounts;
  begun: boolean;
  unanswered: number;
}

class Supervisor implements InterfaceCapture {
  readonly #plan: CapturePlan;
  readonly #engine: Engine;
  readonly #sink: CaptureSink;
  readonly #onEvent: OnEvent;
  readonly #links: LinkWatch;
  readonly #sum = new SumOfRuns();
  #run: Run | null = null;
  /** Since when, and why, nothing is captured; null before that is known, and while something is. */
  #gap: { readonly from: bigint; readonly why: string; readonly link: GapNote['link'] } | null = null;
  #lastWhy = '';
  /** Until then everything arrived. */
  #proof = nowNanos();
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;
  #unwatch: () => void = () => {};
  #onEnded: (() => void) | null = null;
  #stopped = false;
  #wasUp = true;

  constructor(plan: CapturePlan, engine: Engine, sink: CaptureSink, onEvent: OnEvent, links: LinkWatch) {
    this.#plan = plan;
    this.#engine = engine;
    this.#sink = sink;
    this.#onEvent = onEvent;
    this.#links = links;
  }

  start(): void {
    this.#unwatch = this.#links.on(this.#plan.interface, (now) => this.#linkChanged(now));
    void this.#links.ready.then(() => this.#tryStart());
    this.#tick = setInterval(() => this.#ask(), ASK_EVERY);
  }

  counts(): InterfaceCounts {
    const { packets, bytes, dropped } = this.#sum.with(this.#run?.counts ?? null);
    const state = this.#run?.begun ? 'capturing' : this.#missing() === null ? 'restarting' : 'waiting';
    return { vantage: this.#plan.vantage, interface: this.#plan.interface, packets, bytes, dropped, state };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unwatch();
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#tick !== null) clearInterval(this.#tick);
    const run = this.#run;
    if (run === null) return;
    await new Promise<void>((resolve) => {
      this.#onEnded = resolve;
      run.child.end('the collector ended');
    });
  }

  /** Null where there is something to capture on, else what is missing. */
  #missing(): { why: string; link: GapNote['link'] } | null {
    const name = this.#plan.interface;
    if (name === 'any') return null;
    const link = this.#links.state(name);
    if (link === null) return { why: `there is no interface ${name}`, link: 'absent' };
    return link.up ? null : { why: `${name} is down`, link: 'down' }; // and libpcap then refuses it
  }

  #tryStart(): void {
    if (this.#stopped || this.#run !== null) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const missing = this.#missing();
    if (missing === null) this.#startRun();
    else this.#openGap(missing.why, '', missing.link); // a change of the link ends that
  }

  #startRun(): void {
    if (this.#gap?.link !== undefined) this.#openGap(`${this.#engine.name} did not listen yet`, '');
    const counts = new RunCounts();
    const link = this.#plan.interface === 'any' ? null : this.#links.state(this.#plan.interface);
    const child = startEngine(this.#engine, this.#plan, {
      begin: (linkType) => this.#begun(run, linkType),
      records: (view, from, to, batch) => this.#records(run, view, from, to, batch),
      word: (word) => this.#word(run, word),
      ended: (...how) => this.#ended(run, ...how),
    });
    const run: Run = {
      child,
      since: Date.now(),
      ifindex: link?.ifindex ?? null,
      counts,
      begun: false,
      unanswered: 0,
    };
    this.#run = run;
    this.#wasUp = true;
    setTimeout(() => {
      if (this.#run === run && !run.begun)
        child.end(`${this.#engine.name} did not begin within ${START_LIMIT / 1000} s`);
    }, START_LIMIT).unref();
  }

  #begun(run: Run, linkType: number): void {
    run.begun = true;
    const at = nowNanos();
    this.#proof = at;
    this.#closeGap(at);
    this.#sink.begin(at, linkType);
    this.#tell({ event: 'capturing', ...this.#names() });
  }

  #records(run: Run, view: DataView, from: number, to: number, batch: Batch): void {
    run.counts.add(batch);
    this.#prove(batch.lastAt);
    this.#sink.packets(view, from, to);
  }

  #word(run: Run, word: EngineWord): void {
    // It says so when it handles signals. What it counts now is the level that later counts are compared with.
    if (word.word === 'listening') run.child.askCounts();
    if (word.word !== 'counts') return;
    run.unanswered = 0;
    const at = nowNanos();
    if (run.counts.read(word, at)) this.#prove(at);
    if (run.begun) this.#tellCounts(at);
  }

  /** The trap: a proof from before the clock was set back would be one of times that are still to come. */
  #prove(at: bigint): void {
    this.#proof = this.#proof > nowNanos() + STAMPED_LATE ? at : max(this.#proof, at);
  }

  #tellCounts(at: bigint, since?: bigint): void {
    const { received, dropped } = this.#sum.with(this.#run?.counts ?? null);
    this.#sink.counts(at, received, dropped, since);
  }

  #ask(): void {
    const run = this.#run;
    if (run === null || !run.begun || this.#engine.countsSignal === null) return;
    if (run.unanswered >= UNANSWERED)
      run.child.end(`${this.#engine.name} did not answer for ${(UNANSWERED * ASK_EVERY) / 1000} s`);
    run.unanswered++;
    run.child.askCounts();
  }

  #linkChanged(now: LinkState | null): void {
    const run = this.#run;
    const name = this.#plan.interface;
    if (run === null || run.ifindex === null) {
      this.#failures = 0; // whatever it failed by has changed
      this.#tryStart();
    } else if (now?.ifindex !== run.ifindex) {
      run.child.end(now === null ? `${name} is gone` : `${name} is another interface now`);
    } else if (run.begun && now.up !== this.#wasUp) {
      this.#wasUp = now.up;
      this.#sink.link(nowNanos(), now.up);
      const what = now.up ? `${name} is up again` : `${name} is down: nothing can come until it is up`;
      this.#tell({ event: 'trouble', what: `${this.#plan.vantage}: ${what}`, hint: '' });
    }
  }

  #ended(run: Run, why: string, hint: string, inOrder: boolean): void {
    this.#sum.close(run.counts);
    this.#run = null;
    const { left, received, readAt } = run.counts;
    const now = nowNanos();
    if (left === 0) this.#prove(readAt);
    // All that it counted in the end has arrived, and there is no interface: nothing has come since, and nothing can.
    const isWhole = left === 0 && received !== null && now - readAt < LAST_WORDS;
    const link = isWhole ? this.#missing()?.link : undefined;
    if (link !== undefined) this.#proof = now;
    // What it left in its buffer came behind the last that it took out.
    if (run.begun)
      this.#tellCounts(this.#stopped || left > 0 ? now : this.#proof, left > 0 ? this.#proof : undefined);
    if (this.#stopped) {
      if (run.begun && !inOrder)
        this.#openGap(`${this.#engine.name} hung, and was ended with all that it had`, '');
      this.#onEnded?.();
      return;
    }
    this.#openGap(why, hint, link);
    if (Date.now() - run.since > STEADY) this.#failures = 0;
    const delay = DELAYS[this.#failures++] ?? LONGEST_DELAY;
    this.#retry = setTimeout(() => this.#tryStart(), delay);
  }

  #openGap(why: string, hint: string, link?: GapNote['link']): void {
    const now = nowNanos();
    if (this.#gap === null) {
      this.#beginGap(min(this.#proof, now), why, link); // a clock may be set back
      if (hint !== '') this.#tell({ event: 'trouble', what: why, hint });
    } else if (this.#gap.link !== link) {
      const at = max(this.#gap.from, link === undefined ? now - BigInt(this.#links.late) * 1_000_000n : now);
      this.#closeGap(at);
      this.#beginGap(at, why, link);
    } else if (why !== this.#lastWhy) {
      this.#tell({ event: 'trouble', what: `${this.#plan.vantage}: ${why}`, hint });
    }
    this.#lastWhy = why;
  }

  #beginGap(from: bigint, why: string, link: GapNote['link']): void {
    this.#gap = { from, why, link };
    this.#sink.gap(from, why, link);
    this.#tell({ event: 'gap', from, to: null, why, ...this.#names() });
  }

  #closeGap(to: bigint): void {
    if (this.#gap === null) return;
    const { from, why } = this.#gap;
    this.#tell({ event: 'gap', from, to: max(from, to), why, ...this.#names() });
    this.#gap = null;
  }

  #names(): { vantage: string; interface: string } {
    return { vantage: this.#plan.vantage, interface: this.#plan.interface };
  }

  #tell(event: CollectorEvent): void {
    this.#onEvent(event);
  }
}

/** By the host's clock as it is now, which may have been set meanwhile: to the ms. */
const nowNanos = (): bigint => BigInt(Date.now()) * 1_000_000n;

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
