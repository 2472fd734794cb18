/**
 * Golden files: texts that a person reads and that a test compares whole.
 * `UPDATE_GOLDEN=1 npx vitest run test/scenarios` writes them anew; read the
 * diff before you commit it.
 * The trap: a missing file is a failure, not a new golden.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const FOLDER = 'test/golden';

/** Compares `text` with the golden file of that name. */
export function expectGolden(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  let golden = `(${path} is missing: write it with UPDATE_GOLDEN=1)`;
  try {
    golden = readFileSync(path, 'utf8');
  } catch {
    // Reported by the comparison below.
  }
  expect(text, `differs from ${path}`).toBe(golden);
}
