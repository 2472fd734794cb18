/**
 * What people chose for the postmortem, of the incident that is open. Kept by the server; here is
 * a copy that changes when the server has said yes.
 */
import type { NewPin, Pin } from '../../server/api.ts';
import { changePin, createPin, deletePin, listPins } from '../data/api.ts';
import { type Atom, atom } from './atom.ts';
import { incident } from './incident.ts';
import { explain } from './uploads.ts';

export const pins: Atom<readonly Pin[]> = atom<readonly Pin[]>([]);
export const pinError: Atom<string | null> = atom<string | null>(null);

let loadedFor = '';

/** Once: from then on the pins follow the incident. */
export function startPins(): void {
  incident.subscribe(() => {
    const id = incident.get()?.id ?? '';
    if (id === loadedFor) return;
    loadedFor = id;
    pins.set([]);
    if (id !== '') void attempt(async () => show(id, (await listPins(id)).pins));
  });
}

/** @returns the pin, or null where the server refused; `pinError` says why */
export async function addPin(pin: NewPin): Promise<Pin | null> {
  return change(async (id) => {
    const made = await createPin(id, pin);
    show(id, [...pins.get(), made]);
    return made;
  });
}

export async function editPin(pin: string, note: string): Promise<void> {
  await change(async (id) => {
    const edited = await changePin(id, pin, { note });
    show(
      id,
      pins.get().map((other) => (other.id === pin ? edited : other)),
    );
  });
}

export async function removePin(pin: string): Promise<void> {
  await change(async (id) => {
    await deletePin(id, pin);
    show(
      id,
      pins.get().filter((other) => other.id !== pin),
    );
  });
}

/** An answer for an incident that was left meanwhile is for nobody. */
function show(id: string, list: readonly Pin[]): void {
  if (loadedFor === id) pins.set(list);
}

async function change<T>(work: (id: string) => Promise<T>): Promise<T | null> {
  const id = loadedFor;
  return id === '' ? null : attempt(() => work(id));
}

async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  pinError.set(null);
  try {
    return await work();
  } catch (error) {
    pinError.set(explain(error));
    return null;
  }
}
