/**
 * One collector: what its configuration names, put together, started in the order in which each part may use the one before,
 * and put away in the opposite one. It never ends by itself; what happens to a part is an event.
 * The trap: what cannot be at all (a filter that does not hold, a folder of another collector) is to be told at the start, and
 * must leave nothing running.
 */
import { wallClock } from '../packet/wall-clock.ts';
import { readClock } from './clock.ts';
import type { CollectorConfig } from './config.ts';
import { openControlServer } from './control-server.ts';
import type { CollectorStatus, ControlAnswer, ControlRequest } from './control-words.ts';
import { makeEngine } from './engine/engines.ts';
import { watchLinks } from './engine/link-watch.ts';
import { captureInterface, type InterfaceCapture } from './engine/supervisor.ts';
import type { Recordings } from './file/recording.ts';
import { openRecordings } from './file/recordings.ts';
import { followJournal, type Takeover } from './journal-follow.ts';
import { explainLongLines } from './journal-lines.ts';
import { openMetrics } from './metrics.ts';
import { planOf, requireCaptures } from './requirements.ts';
import { withoutOwnTraffic } from './ship/own-traffic.ts';
import type { Shipper } from './ship/shipper.ts';
import { startShipping } from './ship/shipping.ts';
import { createTally } from './tally.ts';
import type { OnEvent } from './words.ts';

export interface Collector {
  status(): CollectorStatus;
  /** Keeps the window around a moment, now where none is said. ns since the epoch. */
  trigger(why: string, at?: bigint): Promise<{ pin: string; from: bigint; to: bigint }>;
  /** `http://127.0.0.1:9109/metrics`; null: there are none. */
  readonly metricsUrl: string | null;
  /** Takes what the engines still have, closes every file, and ships for a while what the server lacks. Never throws. */
  close(): Promise<void>;
}

export interface CollectorSelf {
  readonly host: string;
  /** `Stallscope collector 1.0.0`: what wrote the files. */
  readonly application: string;
}

const CLOCK_EVERY_MS = 60_000;
/** At the end, for what is not shipped yet. */
const LONGEST_REST_MS = 4000;
/** A takeover whose line is older was not now: its packets may be gone. ns. */
const LONGEST_AGO = 3_600_000_000_000n;

