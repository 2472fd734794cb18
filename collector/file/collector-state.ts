/**
 * What of a collector stays over restarts: who it is, the numbers of its files, and up to when it had captured.
 * The trap: it may end at any moment, and its disk may be full. Only the first is needed: of the rest, the names and times
 * of the files say nearly all.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CollectorError } from '../words.ts';

const identitySchema = z.object({ collector: z.string().regex(/^[0-9a-f]{16}$/) });
const progressSchema = z.object({
  /** The last process ended as it was asked to. */
  stopped: z.boolean(),
  numbers: z.record(z.string(), z.number().int().nonnegative()),
  ends: z.record(z.string(), z.record(z.string(), z.string().regex(/^\d{1,20}$/))),
});

export interface CollectorState {
  /** 16 hexadecimal digits. */
  readonly collector: string;
  /** The last number of a vantage's files; 0 where there was none. */
  number(vantage: string): number;
  setNumber(vantage: string, number: number): void;
  /** Up to when an interface was captured as the last file was closed, ns since the epoch; null where that is not known. */
  end(vantage: string, interfaceName: string): bigint | null;
  setEnds(vantage: string, ends: ReadonlyMap<string, bigint>): void;
  /** Whether the process before this one was stopped, and not killed. */
  readonly wasStopped: boolean;
  /** This one is. */
  stop(): void;
}

/** @throws CollectorError where it cannot be written */
export function openState(folder: string): CollectorState {
  const file = path.join(folder, 'state.json');
  const progress = parse(progressSchema, file) ?? { stopped: false, numbers: {}, ends: {} };
  const wasStopped = progress.stopped;
  const save = () => {
    try {
      replaceFile(file, JSON.stringify(progress), false);
    } catch {
      // A full disk: names and times of files stand in.
    }
  };
  const collector = openIdentity(folder);
  progress.stopped = false;
  save();
  return {
    collector,
    number: (vantage) => progress.numbers[vantage] ?? 0,
    setNumber(vantage, number) {
      progress.numbers[vantage] = number;
      save();
    },
    end(vantage, interfaceName) {
      const end = progress.ends[vantage]?.[interfaceName];
      return end === undefined ? null : BigInt(end);
    },
    setEnds(vantage, ends) {
      progress.ends[vantage] = Object.fromEntries([...ends].map(([name, end]) => [name, String(end)]));
      save();
    },
    wasStopped,
    stop() {
      progress.stopped = true;
      save();
    },
  };
}

function openIdentity(folder: string): string {
  const file = path.join(folder, 'collector.json');
  const known = parse(identitySchema, file);
  if (known !== null) return known.collector;
  const collector = randomBytes(8).toString('hex');
  try {
    replaceFile(file, JSON.stringify({ collector }));
  } catch (error) {
    throw new CollectorError(
      `the folder cannot be written: ${(error as Error).message}`,
      'see who owns it, and whether its disk is full',
      { cause: error },
    );
  }
  return collector;
}

/** Null where there is none, or none that holds. */
function parse<T>(schema: z.ZodType<T>, file: string): T | null {
  try {
    return schema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Whole or not at all; `flush`: and on the disk, which takes a while. @throws what the system says */
export function replaceFile(file: string, text: string, flush = true): void {
  const fresh = `${file}.new`;
  fs.writeFileSync(fresh, text, { mode: 0o600, flush });
  fs.renameSync(fresh, file);
}
