/**
 * `diagnose open` as a process, with real captures: what it prints is what the terminal says, and what
 * the link names is there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FlowDetail, IncidentDetail, IncidentSummary } from '../server/api.ts';
import {
  bundleWholeCli,
  type CliResult,
  type RunOptions,
  removeBundle,
  runCli,
  type StayingCli,
  startCli,
  temporaryFolder,
} from './run-cli.ts';

const captures = (...path: string[]): string =>
  fileURLToPath(new URL(['../test/fixtures/captures', ...path].join('/'), import.meta.url));
const LATE_COMMIT = [
  captures('h-race-commit7'),
  ...['a', 'b'].flatMap((node) => [
    '--journal',
    `node-${node}=${captures('h-race-commit7', `conntrackd-${node}.log`)}`,
  ]),
];

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
const env = { HOME: folder.path, XDG_DATA_HOME: at('data'), CI: '1' };
let bundle = '';
const running: StayingCli[] = [];

const run = (args: string[], options: RunOptions = {}): Promise<CliResult> =>
  runCli(bundle, args, { ...options, env });

const startServing = (...args: string[]): Promise<StayingCli> =>
  startCli(bundle, ['serve', '--port', '0', ...args], { sign: /Ctrl-C ends/, env });

/** Until the end of the test. */
async function stays(starting: Promise<StayingCli>): Promise<StayingCli> {
  const one = await starting;
  running.push(one);
  return one;
}
const opens = (...args: string[]): Promise<StayingCli> =>
  stays(startCli(bundle, ['open', ...args], { sign: /until Ctrl-C/, env }));
const serves = (...args: string[]): Promise<StayingCli> => stays(startServing(...args));

/** The last line of what `open` printed. */
function linkOf({ stdout }: CliResult): { url: string; incident: string; flow: string | undefined } {
  const link = stdout.trimEnd().split('\n').at(-1) ?? '';
  const [, url, incident, flow] =
    /^(http:\/\/127\.0\.0\.1:\d+)\/#\/i\/(\w+)(?:\/flow\/(\w+))?$/.exec(link) ?? [];
  if (url === undefined || incident === undefined) throw new Error(`no link: ${link}`);
  return { url, incident, flow };
}

const headlineOf = ({ stdout }: CliResult): string => stdout.replace(/http:.*\n$/, '');
async function incidentsOf(url: string): Promise<IncidentSummary[]> {
  const response = await fetch(`${url.replace(/\/$/, '')}/api/incidents`);
  return ((await response.json()) as { incidents: IncidentSummary[] }).incidents;
}

