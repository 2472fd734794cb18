/**
 * Files on their way to the server. Several that are dropped together are one incident; two at a
 * time, so that a small one need not wait for a large one. When the last has arrived the analysis is started.
 * Where the server has too many already it says when to try again, and is taken at its word.
 * The trap: a cancelled upload must not hold the others, and an incident for which nothing
 * arrived is taken away again.
 */
import { ApiFailure, analyse, createIncident, deleteIncident, uploadFile } from '../data/api.ts';
import { type Atom, atom } from './atom.ts';

export interface Upload {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed' | 'cancelled';
  readonly error: string | null;
}

const AT_ONCE = 2;

export const uploads: Atom<readonly Upload[]> = atom<readonly Upload[]>([]);
/** Why files could not even be begun with; null: no reason. */
export const uploadError: Atom<string | null> = atom<string | null>(null);

/** How many groups of files are through, with what came of them: lists of incidents look again. */
export const uploadRounds: Atom<number> = atom(0);

const controllers = new Map<number, AbortController>();
let lastKey = 0;

export function cancelUpload(key: number): void {
  if (!controllers.has(key)) return;
  controllers.get(key)?.abort();
  change(key, { state: 'cancelled' });
}

/** Forgets those that are over. */
export function clearUploads(): void {
  uploads.update((list) => list.filter(({ state }) => state === 'waiting' || state === 'sending'));
}

/**
 * Sends the files to `incident`, or to a new one, and starts the analysis.
 * @returns the incident, or null where nothing arrived
 */
export async function sendFiles(files: readonly File[], incident: string | null): Promise<string | null> {
  if (files.length === 0) return null;
  uploadError.set(null);
  clearUploads();
  let id: string;
  try {
    id = incident ?? (await createIncident()).id;
  } catch (error) {
    uploadError.set(explain(error));
    return null;
  }
  const queue = files.map((file) => ({ file, key: ++lastKey }));
  for (const { key } of queue) controllers.set(key, new AbortController());
  uploads.update((list) => [...list, ...queue.map(begin)]);
  const arrived = await sendAll(id, queue);
  return finish(id, arrived, incident === null);
}

/** One that was begun here and got nothing leaves nothing behind. */
async function finish(id: string, arrived: number, isNew: boolean): Promise<string | null> {
  try {
    if (arrived > 0) await analyse(id);
    else if (isNew) await deleteIncident(id);
  } catch (error) {
    uploadError.set(explain(error));
  }
  uploadRounds.update((now) => now + 1);
  return arrived > 0 ? id : null;
}

interface Queued {
  file: File;
  key: number;
}

const begin = ({ file, key }: Queued): Upload => ({
  key,
  name: file.name,
  size: file.size,
  sent: 0,
  state: 'waiting',
  error: null,
});

/** @returns how many arrived */
async function sendAll(id: string, queue: readonly Queued[]): Promise<number> {
  const rest = [...queue];
  let arrived = 0;
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      if (await sendOne(id, next)) arrived++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return arrived;
}

async function sendOne(id: string, { file, key }: Queued): Promise<boolean> {
  const { signal } = controllers.get(key)!;
  try {
    // Cancelled while it waited: nothing of it is sent.
    signal.throwIfAborted();
    for (;;) {
      change(key, { state: 'sending' });
      try {
        await uploadFile(id, file, (sent) => change(key, { sent }), signal);
        break;
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 503 || error.retryAfter === null) throw error;
        change(key, { state: 'waiting', sent: 0 });
        await pause(error.retryAfter, signal);
      }
    }
    change(key, { state: 'done', sent: file.size });
    return true;
  } catch (error) {
    if (signal.aborted) change(key, { state: 'cancelled' });
    else change(key, { state: 'failed', error: explain(error) });
    return false;
  } finally {
    controllers.delete(key);
  }
}

/** @throws what `signal` is aborted with, as soon as it is */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', over);
      resolve();
    }, seconds * 1000);
    signal.addEventListener('abort', over, { once: true });
  });
}

function change(key: number, to: Partial<Upload>): void {
  uploads.update((list) => list.map((upload) => (upload.key === key ? { ...upload, ...to } : upload)));
}

/** What the server said and what to do about it, as sentences: it says them as a terminal does, without capital and full stop. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiFailure)) return error instanceof Error ? error.message : String(error);
  return [error.message, error.hint ?? '']
    .filter((text) => text !== '')
    .map(toSentence)
    .join(' ');
}

/** A name at the front stays as it is. */
function toSentence(text: string): string {
  const begun = /^[a-z]+[ ,]/.test(text) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