/** @throws CollectorError in one line, with what to do; nothing runs then */
export async function startCollector(
  config: CollectorConfig,
  self: CollectorSelf,
  onEvent: OnEvent,
): Promise<Collector> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        onEvent({ event: 'trouble', what: `at the end: ${String(error)}`, hint: '' });
      }
    }
  };
  try {
    return await makeCollector(await withoutOwnTraffic(config, onEvent), self, onEvent, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

type Closers = (() => Promise<void> | void)[];

async function makeCollector(
  config: CollectorConfig,
  { host, application }: CollectorSelf,
  onEvent: OnEvent,
  closers: Closers,
  close: () => Promise<void>,
): Promise<Collector> {
  const tally = createTally();
  let shipper: Shipper | null = null;
  const tell: OnEvent = (event) => {
    tally.add(event, wallClock());
    onEvent(event);
    if (event.event === 'pin-complete' || event.event === 'file') shipper?.look();
  };
  const engine = makeEngine(config.engine);
  const version = await engine.version();
  const links = watchLinks();
  closers.push(() => links.stop());
  await requireCaptures(config, engine, links);
  const recordings = await openRecordings({
    config,
    host,
    engine: version,
    stamps: engine.stamps,
    application,
    onEvent: tell,
    now: wallClock,
  });
  closers.push(() => recordings.close());
  const since = String(wallClock());
  const captures: InterfaceCapture[] = [];
  const status = (): CollectorStatus => ({
    pid: process.pid,
    host,
    folder: config.folder,
    since,
    engine: version,
    snaplen: config.snaplen,
    interfaces: captures.map((capture) => {
      const counts = capture.counts();
      return { ...counts, gaps: tally.gaps(counts.vantage, counts.interface) };
    }),
    ...describeRecordings(recordings, config),
    ship: describeShipping(shipper),
    trouble: tally.trouble,
  });
  const trigger = triggerOf(recordings, tell);
  const control = await openControlServer(config.folder, (request) => answer(request, status, trigger));
  closers.push(() => control.close());
  const metrics = config.metrics === undefined ? null : await openMetrics(config.metrics, status);
  if (metrics !== null) closers.push(() => metrics.close());
  // Only now: whatever could not be has been told.
  shipper = shipFrom(recordings, config, tell);
  closers.push(() => shipRest(recordings, shipper, config, tell));
  closers.push(noteClock(recordings, tell));
  closers.push(() => Promise.all(captures.map((capture) => capture.stop())).then(() => {}));
  for (const capture of config.captures) {
    const sink = recordings.recording(capture.vantage).sink(capture.interface);
    const plan = { ...planOf(config, capture), vantage: capture.vantage };
    captures.push(captureInterface(plan, engine, sink, tell, links));
  }
  for (const journal of config.journals) closers.push(pinTakeovers(journal, trigger, onEvent));
  return { status, trigger, metricsUrl: metrics?.url ?? null, close };
}

function describeRecordings(
  recordings: Recordings,
  { keep, pin }: CollectorConfig,
): Pick<CollectorStatus, 'ring' | 'pins'> {
  const pins = recordings.pins();
  const pinned = pins.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    ring: { files: recordings.files().length, bytes: recordings.bytes, keep },
    pins: { pins: pins.length, bytes: pinned, keep: pin.keep },
  };
}

function shipFrom(recordings: Recordings, config: CollectorConfig, onEvent: OnEvent): Shipper | null {
  const { ship } = config;
  return ship === undefined ? null : startShipping({ config: { ...config, ship }, recordings, onEvent });
}

/** What was being written is not left behind where the server is there: a next start may be long in coming. */
async function shipRest(
  recordings: Recordings,
  shipper: Shipper | null,
  { folder }: CollectorConfig,
  tell: OnEvent,
): Promise<void> {
  try {
    await recordings.finish();
    if (shipper === null) return;
    const { files, bytes } = await shipper.drain(LONGEST_REST_MS);
    if (files === 0) return;
    const what = `${files === 1 ? '1 file' : `${files} files`} (${(bytes / 1e6).toFixed(1)} MB) did not reach the server: they wait in ${folder}`;
    tell({ event: 'trouble', what, hint: 'the next start ships them' });
  } finally {
    await shipper?.close();
  }
}

function describeShipping(shipper: Shipper | null): CollectorStatus['ship'] {
  if (shipper === null) return null;
  const { acknowledged, ...rest } = shipper.status();
  return { ...rest, acknowledged: acknowledged === null ? null : String(acknowledged) };
}

function triggerOf(recordings: Recordings, tell: OnEvent): Collector['trigger'] {
  return async (why, at = wallClock()) => {
    try {
      const id = await recordings.pin(at, why);
      const { from, to } = recordings.pins().find((pin) => pin.id === id) ?? { from: at, to: at };
      return { pin: id, from, to };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell({ event: 'trouble', what: `cannot pin (${why}): ${reason}`, hint: '' });
      throw error;
    }
  };
}

async function answer(
  request: ControlRequest,
  status: () => CollectorStatus,
  trigger: Collector['trigger'],
): Promise<ControlAnswer> {
  if (request.command === 'status') return { kind: 'status', status: status() };
  const { pin, from, to } = await trigger(request.why);
  return { kind: 'pinned', pin, from: String(from), to: String(to) };
}

/** Now and every minute. Returns what ends that. */
function noteClock(recordings: Recordings, tell: OnEvent): () => void {
  let isTold = false;
  const note = async (): Promise<void> => {
    const clock = await readClock();
    if (clock !== null) recordings.note(clock);
    else if (!isTold)
      tell({ event: 'trouble', what: 'how the clock of this host stands is not known', hint: '' });
    isTold ||= clock === null;
  };
  void note();
  const timer = setInterval(() => void note(), CLOCK_EVERY_MS);
  return () => clearInterval(timer);
}

/** A takeover in the journal pins what is around it. Lines that are too long are told once. Returns what ends that. */
function pinTakeovers(
  journal: CollectorConfig['journals'][number],
  trigger: Collector['trigger'],
  onEvent: OnEvent,
): () => void {
  const pin = ({ at, why }: Takeover): void => {
    const now = wallClock();
    const isOfNow = at !== null && at <= now && now - at < LONGEST_AGO;
    trigger(why, isOfNow ? at : now).catch(() => {}); // it was told
  };
  let isTold = false;
  const follower = followJournal(journal, pin, () => {
    if (!isTold) onEvent(explainLongLines(journal));
    isTold = true;
  });
  return () => follower.close();
}
