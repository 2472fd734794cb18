/**
 * Every synthesised capture, read by tshark: nothing in it is malformed, and no
 * checksum is wrong where the whole packet was kept.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { detectTshark } from '../tshark.ts';
import { CAUSE_SCENARIOS } from './causes.ts';
import type { CaptureFile } from './gateway.ts';

const run = promisify(execFile);
const version = detectTshark();
const FILE_HEADER = 24;
const CHECKS = ['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE'].flatMap((option) => ['-o', option]);
const WRONG = '_ws.malformed || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad"';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stallscope-synthesis-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(version === null).each(CAUSE_SCENARIOS.map((s) => [s.name, s] as const))(
  `%s: nothing is malformed${version === null ? ' (tshark is missing)' : ''}`,
  async (name, scenario) => {
    const world = scenario.run();
    for (const [kind, files] of [
      ['ethernet', world.captures()],
      ['any', world.captures(true).filter((f) => f.name.startsWith('node'))],
    ] as const) {
      const file = join(folder, `${name.replace('/', '-')}-${kind}.pcap`);
      writeFileSync(file, concatenated(files));
      const { stdout } = await run('tshark', ['-n', '-r', file, ...CHECKS, '-Y', WRONG]);
      expect(stdout).toBe('');
    }
  },
);

/** One file of several of one link type, so that tshark starts once. */
function concatenated(files: readonly CaptureFile[]): Uint8Array {
  const parts = files.map(({ bytes }, i) => (i === 0 ? bytes : bytes.subarray(FILE_HEADER)));
  return Uint8Array.from(Buffer.concat(parts));
}
