/**
 * Postmortems as files, by the command as a process and with real captures: `--markdown`, `--html`, and `export` of an
 * incident that is kept. What the two ways say of the same captures is the same.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../analyzer/index.ts';
import { listCapture } from '../packet/file/test-listing.ts';
import {
  bundleWholeCli,
  type CliResult,
  removeBundle,
  runCli,
  type StayingCli,
  startCli,
  temporaryFolder,
} from './run-cli.ts';

const CAPTURES = ['client', 'node-b.in', 'server'].map((vantage) =>
  fileURLToPath(new URL(`../test/fixtures/captures/rto-30/${vantage}.pcap.gz`, import.meta.url)),
);

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const env = { HOME: folder.path, XDG_DATA_HOME: at('data'), CI: '1' };
let bundle = '';
const running: StayingCli[] = [];
const run = (...args: string[]): Promise<CliResult> => runCli(bundle, args, { env });

async function stays(command: string, sign: RegExp, ...args: string[]): Promise<StayingCli> {
  const one = await startCli(bundle, [command, ...args, '--data', at('kept')], { sign, env });
  running.push(one);
  return one;
}

let incident = '';
beforeAll(async () => {
  bundle = await bundleWholeCli();
  const opened = await stays('open', /until Ctrl-C/, ...CAPTURES, '--no-browser');
  incident = /#\/i\/(\w+)/.exec(opened.result.stdout)?.[1] ?? '';
  await opened.kill('SIGTERM');
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill('SIGKILL');
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

/** What does not depend on how the files came to be read. */
function findings(markdown: string): string {
  const from = markdown.indexOf('## Summary');
  return markdown.slice(from, markdown.indexOf('## Appendix: method'));
}

describe('of captures', () => {
  test('--html is a file beside the text, and --markdown the result', async () => {
    const text = await run(...CAPTURES);
    expect(await run(...CAPTURES, '--html', at('a.html'))).toEqual(text);
    expect(await run(...CAPTURES, '--markdown', '-o', at('a.md'), '--html', at('b.html'))).toEqual({
      code: 0,
      stdout: '',
      stderr: text.stderr,
    });
    expect(read('b.html')).toBe(read('a.html'));
    expect(read('a.html').match(/<figure>/g)?.length).toBe(2);
    expect((await run(...CAPTURES, '--markdown')).stdout).toBe(read('a.md'));
    expect(read('a.md').match(/SHA-256 of \S+: `[0-9a-f]{64}`/g)).toHaveLength(3);
  });

  test.each([
    ['--html', '-', /^error: --html: names no file\nhelp: /],
    ['--html', at('nowhere/a.html'), /^error: .*: there is no folder /],
    ['--html', at('folder'), /^error: .*: is a folder\n/],
    ['--html', CAPTURES[0] as string, /^error: .*: is one of the inputs and would be overwritten\n/],
  ])('%s %s is refused before any work', async (option, file, message) => {
    mkdirSync(at('folder'), { recursive: true });
    const { code, stdout, stderr } = await run(...CAPTURES, option, file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('one file for both results is refused, under any spelling', async () => {
    const { code, stderr } = await run(...CAPTURES, '--html', at('c.html'), '-o', at('folder/../c.html'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --html and -o both name .*c\.html\n/);
    expect(existsSync(at('c.html'))).toBe(false);
  });
});

describe('of an incident that is kept', () => {
  test('every form, without a server and of one that runs, is the same', async () => {
    const export_ = (file: string): Promise<CliResult> =>
      run('export', incident, '--to', at(file), '--data', at('kept'));
    for (const file of ['1.md', '1.html', '1.json', '1.pcapng'])
      expect(await export_(file)).toMatchObject({ code: 0, stdout: '' });
    await stays('serve', /Ctrl-C ends/, '--port', '0');
    for (const ending of ['md', 'html', 'json', 'pcapng']) {
      expect(await export_(`2.${ending}`)).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(read(`2.${ending}`)).toBe(read(`1.${ending}`));
    }
    await run(...CAPTURES, '--markdown', '-o', at('own.md'));
    expect(findings(read('1.md'))).toBe(findings(read('own.md')));
    expect(read('1.md')).toContain(`| Incident | \`${incident}\` |`);
    // The same captures, annotated without a store.
    await run(...CAPTURES, '-o', at('own.txt'), '--annotate', at('own.pcapng'));
    const comments = (file: string) => listCapture(readFileSync(at(file))).reader.notes.packetComments;
    expect(comments('1.pcapng').length).toBeGreaterThan(3);
    expect(comments('1.pcapng')).toEqual(comments('own.pcapng'));
    expect((JSON.parse(read('1.json')) as Report).flows).toHaveLength(1);
    expect(readdirSync(folder.path).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('without names: what the command says of the same captures, in every form', async () => {
    await stays('serve', /Ctrl-C ends/, '--port', '0');
    for (const ending of ['md', 'html', 'json', 'pcapng']) {
      const to = at(`anonymous.${ending}`);
      expect(await run('export', incident, '--to', to, '--redact', '--data', at('kept'))).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      const text = readFileSync(to, 'latin1');
      expect(text.length).toBeGreaterThan(500);
      expect(text).not.toMatch(/(?<![\d.])10\.\d+\.\d+\.\d+|rto-30/i);
      expect(text).not.toContain(incident);
    }
    await run(...CAPTURES, '--redact', '--markdown', '-o', at('own.md'), '--annotate', at('own.pcapng'));
    expect(findings(read('anonymous.md'))).toBe(findings(read('own.md')));
    const packets = (file: string) => listCapture(readFileSync(at(file))).packets;
    expect(packets('anonymous.pcapng')).toEqual(packets('own.pcapng'));
  });

  test('by the beginning of its title, too', async () => {
    expect(await run('export', 'RTO-30', '--to', at('3.md'), '--data', at('kept'))).toMatchObject({
      code: 0,
    });
    expect(read('3.md')).toContain(incident);
  });

  test.each([
    ['nope', 'x.md', /^error: there is no incident 'nope'\nhelp: there is \w+ \(.*rto-30.*\)\n/m],
    [
      'any',
      'x.pdf',
      /^error: --to: nothing is known about the form of .*x\.pdf\nhelp: .*\.md, .*or \.\w+\n/m,
    ],
    ['any', 'nowhere/x.md', /^error: .*: there is no folder /m],
  ])('%s --to %s: 2, and no file', async (wanted, file, message) => {
    const { code, stderr } = await run('export', wanted, '--to', at(file), '--data', at('kept'));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(at(file))).toBe(false);
  });
});
