import { beforeEach, expect, test, vi } from 'vitest';
import { ApiFailure } from '../data/api.ts';
import { cancelUpload, clearUploads, sendFiles, uploadError, uploads } from './uploads.ts';

/** What the server was asked, in order, and uploads that end when the test says so. */
const server = vi.hoisted(() => ({
  calls: [] as string[],
  open: new Map<string, { arrive: () => void; fail: (error: Error) => void }>(),
  refuses: false,
}));

vi.mock('../data/api.ts', async (original) => ({
  ...(await original<typeof import('../data/api.ts')>()),
  createIncident: async () => {
    if (server.refuses) throw new ApiFailure(507, 'full', 'the disk is full', 'delete an incident');
    server.calls.push('create');
    return { id: 'x' };
  },
  deleteIncident: async (id: string) => void server.calls.push(`delete ${id}`),
  analyse: async (id: string) => void server.calls.push(`analyse ${id}`),
  uploadFile: (id: string, file: File, onProgress: (sent: number) => void, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      server.calls.push(`send ${id} ${file.name}`);
      onProgress(1);
      server.open.set(file.name, { arrive: resolve, fail: reject });
      signal.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
    }),
}));

const files = (...names: string[]): File[] => names.map((name) => new File(['xx'], name));
const states = (): string[] => uploads.get().map(({ name, state }) => `${name} ${state}`);
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const arrive = async (name: string): Promise<void> => {
  server.open.get(name)?.arrive();
  await settle();
};
const cancel = async (name: string): Promise<void> => {
  cancelUpload(uploads.get().find((one) => one.name === name)!.key);
  await settle();
};

beforeEach(() => {
  server.calls = [];
  server.open.clear();
  server.refuses = false;
  uploads.set([]);
});

test('several files are one incident, two at a time, and then it is analysed', async () => {
  const done = sendFiles(files('a', 'b', 'c'), null);
  await settle();
  expect(states()).toEqual(['a sending', 'b sending', 'c waiting']);
  await arrive('a');
  expect(states()).toEqual(['a done', 'b sending', 'c sending']);
  await arrive('b');
  await arrive('c');
  expect(await done).toBe('x');
  expect(server.calls).toEqual(['create', 'send x a', 'send x b', 'send x c', 'analyse x']);
});

test('one that is cancelled, waiting or on its way, does not hold the others', async () => {
  const done = sendFiles(files('a', 'b', 'c', 'd'), null);
  await settle();
  await cancel('c');
  await cancel('a');
  await arrive('b');
  await arrive('d');
  expect(await done).toBe('x');
  expect(states()).toEqual(['a cancelled', 'b done', 'c cancelled', 'd done']);
  expect(server.calls).not.toContain('send x c');
});

test('where nothing arrived nothing is left; an incident that was there stays', async () => {
  const fresh = sendFiles(files('a'), null);
  await settle();
  await cancel('a');
  expect(await fresh).toBeNull();
  expect(server.calls).toEqual(['create', 'send x a', 'delete x']);
  const added = sendFiles(files('b'), 'y');
  await settle();
  server.open.get('b')?.fail(new ApiFailure(415, 'kind', 'b is no capture'));
  expect(await added).toBeNull();
  expect(server.calls).not.toContain('delete y');
  expect(uploads.get().at(-1)).toMatchObject({ name: 'b', state: 'failed', error: 'B is no capture.' });
});

test('a server that has too many is asked again when it says so; a cancelled file is not', async () => {
  vi.useFakeTimers();
  try {
    const busy = new ApiFailure(503, 'busy', 'too many uploads', 'try again', 5);
    const done = sendFiles(files('a', 'b'), null);
    await vi.advanceTimersByTimeAsync(0);
    server.open.get('a')?.fail(busy);
    server.open.get('b')?.fail(busy);
    await vi.advanceTimersByTimeAsync(4999);
    expect(states()).toEqual(['a waiting', 'b waiting']);
    cancelUpload(uploads.get().at(-1)!.key);
    await vi.advanceTimersByTimeAsync(1);
    expect(states()).toEqual(['a sending', 'b cancelled']);
    server.open.get('a')?.arrive();
    expect(await done).toBe('x');
    expect(server.calls).toEqual(['create', 'send x a', 'send x b', 'send x a', 'analyse x']);
  } finally {
    vi.useRealTimers();
  }
});

test('a server that refuses is quoted, and over is cleared', async () => {
  server.refuses = true;
  expect(await sendFiles(files('a'), null)).toBeNull();
  expect(uploadError.get()).toBe('The disk is full. Delete an incident.');
  expect(uploads.get()).toEqual([]);
  uploads.set([{ key: 1, name: 'a', size: 1, sent: 1, state: 'done', error: null }]);
  clearUploads();
  expect(uploads.get()).toEqual([]);
});
