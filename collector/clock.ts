/**
 * How this host's clock stands, by the kernel's own word: adjtimex(2) with no modes, which changes nothing and needs no
 * privilege.
 * The traps: the structure is that of 64-bit Linux; the offset is in µs or ns, as a bit of its status says; and a
 * container may be forbidden the call.
 */
import type { ClockNote } from '../packet/file/collector-note.ts';
import { wallClock } from '../packet/wall-clock.ts';

/** `struct timex` (linux/timex.h), where `long` has 64 bits. */
const SIZE = 208;
const OFFSET = 8;
const MAX_ERROR = 24;
const STATUS = 40;

const STA_UNSYNC = 0x0040;
const STA_NANO = 0x2000;
const TIME_ERROR = 5;
const WITH_64_BITS = ['x64', 'arm64', 'loong64', 'ppc64', 'riscv64', 's390x', 'mips64el'];

/** The machine's own order, in which the kernel writes. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** State of the clock, and the structure written; negative: why it could not be. */
type Adjtimex = (timex: Uint8Array) => number;

let loaded: Promise<Adjtimex | null> | null = null;

/** Null where it cannot be had: not on Linux, without koffi, or where the kernel refuses. */
export async function readClock(): Promise<ClockNote | null> {
  loaded ??= loadAdjtimex();
  const adjtimex = await loaded;
  const timex = new Uint8Array(SIZE);
  if (adjtimex === null) return null;
  const state = adjtimex(timex);
  return state < 0 ? null : parseTimex(timex, state, wallClock());
}

/** `state`: what the call returned; `at`: ns since the epoch. */
export function parseTimex(timex: Uint8Array, state: number, at: bigint): ClockNote {
  const view = new DataView(timex.buffer, timex.byteOffset, timex.byteLength);
  const status = view.getInt32(STATUS, LITTLE_ENDIAN);
  const unit = (status & STA_NANO) === 0 ? 1e6 : 1e9;
  return {
    note: 'clock',
    at: String(at),
    synchronised: state !== TIME_ERROR && (status & STA_UNSYNC) === 0,
    offset: Number(view.getBigInt64(OFFSET, LITTLE_ENDIAN)) / unit,
    maxError: Math.max(0, Number(view.getBigInt64(MAX_ERROR, LITTLE_ENDIAN)) / 1e6),
  };
}

async function loadAdjtimex(): Promise<Adjtimex | null> {
  if (process.platform !== 'linux' || !WITH_64_BITS.includes(process.arch)) return null;
  try {
    const koffi = await import('koffi');
    // Of the C library that Node itself uses, whichever that is.
    return koffi.load(null).func('int adjtimex(void *)') as Adjtimex;
  } catch {
    return null;
  }
}
