/** What is to be shipped, as the folder has it: in order, once, over restarts, with the journals of its time. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { type CollectorConfigInput, checkConfig } from '../config.ts';
import type { Pin, RingFile } from '../file/recording.ts';
import type { CollectorEvent } from '../words.ts';
import { Spool } from './spool.ts';

const START = 1_795_694_400_000_000_000n;
const MINUTE = 60_000_000_000n;

let folder: TemporaryFolder;
let ring: RingFile[] = [];
let pins: Pin[] = [];
let events: CollectorEvent[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  [ring, pins, events] = [[], [], []];
});
afterEach(() => folder.remove());

/** As a process that begins has it. */
function openSpool(
  ship: Partial<CollectorConfigInput['ship']> = {},
  journals: { node: string; file: string }[] = [],
): Spool {
  const { ship: checked, ...config } = checkConfig({
    folder: folder.path,
    captures: [{ interface: 'lo', vantage: 'client' }],
    journals,
    ship: { url: 'http://127.0.0.1:1', ...ship },
  });
  if (checked === undefined) throw new Error('nothing is to be shipped');
  return new Spool({
    config: { ...config, ship: checked },
    recordings: {
      files: () => ring,
      pins: () => pins,
      shipped: (id) => {
        pins = pins.map((pin) => (pin.id === id ? { ...pin, state: 'shipped' } : pin));
      },
    },
    onEvent: (event) => events.push(event),
  });
}

function addFile(minute: number, vantage = 'client'): RingFile {
  const from = START + BigInt(minute) * MINUTE;
  const time = new Date(Number(from / 1_000_000n)).toISOString().replace(/[-:]/g, '');
  const path = join(folder.path, `${vantage}-${time}-${String(minute).padStart(6, '0')}.pcapng`);
  writeFileSync(path, `minute ${minute}`);
  const file = { path, vantage, number: minute, from, to: from + MINUTE, bytes: 10 };
  ring.push(file);
  return file;
}

function addPin(id: string, files: readonly RingFile[], state: Pin['state'] = 'complete'): Pin {
  const at = join(folder.path, 'pins', id);
  mkdirSync(at, { recursive: true });
  const linked = files.map(({ path }) => join(at, basename(path)));
  for (const path of linked) writeFileSync(path, 'pinned');
  const pin: Pin = {
    ...{ id, from: START, to: START + 7n * MINUTE, why: ['node-b takes over', 'SIGUSR1'] },
    ...{ vantages: ['client'], state, folder: at, files: linked, bytes: 10 },
  };
  pins.push(pin);
  return pin;
}

const names = async (spool: Spool): Promise<string[]> => (await spool.waiting()).map(({ key }) => key);

async function acknowledgeAll(spool: Spool): Promise<string[]> {
  const all = await spool.waiting();
  for (const item of all) spool.acknowledge(item);
  await spool.waiting();
  return all.map(({ key }) => key);
}

it('a file is asked for in the same words by the process that wrote it and by the next one', async () => {
  const file = addFile(1);
  const { mtimeNs } = statSync(file.path, { bigint: true });
  const incidents = async (...as: RingFile[]) => {
    ring = as;
    return (await openSpool({ what: 'all' }).waiting()).map(({ incident }) => incident);
  };
  // One knows it to the ns, the other by its name and its last change.
  const written = await incidents({ ...file, from: file.from + 123_456n, to: mtimeNs - 789_000n });
  expect(written).toHaveLength(1);
  expect(await incidents({ ...file, to: mtimeNs })).toEqual(written);
});

it('at the end, files of a window that goes on are shipped too, once', async () => {
  const file = addFile(1);
  addPin('p1', [file], 'open');
  const journal = join(folder.path, 'node-a.jsonl');
  writeFileSync(journal, `{"time":"${START}","event":"role"}\n`);
  const spool = openSpool({}, [{ node: 'node-a', file: journal }]);
  expect(await names(spool)).toEqual([]);
  spool.end();
  expect(await acknowledgeAll(spool)).toEqual([`p1/${basename(file.path)}`]);
  expect(pins[0]?.state).toBe('open');
  // The next process completes it: only what came behind is lacking, and the journal of the whole window.
  const second = addFile(2);
  pins = [];
  addPin('p1', [file, second]);
  addPin('p0', [file]);
  expect(await acknowledgeAll(openSpool({}, [{ node: 'node-a', file: journal }]))).toEqual([
    `p1/${basename(second.path)}`,
    'p1/journal-node-a-p1.jsonl',
    `p0/${basename(file.path)}`,
    'p0/journal-node-a-p0.jsonl',
  ]);
});

