/**
 * A daemon as a child of this process: started, started again with a growing delay when it ends by itself, ended by its
 * pid. The trap: a gateway process that is killed cannot end its children, and a conntrackd without its node goes on
 * telling the peer of connections; so the kernel ends it with its parent (setpriv, PR_SET_PDEATHSIG).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../forwarder.ts';

export interface Daemon {
  /** It must stay in the foreground. */
  readonly program: string;
  readonly args: readonly string[];
  /** Debian's package. */
  readonly package: string;
  /** Before each start and after the end: removes what a killed one leaves. */
  readonly clear: () => void;
  /** Resolves when it can be talked to; called again and again until it does. */
  readonly probe: () => Promise<unknown>;
  /** After a start that was not the first; what it throws is told as trouble. */
  readonly restarted: () => Promise<unknown>;
  readonly onTrouble: (what: string) => void;
}

export interface SupervisedDaemon {
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** Ends it: SIGTERM, and SIGKILL where that is not heeded. Never throws. */
  stop(): Promise<void>;
}

/** ms. */
const FIRST_DELAY = 250;
const LONGEST_DELAY = 10_000;
/** A daemon that lived so long is started again after the first delay. */
const STEADY = 30_000;
const START_LIMIT = 5_000;
const STOP_LIMIT = 2_000;
const SETTLED = 50;

/** Resolves when it answers. @throws GatewayError with its last line where it does not come up */
export async function superviseDaemon(daemon: Daemon): Promise<SupervisedDaemon> {
  const stopping = new AbortController();
  let child = await launch(daemon, stopping.signal);
  const watch = (async () => {
    let delay = FIRST_DELAY;
    while (!stopping.signal.aborted) {
      const began = Date.now();
      await ended(child);
      if (stopping.signal.aborted) return;
      if (Date.now() - began > STEADY) delay = FIRST_DELAY;
      daemon.onTrouble(`${daemon.program} ended by ${child.signalCode ?? `exit code ${child.exitCode}`}`);
      for (
        let again: ChildProcess | undefined;
        again === undefined;
        delay = Math.min(2 * delay, LONGEST_DELAY)
      ) {
        await sleep(delay, undefined, { signal: stopping.signal });
        again = await relaunch(daemon, stopping.signal);
        child = again ?? child;
      }
    }
  })().catch(() => {}); // only the signal ends it
  return {
    get pid() {
      return child.pid;
    },
    stop: async () => {
      stopping.abort();
      await end(child); // else the watch would wait for it
      await watch;
      await end(child); // one that was just being started again
      daemon.clear();
    },
  };
}

async function relaunch(daemon: Daemon, signal: AbortSignal): Promise<ChildProcess | undefined> {
  try {
    const child = await launch(daemon, signal);
    await daemon.restarted().then(
      () => daemon.onTrouble(`${daemon.program} runs again`),
      (error) => daemon.onTrouble(`${daemon.program} runs again, but ${text(error)}`),
    );
    return child;
  } catch (error) {
    if (signal.aborted) throw error;
    daemon.onTrouble(text(error));
    return undefined;
  }
}

async function launch(daemon: Daemon, signal: AbortSignal): Promise<ChildProcess> {
  daemon.clear();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', daemon.program, ...daemon.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
  child.on('error', (error) => {
    said = error.message;
  });
  for (const limit = Date.now() + START_LIMIT; runs(child) && Date.now() < limit && !signal.aborted; ) {
    if (await answers(daemon)) {
      // One that cannot go on may answer before it finds out: conntrackd listens before it has its link.
      await sleep(SETTLED);
      if (runs(child)) return child;
    }
    await sleep(20);
  }
  await end(child);
  daemon.clear();
  throw new GatewayError(
    `${daemon.program} did not start: ${said.trim().split('\n').at(-1) || 'it said nothing'}`,
    `apt-get install ${daemon.package} util-linux`,
  );
}

const answers = (daemon: Daemon): Promise<boolean> =>
  daemon.probe().then(
    () => true,
    () => false,
  );

async function end(child: ChildProcess): Promise<void> {
  if (!runs(child)) return;
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
  child.kill('SIGTERM');
  await ended(child);
  clearTimeout(killer);
}

const runs = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

const ended = async (child: ChildProcess): Promise<void> => {
  if (runs(child)) await once(child, 'exit');
};

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
