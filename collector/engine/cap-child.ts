/**
 * The child of the engine `cap`, bundled as `cap-child.js`: captures, stamps, cuts, and writes a pcap stream with ns to its
 * standard output; to its standard error what `readCapLine` reads. It is given an `EnginePlan` as JSON.
 * The trap: under load cap hands over packet after packet without a turn of the event loop between them, so that nothing that
 * waits for one happens: what is full is written at once.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { EnginePlan } from './engine.ts';

/** The part of `cap` 0.2.1 that is used. */
interface Capture {
  /** The link type's name. @throws Error of libpcap */
  open(device: string, filter: string, kernelBytes: number, into: Buffer): string;
  close(): void;
  on(event: 'packet', heard: (bytes: number) => void): void;
}

/** cap's own snapshot length is fixed: of a longer packet the length is not known either. */
const LONGEST = 65_535;
const HEADER = 24;
const RECORD = 16;
const FULL = 65_536;
/** As cap names them, to LINKTYPE numbers. */
const LINK_TYPES: Readonly<Record<string, number>> = { ETHERNET: 1, RAW: 101, LINKTYPE_LINUX_SLL: 113 };

const plan = JSON.parse(process.argv[2]!) as EnginePlan;
const snaplen = plan.snaplen === 0 ? LONGEST : Math.min(plan.snaplen, LONGEST);
/** cap keeps no reference to it, so this module does. */
const packet = Buffer.alloc(LONGEST);
let out = Buffer.alloc(FULL + RECORD + LONGEST);
let filled = 0;
let received = 0;

const capture = open();

function open(): Capture {
  try {
    const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Capture };
    const opened = new Cap();
    const linkType = opened.open(plan.interface, plan.filter, plan.buffer, packet);
    opened.on('packet', take);
    writeHeader(LINK_TYPES[linkType] ?? fail(`link type ${linkType}`));
    return opened;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

process.on('SIGUSR2', () => {
  flush(); // so that the packets are there before their number
  say(`${received} received`);
});
process.once('SIGTERM', () => {
  capture.close();
  flush();
  process.exit(0);
});
process.stdout.on('error', () => process.exit(1)); // nobody reads any more
say('listening');

function writeHeader(linkType: number): void {
  out.writeUInt32LE(0xa1b23c4d, 0);
  out.writeUInt16LE(2, 4);
  out.writeUInt16LE(4, 6);
  out.writeUInt32LE(snaplen, 16);
  out.writeUInt32LE(linkType, 20);
  filled = HEADER;
  flush();
}

function take(bytes: number): void {
  received++;
  const kept = Math.min(bytes, snaplen);
  const [seconds, nanos] = stamp();
  if (filled === 0) setImmediate(flush);
  out.writeUInt32LE(seconds, filled);
  out.writeUInt32LE(nanos, filled + 4);
  out.writeUInt32LE(kept, filled + 8);
  out.writeUInt32LE(bytes, filled + 12);
  packet.copy(out, filled + RECORD, 0, kept);
  filled += RECORD + kept;
  if (filled >= FULL) flush();
}

/** Synchronous where it is a pipe, for Node on Linux: when it is written it is gone. */
function flush(): void {
  if (filled === 0) return;
  process.stdout.write(out.subarray(0, filled));
  out = Buffer.alloc(FULL + RECORD + LONGEST);
  filled = 0;
}

/** The host's clock as it is now, which Node tells in ms, and within the ms a clock that only grows. */
function stamp(): [seconds: number, nanos: number] {
  const wall = Date.now();
  const within = Math.min(Math.max(performance.timeOrigin + performance.now(), wall), wall + 0.999);
  const seconds = Math.floor(within / 1000);
  return [seconds, Math.floor((within - seconds * 1000) * 1e6)];
}

function say(line: string): void {
  writeSync(2, `${line}\n`);
}

function fail(why: string): never {
  say(`trouble: ${why.split('\n')[0]}`);
  process.exit(1);
}
