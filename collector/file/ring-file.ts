/**
 * The names of a ring's files: `node-a.out-20261126T031200.123Z-000042.pcapng`. From the name alone follow vantage, time and
 * number, so that a folder can be read without any file of it.
 * The trap: vantages have hyphens too.
 */
import type { RingFile } from './recording.ts';

/** Behind the name of a file that is still written. */
export const UNFINISHED = '.part';

const NAME = /^(.+)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z-(\d{6,})\.pcapng(?:\.part)?$/;
const NS_PER_MS = 1_000_000n;

/** `from`: ns since the epoch, of which the name holds the ms. */
export function nameFile(vantage: string, from: bigint, number: number): string {
  return `${vantage}-${compactTime(from)}-${String(number).padStart(6, '0')}.pcapng`;
}

/** `20261126T031200.123Z`: ISO 8601, fit for a name. */
export const compactTime = (time: bigint): string =>
  new Date(Number(time / NS_PER_MS)).toISOString().replaceAll(/[-:]/g, '');

/** Null where it is no file of a ring. */
export function parseFileName(name: string): Pick<RingFile, 'vantage' | 'number' | 'from'> | null {
  const parts = NAME.exec(name);
  if (parts === null) return null;
  const [, vantage = '', year, month, day, hour, minute, second, ms, number = ''] = parts;
  const from = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  if (Number.isNaN(from)) return null;
  return { vantage, number: Number.parseInt(number, 10), from: BigInt(from) * NS_PER_MS };
}
