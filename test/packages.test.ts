/** Every package has a reason, and the lock file serves every platform, every npm and every registry mirror. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
  version?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(read('../package-lock.json')) as { packages: Record<string, Locked> };
const packages = Object.entries(lock.packages);

it('locks every package that a package names, those of other platforms too', () => {
  const missing = packages.flatMap(([folder, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isLocked(folder, name)),
  );
  expect(missing, 'run `node scripts/complete-lock.mjs`').toEqual([]);
});

it('names no registry in the lock file', () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

const manifest = JSON.parse(read('../package.json')) as Record<string, Record<string, string> | undefined>;
const named = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
  Object.keys(manifest[kind] ?? {}),
);
const page = read('../docs/dependencies.md');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));
const inTables = rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

it('gives a reason for every package', () => {
  expect(named.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

it('says for each why it is there and what it replaces, and names none that is not', () => {
  const packagesOf = (cell = ''): string[] =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
  const listed = inTables.flatMap(([cell]) => packagesOf(cell));
  expect(listed.filter((name) => !named.includes(name))).toEqual([]);
  // Native packages have a paragraph each.
  expect(named.filter((name) => !listed.includes(name))).toEqual(['better-sqlite3', 'cap', 'koffi']);
  for (const [name, why, instead] of inTables) {
    expect(why?.length, name).toBeGreaterThan(10);
    expect(instead?.length, name).toBeGreaterThan(5);
  }
});

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

/** As Node finds it: in the folder's own node_modules, or in one further up. */
function isLocked(folder: string, name: string): boolean {
  const parents = folder.split(/(?:^|\/)node_modules\//);
  return parents.some((_, depth) => {
    const above = parents.slice(1, depth + 1).map((parent) => `node_modules/${parent}/`);
    return `${above.join('')}node_modules/${name}` in lock.packages;
  });
}
