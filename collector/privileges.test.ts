/** Rights: what this process has, and that a folder is handed over without what a link in it points at. */
import { chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUser, prepareFolder, readRights, setprivWords } from './privileges.ts';
import { CollectorError } from './words.ts';

const isRoot = process.getuid?.() === 0;
const USER = { name: 'nobody', uid: 65_534, gid: 65_534 };

describe('rights', () => {
  it('are those of this process', () => {
    expect(readRights().isRoot).toBe(isRoot);
  });

  it('that are left to root let tcpdump give root up; a user needs none of that', () => {
    expect(setprivWords(null)).toContain('--bounding-set=-all,+net_raw,+setgid');
    expect(setprivWords(null, ['dac_override'])).toContain(
      '--ambient-caps=-all,+net_raw,+setgid,+dac_override',
    );
    expect(setprivWords(USER)).toEqual(
      expect.arrayContaining(['--reuid=65534', '--init-groups', '--bounding-set=-all,+net_raw']),
    );
  });

  it('are of a user that exists', async () => {
    await expect(findUser('stallscope-none')).rejects.toThrow("there is no user 'stallscope-none'");
  });
});

describe.skipIf(!isRoot)('a folder that is handed over (needs root)', () => {
  let root: string;
  let folder: string;
  const ownerOf = (...names: string[]): number => lstatSync(path.join(root, ...names)).uid;

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'stallscope-rights-'));
    folder = path.join(root, 'captures');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made where it is missing', () => {
    prepareFolder(folder, USER);
    expect(ownerOf('captures')).toBe(USER.uid);
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  });

  it('goes over with all that is in it, and nothing that links in it point at', () => {
    mkdirSync(path.join(folder, 'ring'), { recursive: true });
    mkdirSync(path.join(root, 'other'));
    for (const file of ['captures/ring/a', 'other/b']) writeFileSync(path.join(root, file), '');
    symlinkSync('../other', path.join(folder, 'link'));
    prepareFolder(folder, USER);
    expect([ownerOf('captures', 'ring', 'a'), ownerOf('captures', 'link')]).toEqual([USER.uid, USER.uid]);
    expect([ownerOf('other'), ownerOf('other', 'b')]).toEqual([0, 0]);
  });

  it('that is that user’s is not gone through', () => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'a'), '');
    chownSync(folder, USER.uid, USER.gid);
    prepareFolder(folder, USER);
    expect(ownerOf('captures', 'a')).toBe(0);
  });

  it.each([
    ['another user’s', () => chownSync(folder, 1, 1)],
    ['everybody’s', () => rmSync(folder, { recursive: true })],
  ])('is not handed over where it is %s', (_whose, change) => {
    mkdirSync(folder);
    change();
    if (!lstatSync(folder, { throwIfNoEntry: false })) symlinkSync('/', folder);
    expect(() => prepareFolder(folder, USER)).toThrow(CollectorError);
  });
});
