import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

function fakeTerminal(isTTY = true) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const target = { isTTY, columns: 80, write: (text: string) => written.push(text) };
  return { written, clock, progress: createProgress(target, () => clock.ms) };
}

test('says how far, how fast, and how long still; at most ten times a second; erased at the end', () => {
  const { written, clock, progress } = fakeTerminal();
  progress.begin('client.pcapng');
  for (let ms = 1; ms <= 1000; ms++) {
    clock.ms = ms;
    progress.update(812_000 * ms, 3_248_000_000);
  }
  progress.erase();
  progress.erase();
  expect(written).toHaveLength(11);
  expect(written[9]).toBe('\rreading client.pcapng 25% 812 MB/s, 3 s left\x1b[K');
  expect(written[10]).toBe('\r\x1b[K');
});

test('a short read shows nothing, nor does a stderr that is no terminal', () => {
  const short = fakeTerminal();
  short.progress.begin('a');
  short.clock.ms = 99;
  short.progress.update(1, 2);
  short.progress.erase();
  expect(short.written).toEqual([]);

  const piped = fakeTerminal(false);
  piped.progress.begin('a');
  piped.clock.ms = 5000;
  piped.progress.update(1, 2);
  piped.progress.erase();
  expect(piped.written).toEqual([]);
});

test('a stream has no end to promise; a long or hostile name cannot break the line', () => {
  const { written, clock, progress } = fakeTerminal();
  progress.begin('standard input');
  clock.ms = 1000;
  progress.update(812_000_000, null);
  expect(written).toEqual(['\rreading standard input 812 MB, 812 MB/s\x1b[K']);
  progress.begin(`\x1b[2J${'x'.repeat(200)}`);
  clock.ms = 2000;
  progress.update(1, 2);
  expect(written[1]).toHaveLength(1 + 79 + 3);
  expect(written[1]).toContain('\\x1b[2Jxxx');
});
