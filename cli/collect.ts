/**
 * `diagnose collect`: runs a collector until a signal ends it; or checks whether one would run.
 * The traps: Node takes SIGUSR1 for its debugger until somebody else does; and what is written is nobody's but the user's, so
 * that no file is made before the mask is set.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Collector, startCollector } from '../collector/collector.ts';
import { type CollectorConfig, configJsonSchema } from '../collector/config.ts';
import {
  findOutOfReach,
  findUser,
  isDropped,
  ownFiles,
  prepareFolder,
  type Reach,
  readRights,
  runDropped,
  setprivWords,
  type User,
  whenParentEnds,
  whyNoSetpriv,
} from '../collector/privileges.ts';
import { CollectorError } from '../collector/words.ts';
import { wallClock } from '../packet/wall-clock.ts';
import type { CollectOptions } from './collect-commands.ts';
import { configOf, userErrorOf } from './collect-config.ts';
import { type CollectDisplay, createDisplay } from './collect-display.ts';
import { openingText } from './collect-text.ts';
import { printNote } from './messages.ts';
import { readPackageFile } from './package-files.ts';
import { detectStyle } from './render/style.ts';
import { beforeEnd, untilEnded } from './signals.ts';
import { type SteadyWriter, steadyWriter } from './steady-writer.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

const EXAMPLE = ['docs', 'collector.example.yaml'];
const SHOW_EVERY_MS = 1000;
/** Whatever hangs, an engine or the server; what is on the disk by then is whole to its last block. */
const LONGEST_STOP_MS = 8500;

/** The exit code. @throws UserError */
export async function collect(options: CollectOptions): Promise<number> {
  if (options.example) return print(readExample());
  if (options.schema) return print(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  if (process.platform !== 'linux')
    throw new UserError('output', `a collector runs on Linux, not on ${process.platform}`);
  const config = configOf(options);
  process.umask(0o077);
  // Or one that comes early would open a debugger.
  process.on('SIGUSR1', () => {});
  try {
    const dropped = await goOnWithLess(config, options);
    if (dropped.code !== null) return dropped.code;
    if (options.check) {
      const { checkCollector } = await import('./collect-check.ts');
      return await checkCollector(config, options.config ?? null);
    }
    return await run(config, options.json === true, dropped.notes);
  } catch (error) {
    throw userErrorOf(error);
  }
}

function readExample(): string {
  const text = readPackageFile(...EXAMPLE);
  if (text === null) throw new UserError('output', `${EXAMPLE.join('/')} is missing from this installation`);
  return text;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

/**
 * Where it has more rights than it takes, it goes on in a process without them.
 * @returns that one's exit code; null: it goes on here, and what is to be said about that
 */
async function goOnWithLess(
  config: CollectorConfig,
  { config: file, check }: CollectOptions,
): Promise<{ code: number | null; notes: readonly string[] }> {
  const isCheck = check === true;
  const { isRoot, hasMore } = readRights();
  const here = (...notes: string[]) => ({ code: null, notes });
  if (isDropped() || (!hasMore && config.user === undefined)) return here();
  if (!isRoot)
    return here(
      ...(config.user === undefined ? [] : [`only root can become ${config.user}: runs as who started it`]),
    );
  const user = config.user === undefined ? null : await findUser(config.user);
  const why = await whyNoSetpriv(setprivWords(user));
  if (why !== null) return here(`keeps all of root's rights: ${why}`);
  if (!isCheck) prepareFolder(config.folder, user);
  const dropped = runDropped(await findRights(user, reachOf(config, file, isCheck)));
  beforeEnd(dropped.end);
  return { code: await dropped.ended, notes: [] };
}

/** What the process with fewer rights has to reach. */
function reachOf(config: CollectorConfig, file: string | undefined, isCheck: boolean): Reach {
  const { journals, ship, folder } = config;
  const named = [file, ship?.tokenFile, ship?.ca, ...journals.map((journal) => journal.file)];
  const read = [...ownFiles(), ...named.filter((name) => name !== undefined && existsSync(name))];
  return { read: read as string[], write: isCheck && !existsSync(folder) ? [] : [folder] };
}

/** Root without its rights is stopped by the home of a user, in which both command and folder may be. */
async function findRights(user: User | null, reach: Reach): Promise<string[]> {
  const words = setprivWords(user);
  const file = await findOutOfReach(words, reach);
  if (file === null) return words;
  if (user !== null)
    throw new CollectorError(
      `user: ${user.name} cannot reach ${file}`,
      `let ${user.name} read it, also the folders that it is in; captures, write`,
    );
  printNote(`keeps CAP_DAC_OVERRIDE beside CAP_NET_RAW: without it root does not reach ${file}`);
  return setprivWords(null, ['dac_override']);
}

async function run(config: CollectorConfig, json: boolean, notes: readonly string[]): Promise<never> {
  let collector: Collector | null = null;
  process.on('SIGUSR1', () => void collector?.trigger('SIGUSR1').catch(() => {}));
  const writers = { out: steadyWriter(1), err: steadyWriter(2) };
  const display = displayOf(writers, json);
  const stop = stopper(display, writers, () => collector);
  whenParentEnds(stop.bySelf);
  const self = { host: hostname(), application: `Stallscope collector ${VERSION}` };
  collector = await startCollector(config, self, (event) => display.event(event));
  beforeEnd(stop.orderly);
  for (const note of notes) display.say(note, true);
  display.say(openingText(config, collector.status().engine));
  if (collector.metricsUrl !== null) display.say(`metrics: ${collector.metricsUrl}`);
  const running = collector;
  setInterval(() => display.progress(running.status()), SHOW_EVERY_MS);
  return untilEnded();
}

function displayOf({ out, err }: Record<'out' | 'err', SteadyWriter>, json: boolean): CollectDisplay {
  const { isTTY, columns } = process.stderr;
  const { colors } = detectStyle({ color: 'auto', env: process.env, isTerminal: isTTY === true, columns });
  return createDisplay(
    {
      out: (text) => out.write(text),
      err: (text) => err.write(text),
      isTerminal: isTTY === true && process.env.TERM !== 'dumb',
      columns: () => process.stderr.columns,
      hasColor: colors.isColorSupported && isTTY === true,
    },
    json,
    wallClock,
  );
}

interface Stop {
  /** Files are whole afterwards, and all is said. */
  orderly(): Promise<void>;
  /** As a signal would; none that comes at the same time ends it less orderly. */
  bySelf(): void;
}

function stopper(
  display: CollectDisplay,
  { out, err }: Record<'out' | 'err', SteadyWriter>,
  collector: () => Collector | null,
): Stop {
  let isEnding = false;
  return {
    async orderly() {
      isEnding = true;
      display.end();
      const inTime = await within(LONGEST_STOP_MS, collector()?.close() ?? Promise.resolve());
      display.say(inTime ? 'ended; every file is closed' : 'ended; not all could be closed in time', !inTime);
      await Promise.all([out.flush(300), err.flush(300)]);
    },
    bySelf() {
      // A terminal, and systemd, tell both processes; the signal is here by then.
      setTimeout(() => {
        if (!isEnding) process.kill(process.pid, 'SIGTERM');
      }, 300);
    },
  };
}

/** Whether it was done within so many ms. */
function within(limit: number, work: Promise<void>): Promise<boolean> {
  return Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), limit)),
  ]);
}