beforeAll(async () => {
  bundle = await bundleWholeCli();
  writeFileSync(at('notes.txt'), 'The gateway failed over at 11:07.\n');
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill('SIGKILL');
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

test('the headline of the terminal, and a link to the flow, whose incident is there', async () => {
  const opened = await opens(...LATE_COMMIT, '--data', at('first'));
  expect(headlineOf(opened.result)).toBe((await run(['-q', ...LATE_COMMIT])).stdout);
  const { url, incident, flow } = linkOf(opened.result);
  const detail = (await (await fetch(`${url}/api/incidents/${incident}`)).json()) as IncidentDetail;
  expect(detail).toMatchObject({ title: 'h-race-commit7 (8 files)', state: 'ready', files: 8 });
  expect(detail.storedFiles.filter(({ kind }) => kind === 'journal').map(({ vantage }) => vantage)).toEqual([
    'node-a',
    'node-b',
  ]);
  const found = (await (await fetch(`${url}/api/incidents/${incident}/flows/${flow}`)).json()) as FlowDetail;
  expect(found.flow).toMatchObject({ outcome: 'hung', cause: 'state-not-committed' });
  expect((await opened.kill('SIGINT')).code).toBe(130);
});

test('where nothing is affected, the link is to the overview', async () => {
  const { result } = await opens(captures('controls', 'control-clean', 'client.pcap.gz'));
  expect(linkOf(result).flow).toBeUndefined();
});

describe('the same files', () => {
  const files = [`client=${captures('r-syn-12', 'client.pcap.gz')}`, captures('r-syn-12', 'server.pcap.gz')];

  test('are one incident, also in another order; under another vantage they are another', async () => {
    const data = ['--data', at('twice')];
    const first = await opens(...files, ...data);
    await first.kill('SIGTERM');
    const again = await opens(...files.toReversed(), ...data);
    expect(linkOf(again.result).incident).toBe(linkOf(first.result).incident);
    expect(again.result.stderr).toContain("note: these files are stored already, as 'r-syn-12 (2 files)'");
    const other = await run(['open', files[0]!, `server=${files[1]}`, ...data]);
    expect(linkOf(other).incident).not.toBe(linkOf(first.result).incident);
    expect(await incidentsOf(linkOf(again.result).url)).toHaveLength(2);
  });

  test('from standard input, too', async () => {
    const [file = ''] = files.map((name) => name.replace('client=', ''));
    const data = ['--data', at('input')];
    const server = await serves(...data);
    const stdin = readFileSync(file);
    const first = await run(['open', 'client=-', ...data], { stdin });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(headlineOf(first)).toBe((await run(['-q', `client=${file}`])).stdout);
    const second = await run(['open', 'client=-', ...data], { stdin });
    expect(linkOf(second)).toEqual(linkOf(first));
    expect(await incidentsOf(server.result.stdout.trim())).toMatchObject([
      { title: 'standard input', files: 1, state: 'ready' },
    ]);
  });
});

test('a server that runs on the data is used, and stays', async () => {
  const data = ['--data', at('running')];
  const server = await serves(...data);
  const opened = await run(['open', captures('r-syn-12'), ...data]);
  expect(opened.code).toBe(0);
  const { url, incident } = linkOf(opened);
  expect(`${url}/`).toBe(server.result.stdout.trim());
  expect(await incidentsOf(url)).toMatchObject([{ id: incident, state: 'ready' }]);
});

test('one that asks for a token is used with it', async () => {
  const data = ['--data', at('token')];
  await serves(...data, '--host', '0.0.0.0');
  const { code, stdout } = await run(['open', captures('r-syn-12', 'client.pcap.gz'), ...data]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nhttp:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}#\/i\/\w+\/flow\/\w+\n$/);
});

describe('what is no capture', () => {
  const data = ['--data', at('nothing')];
  let server: StayingCli;
  beforeAll(async () => {
    server = await startServing(...data);
  });
  afterAll(() => server?.kill('SIGKILL'));

  test.each([
    ['a text', ['notes.txt'], /^error: .*notes\.txt: this is no pcap or pcapng file: it is text\n/],
    ['standard input', ['-'], /^error: standard input: /],
    ['a file that is not there', ['missing.pcap'], /^error: .*missing\.pcap: no such file or folder\n/],
    ['no file', [], /^error: no capture is given\n/],
  ])('%s: 2, and nothing is stored', async (_, names, message) => {
    const named = names.map((name) => (name === '-' ? name : at(name)));
    const { code, stdout, stderr } = await run(['open', ...named, ...data], { stdin: 'no capture' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await incidentsOf(server.result.stdout.trim())).toEqual([]);
  });

  test('a journal that is none, or a capture: what was stored before it is taken back', async () => {
    const capture = captures('r-syn-12', 'client.pcap.gz');
    const text = await run(['open', capture, '--journal', at('notes.txt'), ...data]);
    expect(text).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: notes\.txt: /),
    });
    const other = captures('r-syn-12', 'server.pcap.gz');
    const wrong = await run(['open', capture, '--journal', other, ...data]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('is a capture, no journal') });
    expect(await incidentsOf(server.result.stdout.trim())).toEqual([]);
  });
});
