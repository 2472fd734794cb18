/**
 * What `diagnose --json` says of the same files, to compare with what the server stored.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../analyzer/index.ts';
import type { GivenFile } from './incident-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `places`: what the user said of a file, by its name. The command is built already: the server ran. */
export function diagnose(files: readonly GivenFile[], places: Record<string, string> = {}): Report {
  const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-files-'));
  try {
    for (const { name, bytes } of files) writeFileSync(path.join(folder, name), bytes);
    const named = files.map(({ name }) => (places[name] === undefined ? name : `${places[name]}=${name}`));
    const text = execFileSync(process.execPath, [path.join(ROOT, 'dist/diagnose.js'), '--json', ...named], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(text) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without what depends on how files came to be read: their ids, names and hashes. Captures are called by their place. */
export function withoutNames(report: Report): unknown {
  const places = new Map(
    report.captures.map(({ id, vantage }) => [id, [vantage.host, vantage.side ?? ''].join('.')]),
  );
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return places.get(value) ?? value;
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'file' && key !== 'sha256')
        .map(([key, inner]) => [places.get(key) ?? key, rename(inner)]),
    );
  };
  return rename(report);
}
