/** What `--annotate` refuses, before any work. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAnnotated } from './annotated.ts';
import { checkOptions, type DiagnoseOptions } from './options.ts';
import type { CaptureSource } from './read-capture.ts';
import { temporaryFolder } from './run-cli.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

beforeAll(() => {
  writeFileSync(at('client.pcap'), 'a capture');
  symlinkSync(at('client.pcap'), at('link.pcapng'));
  mkdirSync(at('folder'));
});

const source = (path: string): CaptureSource => ({ path, input: { file: path } }) as CaptureSource;
const check = (options: Partial<DiagnoseOptions>, path = at('client.pcap')): void =>
  checkAnnotated(options as DiagnoseOptions, [source(path)], [path]);

describe('--annotate', () => {
  test('takes a file that is none of the others', () => {
    expect(() =>
      check({ annotate: at('out.pcapng'), output: at('out.txt'), html: at('out.html') }),
    ).not.toThrow();
  });

  test.each([
    ['standard output, which has the result', { annotate: '-' }, '--annotate: names no file'],
    [
      'the file of -o',
      { annotate: 'x.pcapng', output: './x.pcapng' },
      '--annotate and -o both name x.pcapng',
    ],
    ['the file of --html', { annotate: 'x', html: 'folder/../x' }, '--annotate and --html both name x'],
  ])('refuses %s', (_, options, message) => {
    expect(() => check(options)).toThrow(message);
  });

  test('refuses to write over a capture that it reads, also by another name of it', () => {
    expect(() => check({ annotate: at('client.pcap') })).toThrow(/client\.pcap/);
    expect(() => check({ annotate: at('link.pcapng') })).toThrow(/link\.pcapng/);
  });

  test('refuses a folder, and a folder that is not there', () => {
    expect(() => check({ annotate: at('folder') })).toThrow(/folder/);
    expect(() => check({ annotate: at('nowhere/out.pcapng') })).toThrow(/nowhere/);
  });

  test('refuses what can be read only once, and says what to do', () => {
    expect(() => check({ annotate: at('out.pcapng') }, '-')).toThrow(/can be read once/);
    expect(() => check({ annotate: at('out.pcapng') }, '/dev/null')).toThrow(/can be read once/);
  });

  test('is what --frames needs', () => {
    expect(() => checkOptions({ frames: 'all' } as DiagnoseOptions)).toThrow('--frames needs --annotate');
  });
});
