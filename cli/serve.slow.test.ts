/**
 * `diagnose serve` as a process: where it answers, what it says when it cannot, and what it leaves.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bundleWholeCli,
  type CliResult,
  removeBundle,
  runCli,
  type StayingCli,
  startCli,
  temporaryFolder,
} from './run-cli.ts';

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
/** Nothing of a test lies in the home folder of who runs it. */
const env = { HOME: folder.path, XDG_DATA_HOME: at('data') };
let bundle = '';
const running: StayingCli[] = [];

const fails = (...args: string[]): Promise<CliResult> => runCli(bundle, ['serve', ...args], { env });

async function serves(...args: string[]): Promise<StayingCli & { url: string }> {
  const server = await startCli(bundle, ['serve', '--port', '0', ...args], { sign: /Ctrl-C ends/, env });
  running.push(server);
  return { ...server, url: server.result.stdout.trim() };
}

beforeAll(async () => {
  bundle = await bundleWholeCli();
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.kill('SIGKILL');
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

describe('the address', () => {
  test('is all of stdout, and answers; what the folder holds stands on stderr', async () => {
    const { url, result } = await serves();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(result.stderr).toContain(`note: no incident yet in ${at('data', 'stallscope')}; Ctrl-C ends\n`);
    const health = await fetch(`${url}healthz`);
    expect(health.status).toBe(200);
    expect(await (await fetch(`${url}api/incidents`)).json()).toEqual({ incidents: [] });
  });

  test('has a token beyond loopback, a new one or that of a file; without it nobody is let in', async () => {
    const { url, result } = await serves('--data', at('outside'), '--host', '0.0.0.0');
    expect(result.stdout).toMatch(/^http:\/\/[\d.]+:\d+\/\?token=[\w-]{32}\n$/);
    const port = new URL(url).port;
    expect((await fetch(`http://127.0.0.1:${port}/api/incidents`)).status).toBe(401);
    writeFileSync(at('token'), 'a-token-that-nobody-guesses\n');
    const other = await serves('--data', at('secret'), '--token-file', at('token'));
    expect(other.url).toMatch(/\/\?token=a-token-that-nobody-guesses$/);
    const api = other.url.replace(/\?.*/, 'api/incidents');
    expect((await fetch(api)).status).toBe(401);
    const headers = { authorization: 'Bearer a-token-that-nobody-guesses' };
    expect((await fetch(api, { headers })).status).toBe(200);
  });
});

describe('the end', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
    ['SIGHUP', 0],
  ] as const)('%s: %i, and neither lock nor address stays', async (signal, code) => {
    const server = await serves();
    // A page that is open must not keep it: events, and a connection that is kept alive.
    const { id } = (await (
      await fetch(`${server.url}api/incidents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
    ).json()) as { id: string };
    const events = await fetch(`${server.url}api/incidents/${id}/events`);
    expect(events.status).toBe(200);
    expect(await server.kill(signal)).toMatchObject({ code, stdout: server.result.stdout });
    expect(existsSync(at('data', 'stallscope', 'server.json'))).toBe(false);
    const next = await serves();
    expect((await next.kill('SIGTERM')).code).toBe(0);
  });

  test('after a SIGKILL the next one starts, with what was there', async () => {
    const killed = await serves('--data', at('killed'));
    const headers = { 'content-type': 'application/json' };
    await fetch(`${killed.url}api/incidents`, { method: 'POST', headers, body: '{"title":"kept"}' });
    await killed.kill('SIGKILL');
    const stale = JSON.parse(readFileSync(at('killed', 'server.json'), 'utf8')) as { url: string };
    const next = await serves('--data', at('killed'));
    expect(next.result.stderr).toContain('note: 1 incident, 0 files');
    expect(await (await fetch(`${next.url}api/incidents`)).json()).toMatchObject({
      incidents: [{ title: 'kept' }],
    });
    expect(readFileSync(at('killed', 'server.json'), 'utf8')).not.toContain(stale.url);
  });
});

describe('what cannot be', () => {
  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await fails('--port', String(port));
    other.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^error: port ${port} .*in use\nhelp: .*--port`));
    // The folder is free again.
    await serves();
  });

  test('a data folder that another one uses, or that is none', async () => {
    await serves('--data', at('used'));
    expect(await fails('--port', '0', '--data', at('used'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: another Stallscope uses the data folder: .*\nhelp: .*--data/),
    });
    writeFileSync(at('file'), '');
    expect(await fails('--port', '0', '--data', at('file', 'inside'))).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: the data folder .* cannot be used: .*\nhelp: .*--data\n$/),
    });
  });

  test('a database that is damaged', async () => {
    const server = await serves('--data', at('damaged'));
    await server.kill('SIGTERM');
    writeFileSync(at('damaged', 'stallscope.db'), 'no database at all, but long enough to look at');
    expect(await fails('--port', '0', '--data', at('damaged'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: the database is damaged: .*\nhelp: move the data folder away/),
    });
  });

  test.each([
    ['--port', '99999', "--port: '99999' is no port"],
    ['--keep', 'soon', "--keep: 'soon' is no time to keep"],
    ['--max-upload', 'much', "--max-upload: 'much' is no size"],
    ['--host', '192.0.2.1', 'this machine has no address 192.0.2.1'],
    ['--token-file', at('no-such-token'), 'no-such-token: no such file or folder'],
  ])('%s %s', async (option, value, message) => {
    const port = option === '--port' ? [] : ['--port', '0'];
    const { code, stderr } = await fails('--data', at('options'), ...port, option, value);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a file larger than --max-upload', async () => {
    const { url } = await serves('--data', at('small'), '--max-upload', '1kB');
    const headers = { 'content-type': 'application/json' };
    const made = await fetch(`${url}api/incidents`, { method: 'POST', headers, body: '{}' });
    const { id } = (await made.json()) as { id: string };
    const put = await fetch(`${url}api/incidents/${id}/files?name=c.pcap`, {
      method: 'PUT',
      body: Buffer.alloc(1001),
    });
    expect(put.status).toBe(413);
  });
});