describe('pinned windows', () => {
  it('are shipped once they are complete, and then told that they were', async () => {
    const files = [addFile(0), addFile(1)];
    addPin('p1', files);
    addPin('p2', files, 'open');
    const spool = openSpool();
    const [first, second] = await spool.waiting();
    expect(first).toMatchObject({
      key: `p1/${basename(files[0]?.path ?? '')}`,
      kind: 'capture',
      vantage: 'client',
      incident: {
        window: { from: String(START), to: String(START + 7n * MINUTE) },
        at: String(START + 5n * MINUTE),
        why: 'node-b takes over',
      },
    });
    if (first === undefined || second === undefined) throw new Error('two are to be shipped');
    spool.acknowledge(first);
    expect(await names(spool)).toEqual([second.key]);
    expect(pins[0]?.state).toBe('complete');
    // A restart: what was acknowledged is known.
    const next = openSpool();
    expect(await names(next)).toEqual([second.key]);
    next.acknowledge(second);
    expect(await names(next)).toEqual([]);
    expect(pins.map(({ state }) => state)).toEqual(['shipped', 'open']);
  });

  it('that share a file ship it for each', async () => {
    const file = addFile(0);
    addPin('p1', [file]);
    addPin('p2', [file]);
    expect(await acknowledgeAll(openSpool())).toEqual([
      `p1/${basename(file.path)}`,
      `p2/${basename(file.path)}`,
    ]);
  });

  it('go with what the journals say of their time, which stays as it was cut', async () => {
    const journal = join(folder.path, 'node-a.log');
    const line = (minute: bigint): string =>
      `{"time":"${START + minute * MINUTE}","node":"node-a","event":"note","text":"x"}`;
    writeFileSync(journal, [line(-1n), line(0n), line(7n), line(8n), ''].join('\n'));
    const pin = addPin('p1', [addFile(0)]);
    const journals = [
      { node: 'node-a', file: journal },
      { node: 'node-b', file: join(folder.path, 'none') },
    ];
    const item = (await openSpool({}, journals).waiting())[1];
    expect(item).toMatchObject({ name: 'journal-node-a-p1.jsonl', kind: 'journal', vantage: 'node-a' });
    expect(readFileSync(item?.path ?? '', 'utf8')).toBe(`${line(0n)}\n${line(7n)}\n`);
    expect(events).toEqual([expect.objectContaining({ what: expect.stringContaining('node-b') })]);
    writeFileSync(journal, line(3n));
    await openSpool({}, journals).waiting();
    expect(readFileSync(item?.path ?? '', 'utf8')).toBe(`${line(0n)}\n${line(7n)}\n`);
    expect(readdirSync(pin.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('everything', () => {
  it('is shipped once, also what is pinned, into the incident of its title', async () => {
    const [first, second] = [addFile(0), addFile(1)];
    addPin('p1', [first, second]);
    ring = [second];
    const spool = openSpool({ what: 'all', incident: 'Lab' });
    const items = await spool.waiting();
    expect(items.map(({ name }) => name).sort()).toEqual([first, second].map(({ path }) => basename(path)));
    for (const { incident } of items) expect(incident).toMatchObject({ title: 'Lab', window: {} });
    expect(await acknowledgeAll(spool)).toHaveLength(2);
    expect(pins[0]?.state).toBe('shipped');
  });

  it('is shipped once by however many processes, and once to each server', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('file', 'acknowledge', 'restart', 'forget'), { maxLength: 40 }),
        async (steps) => {
          ring = [];
          const url = `http://127.0.0.1:1/${Math.abs(
            steps
              .join()
              .split('')
              .reduce((a, c) => (a * 31 + c.charCodeAt(0)) | 0, 7),
          )}`;
          const shipped: string[] = [];
          let spool = openSpool({ what: 'all', url });
          for (const [i, step] of steps.entries()) {
            if (step === 'file') addFile(i);
            if (step === 'restart') spool = openSpool({ what: 'all', url });
            if (step === 'forget') ring = ring.slice(1);
            const [item] = await spool.waiting();
            if (step !== 'acknowledge' || item === undefined) continue;
            spool.acknowledge(item);
            shipped.push(item.key);
          }
          expect(new Set(shipped).size).toBe(shipped.length);
          expect(shipped).toEqual([...shipped].sort());
          const left = await names(spool);
          expect(left.filter((key) => shipped.includes(key))).toEqual([]);
          expect([...shipped, ...left]).toEqual(
            expect.arrayContaining(ring.map(({ path }) => basename(path))),
          );
          expect((await names(openSpool({ what: 'all', url: `${url}x` }))).length).toBe(ring.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is asked for again where nobody knows any more what was shipped', async () => {
    addFile(0);
    const spool = openSpool({ what: 'all' });
    await acknowledgeAll(spool);
    expect(existsSync(join(folder.path, 'shipped.json'))).toBe(true);
    writeFileSync(join(folder.path, 'shipped.json'), '{"server":');
    expect(await names(openSpool({ what: 'all' }))).toHaveLength(1);
  });
});
