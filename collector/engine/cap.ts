/**
 * The npm package `cap` 0.2.1 as an engine: libpcap in a Node process, for hosts without tcpdump.
 * The trap: it aborts its process when an interface that it listens on goes down, tells neither times nor drops, and writes into
 * a buffer that it does not keep. So it runs in a child of its own (`cap-child.ts`), on `any` only, which stays up, and the
 * times are the child's.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CollectorError } from '../words.ts';
import type { Engine, EngineWord } from './engine.ts';

export interface CapOptions {
  /** `cap-child.ts`, bundled. */
  readonly program?: string;
}

const INSTALL =
  'apt-get install libpcap-dev g++ make python3, then npm install cap@0.2.1; or use the engine tcpdump';

export function capEngine(options: CapOptions = {}): Engine {
  // Beside the command when it is bundled.
  const program = options.program ?? fileURLToPath(new URL('./cap-child.js', import.meta.url));
  return {
    name: 'cap',
    stamps: 'userland',
    version: readVersion,
    refuses: (plan) =>
      plan.interface === 'any'
        ? null
        : 'the engine cap captures on `any` only, since it crashes when its interface goes down',
    checkFilter: async () => {}, // only libpcap can tell, and it is asked when it is opened
    command: (plan) => [process.execPath, program, JSON.stringify(plan)],
    countsSignal: 'SIGUSR2', // SIGUSR1 would be Node's debugger
    read: readCapLine,
  };
}

/** `cap 0.2.1`. Not loaded here: a crash of it must be the child's. @throws CollectorError */
async function readVersion(): Promise<string> {
  const folder = findPackage();
  if (folder === null || !existsSync(path.join(folder, 'build/Release/cap.node')))
    throw new CollectorError('the engine cap needs the npm package cap, which is not installed', INSTALL);
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return `cap ${version}`;
}

function findPackage(): string | null {
  try {
    return path.dirname(createRequire(import.meta.url).resolve('cap/package.json'));
  } catch {
    return null;
  }
}

/** What `cap-child.ts` says. */
export function readCapLine(line: string): EngineWord | null {
  if (line === 'listening') return { word: 'listening' };
  const received = /^(\d+) received$/.exec(line)?.[1];
  if (received !== undefined) return { word: 'counts', received: Number(received), dropped: null };
  const why = /^trouble: (.+)$/.exec(line)?.[1];
  return why === undefined ? null : explainTrouble(why);
}

function explainTrouble(why: string): EngineWord {
  if (/permission|not permitted/i.test(why))
    return {
      word: 'trouble',
      why: 'cap may not capture',
      hint: 'run it as root, or with CAP_NET_RAW: setpriv --inh-caps +net_raw --ambient-caps +net_raw',
    };
  if (/syntax error|filter|expression/i.test(why))
    return { word: 'trouble', why: `the filter does not hold: ${why}`, hint: 'man pcap-filter' };
  return { word: 'trouble', why: `cap: ${why}` };
}
