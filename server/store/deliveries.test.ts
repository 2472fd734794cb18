/** What a kill leaves of deliveries, put right at the next start; and what time takes away. */
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, IncidentWish, NewDelivery } from '../api.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { databasePath } from './places.ts';
import { chunksOf, smallPcap, type TemporaryFolder, temporaryFolder } from './test-store.ts';

let folder: TemporaryFolder;
let store: OpenStore;
beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore({ folder: folder.path });
});
afterEach(() => {
  store.close();
  folder.remove();
});

const bytes = Buffer.concat([smallPcap(), randomBytes(1000)]);
const wanted: NewDelivery = {
  ...{ collector: 'c1', name: 'a.pcap', size: bytes.length, kind: 'capture', vantage: null },
  sha256: createHash('sha256').update(bytes).digest('hex'),
  incident: { title: 'Captures' },
};

const incoming = (): string[] => readdirSync(join(folder.path, 'incoming'));
const place = (id: string): string => join(folder.path, 'incoming', id);

/** `between`: what happens to the folder while no process has it. */
async function restart(between: () => void = () => {}): Promise<void> {
  store.close();
  between();
  store = await openStore({ folder: folder.path });
}

function withDatabase(work: (database: BetterSqlite3.Database) => void): void {
  const database = new BetterSqlite3(databasePath(folder.path));
  work(database);
  database.close();
}

async function begun(size = 400): Promise<Delivery> {
  const { id } = await store.deliveries.open(wanted);
  return (await store.deliveries.append(id, 0, chunksOf(bytes.subarray(0, size)), 1e9)).delivery;
}

async function complete({ id, offset }: Delivery): Promise<void> {
  const { taken, delivery } = await store.deliveries.append(
    id,
    offset,
    chunksOf(bytes.subarray(offset)),
    1e9,
  );
  expect({ taken, done: delivery.done }).toEqual({ taken: true, done: true });
  checkStored();
}

/** Once, and whole. */
function checkStored(): void {
  const files = store
    .incidents()
    .flatMap(({ id }) =>
      store.incidentDetail(id).storedFiles.map((file) => readFileSync(store.file(id, file.id).path)),
    );
  expect(files).toHaveLength(1);
  expect(files[0]?.equals(bytes)).toBe(true);
  expect(incoming()).toEqual([]);
}

describe('a restart', () => {
  it('goes on where it was', async () => {
    const before = await begun();
    expect(before).toMatchObject({ offset: 400, done: false });
    await restart();
    expect(await store.deliveries.open(wanted)).toEqual(before);
    await complete(before);
  });

  it('after bytes that were not acknowledged has them come again', async () => {
    const before = await begun();
    await restart(() => writeFileSync(place(before.id), randomBytes(900)));
    // The head of the file is wrong now, which its hash tells: it begins anew.
    const { taken, delivery } = await store.deliveries.append(
      before.id,
      400,
      chunksOf(bytes.subarray(400)),
      1e9,
    );
    expect({ taken, offset: delivery.offset }).toEqual({ taken: false, offset: 0 });
    await complete(delivery);
  });

  it.each([
    ['was taken away', (path: string) => rmSync(path)],
    ['was cut', (path: string) => truncateSync(path, 10)],
  ])('begins anew what %s', async (_name, change) => {
    const { id } = await begun();
    await restart(() => change(place(id)));
    const now = store.deliveries.get(id);
    expect(now.offset).toBe(0);
    await complete(now);
  });

  it('between the move of a file and its row moves it back', async () => {
    const delivery = await begun(bytes.length - 1);
    await restart(() => {
      writeFileSync(place(delivery.id), bytes);
      withDatabase((database) => database.exec(`UPDATE deliveries SET received = ${bytes.length}`));
      const incident = join(folder.path, 'files', 'f'.repeat(16));
      mkdirSync(incident);
      renameSync(place(delivery.id), join(incident, delivery.id));
    });
    expect(readdirSync(join(folder.path, 'files'))).toEqual([]);
    // All of it is there: the collector asks, and sends nothing.
    expect(await store.deliveries.open(wanted)).toMatchObject({ id: delivery.id, done: true });
    checkStored();
  });

  it('clears what belongs to no delivery', async () => {
    const delivery = await begun();
    await restart(() => writeFileSync(place('0123456789abcdef'), 'x'));
    expect(incoming()).toEqual([delivery.id]);
  });
});

describe('what fails in the middle', () => {
  it('is as if it had not been: the last bytes come again', async () => {
    const delivery = await begun();
    withDatabase((database) =>
      database.exec("CREATE TRIGGER fails BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'not now'); END"),
    );
    const last = (): Promise<unknown> =>
      store.deliveries.append(delivery.id, 400, chunksOf(bytes.subarray(400)), 1e9);
    await expect(last()).rejects.toThrow('not now');
    expect(store.incidents()).toEqual([]);
    expect(incoming()).toEqual([delivery.id]);
    withDatabase((database) => database.exec('DROP TRIGGER fails'));
    expect(await store.deliveries.open(wanted)).toMatchObject({ done: true });
    checkStored();
  });

  it('of a source leaves the offset where it was', async () => {
    const delivery = await begun();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(400, 500);
      throw new Error('the line is cut');
    }
    await expect(store.deliveries.append(delivery.id, 400, broken(), 1e9)).rejects.toThrow('the line is cut');
    expect(store.deliveries.get(delivery.id).offset).toBe(400);
    await complete(delivery);
  });
});

describe('after a while', () => {
  const age = (ms: number): void =>
    withDatabase((database) => database.prepare('UPDATE deliveries SET touched = touched - ?').run(ms));

  it('of a day, what was abandoned goes', async () => {
    const { id } = await begun();
    await restart(() => age(86_000_000));
    expect(store.deliveries.get(id).offset).toBe(400);
    await restart(() => age(86_400_000));
    expect(() => store.deliveries.get(id)).toThrow('no such delivery');
    expect(incoming()).toEqual([]);
  });

  it('of months, what arrived is known no longer', async () => {
    await complete(await begun());
    await restart(() => age(80 * 86_400_000));
    expect(await store.deliveries.open(wanted)).toMatchObject({ done: true });
    await restart(() => age(91 * 86_400_000));
    expect(await store.deliveries.open(wanted)).toMatchObject({ done: false, offset: 0 });
  });
});

it('incidents that grow together stay two, and the next file goes where it fits', async () => {
  const minute = 60_000_000_000n;
  let number = 0;
  const deliver = async (from: bigint, to: bigint): Promise<string | null> => {
    const own = Buffer.concat([smallPcap(number), randomBytes(10)]);
    const incident: IncidentWish = { window: { from: String(from * minute), to: String(to * minute) } };
    number += 1;
    const { id } = await store.deliveries.open({
      ...{ ...wanted, incident, name: `${number}.pcap`, size: own.length },
      sha256: createHash('sha256').update(own).digest('hex'),
    });
    return (await store.deliveries.append(id, 0, chunksOf(own), 1e9)).delivery.incident;
  };
  const early = await deliver(100n, 110n);
  const late = await deliver(115n, 120n);
  expect(late).not.toBe(early);
  expect(await deliver(110n, 114n)).toBe(early);
  expect(await deliver(116n, 119n)).toBe(late);
  // An hour at most.
  const far = await deliver(121n, 200n);
  expect(far).not.toBe(late);
  expect(await deliver(150n, 190n)).toBe(far);
});
