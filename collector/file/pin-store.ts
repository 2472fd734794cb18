/**
 * Pins on the disk: a folder each, with `pin.json` and hard links to files of the ring.
 * The trap: a link takes no room, but keeps what the ring forgets. So pins have a limit of their own.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from './collector-state.ts';
import type { Pin, RingFile } from './recording.ts';
import { compactTime, parseFileName } from './ring-file.ts';

const NAME = 'pin.json';
const time = z.string().regex(/^\d{1,20}$/);
const pinSchema = z.object({
  id: z.string(),
  from: time,
  to: time,
  why: z.array(z.string()).min(1),
  vantages: z.array(z.string()),
  state: z.enum(['open', 'complete', 'shipped']),
});

export type PinChange = Partial<Pick<Pin, 'from' | 'to' | 'why' | 'state'>>;

export class PinStore {
  readonly #folder: string;
  readonly #pins: Pin[] = [];

  /** Reads what is there. @throws what the system says, where the folder cannot be read */
  constructor(folder: string) {
    this.#folder = folder;
    for (const id of fs.readdirSync(folder).sort()) {
      const pin = readPin(path.join(folder, id));
      if (pin !== null) this.#pins.push(pin);
    }
  }

  /** The oldest first. */
  get all(): readonly Pin[] {
    return this.#pins;
  }

  get(id: string): Pin | null {
    return this.#pins.find((pin) => pin.id === id) ?? null;
  }

  /** @throws what the system says */
  add(pin: Pick<Pin, 'from' | 'to' | 'why' | 'vantages'>, at: bigint): Pin {
    const id = this.#freeId(at);
    const folder = path.join(this.#folder, id);
    fs.mkdirSync(folder, { mode: 0o700 });
    const added: Pin = { ...pin, id, state: 'open', folder, files: [], bytes: 0 };
    this.#pins.push(added);
    save(added);
    return added;
  }

  /** Returns it as it is then. @throws what the system says */
  change(pin: Pin, change: PinChange): Pin {
    save({ ...(this.get(pin.id) ?? pin), ...change });
    return this.#replace(pin, change);
  }

  /** Another name for a file of the ring; a copy, where the file system has no links. @throws what the system says */
  link(pin: Pin, file: RingFile): void {
    const linked = path.join(pin.folder, path.basename(file.path));
    const { files, bytes } = this.get(pin.id) ?? pin;
    if (files.includes(linked)) return;
    try {
      fs.linkSync(file.path, linked);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && !fs.existsSync(file.path)) return; // somebody removed it
      if (['EPERM', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) fs.copyFileSync(file.path, linked);
      else if (code !== 'EEXIST') throw error;
    }
    this.#replace(pin, { files: [...files, linked].sort(), bytes: bytes + file.bytes });
  }

  /** With its files. */
  remove(pin: Pin): void {
    fs.rmSync(pin.folder, { recursive: true, force: true });
    const index = this.#pins.findIndex(({ id }) => id === pin.id);
    if (index >= 0) this.#pins.splice(index, 1);
  }

  /** Of all pins; a file that several have counts once. */
  bytes(): number {
    const sizes = new Map<string, number>();
    for (const file of this.#pins.flatMap(({ files }) => files)) {
      sizes.set(path.basename(file), sizeOf(file));
    }
    return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  #replace(pin: Pin, change: Partial<Pin>): Pin {
    const index = this.#pins.findIndex(({ id }) => id === pin.id);
    const changed = { ...(this.#pins[index] ?? pin), ...change };
    if (index >= 0) this.#pins[index] = changed;
    return changed;
  }

  #freeId(at: bigint): string {
    const id = compactTime(at);
    let free = id;
    for (let i = 2; fs.existsSync(path.join(this.#folder, free)); i++) free = `${id}-${i}`;
    return free;
  }
}

function save({ id, from, to, why, vantages, state, folder }: Pin): void {
  const fields: z.input<typeof pinSchema> = {
    id,
    from: String(from),
    to: String(to),
    why: [...why],
    vantages: [...vantages],
    state,
  };
  replaceFile(path.join(folder, NAME), `${JSON.stringify(fields, null, 2)}\n`);
}

/** Null where it is none: killed before it was one. */
function readPin(folder: string): Pin | null {
  try {
    const fields = pinSchema.parse(JSON.parse(fs.readFileSync(path.join(folder, NAME), 'utf8')));
    const names = fs.readdirSync(folder).filter((name) => parseFileName(name) !== null);
    const files = names.sort().map((name) => path.join(folder, name));
    const bytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
    return { ...fields, from: BigInt(fields.from), to: BigInt(fields.to), folder, files, bytes };
  } catch {
    return null;
  }
}

function sizeOf(file: string): number {
  try {
    return fs.statSync(file).size;
  } catch {
    return 0;
  }
}
