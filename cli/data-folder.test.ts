/** Where incidents are kept, on each system. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder, prepareDataFolder, type Surroundings } from './data-folder.ts';
import { temporaryFolder } from './run-cli.ts';

const HOME = resolve('/', 'somebody');
const on = (
  platform: Surroundings['platform'],
  env: Surroundings['env'] = {},
  home: Surroundings['home'] = () => HOME,
): Surroundings => ({ platform, env, home });

test('what is named wins, else the place that the system has', () => {
  const xdg = resolve('/', 'data');
  expect(dataFolder('mine', on('linux', { XDG_DATA_HOME: xdg }))).toBe(resolve('mine'));
  expect(dataFolder(undefined, on('linux', { XDG_DATA_HOME: xdg }))).toBe(join(xdg, 'stallscope'));
  expect(dataFolder(undefined, on('linux'))).toBe(join(HOME, '.local', 'share', 'stallscope'));
  expect(dataFolder(undefined, on('darwin'))).toBe(
    join(HOME, 'Library', 'Application Support', 'Stallscope'),
  );
  expect(dataFolder(undefined, on('win32'))).toBe(join(HOME, 'AppData', 'Local', 'Stallscope'));
  expect(dataFolder(undefined, on('win32', { LOCALAPPDATA: xdg }))).toBe(join(xdg, 'Stallscope'));
});

test('a relative XDG_DATA_HOME is none, as its specification has it', () => {
  const where = on('linux', { XDG_DATA_HOME: 'data' });
  expect(dataFolder(undefined, where)).toBe(join(HOME, '.local', 'share', 'stallscope'));
});

test('who has no home is asked to name a folder', () => {
  const homeless = on('linux', {}, () => {
    throw new Error('ENOENT');
  });
  expect(() => dataFolder(undefined, homeless)).toThrow('there is no home folder');
  expect(() => dataFolder('', on('linux'))).toThrow('--data names no folder');
});

test('it is made where it is missing; a file in its place, or above it, is told', () => {
  const folder = temporaryFolder();
  try {
    const [deep, file] = [join(folder.path, 'a', 'b'), join(folder.path, 'file')];
    prepareDataFolder(deep);
    prepareDataFolder(deep);
    mkdirSync(join(deep, 'in-it'));
    writeFileSync(file, '');
    expect(() => prepareDataFolder(file)).toThrow(`${file} cannot be used: it is no folder`);
    expect(() => prepareDataFolder(join(file, 'c'))).toThrow('a part of its path is no folder');
  } finally {
    folder.remove();
  }
});
