/** What is written to a pipe that nobody reads holds nobody up, and what a reader missed does not come back to haunt it. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './run-cli.ts';
import { steadyWriter } from './steady-writer.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe.skipIf(process.platform === 'win32')('a writer', () => {
  it('writes all, in order', async () => {
    const file = join(folder.path, 'file');
    const descriptor = openSync(file, 'w');
    const writer = steadyWriter(descriptor);
    for (let i = 0; i < 100; i++) writer.write(`${i}\n`);
    await writer.flush(5000);
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8')).toBe(Array.from({ length: 100 }, (_, i) => `${i}\n`).join(''));
  });

  it('waits for no reader, and forgets what finds no room', async () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    const writer = steadyWriter(descriptor);
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 5000; i++) writer.write(line);
    await writer.flush(20);
    let lines = 0;
    const chunk = Buffer.alloc(100_000);
    for (let quiet = 0; quiet < 5; ) {
      let bytes = 0;
      try {
        bytes = readSync(reader, chunk);
      } catch {
        // Nothing there at this moment.
      }
      lines += bytes / line.length;
      quiet = bytes === 0 ? quiet + 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, bytes === 0 ? 60 : 0));
    }
    expect(lines).toBe(1000);
    closeSync(descriptor);
    closeSync(reader);
    rmSync(pipe);
  });

  it('goes on when the reader is gone', async () => {
    const pipe = join(folder.path, 'gone');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    closeSync(reader);
    const writer = steadyWriter(descriptor);
    writer.write('a\n');
    await writer.flush(5000);
    writer.write('b\n');
    await writer.flush(5000);
    closeSync(descriptor);
  });
});
