/** Clients and servers of the lab as they are, in a network namespace of their own, over loopback. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientPlan, ClientWord, ServerPlan } from '../programs.ts';
import { type Traffic, trafficSchema } from '../scenario.ts';
import { serverCommands, tcpPorts, writeServerFiles } from '../servers/server-commands.ts';

const missing = ['nginx', 'curl', 'ip', 'ss'].filter(
  (program) => !['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((dir) => existsSync(path.join(dir, program))),
);
const able = process.getuid?.() === 0 && missing.length === 0;

const ADDRESSES = ['10.0.2.10', 'fd00:0:0:2::10'];
const TRAFFIC: [object, number][] = [
  [{ run: 'node', api: 'http', size: '600k' }, 1],
  [{ run: 'node', api: 'fetch', size: '600k' }, 1],
  [{ run: 'api', count: 4, every: '100ms', pauseAfter: 2, pause: '200ms', think: '20ms' }, 1],
  [{ run: 'api', count: 3, every: '100ms', keepalive: true }, 1],
  [{ run: 'udp', count: 3, every: '50ms' }, 1],
  [{ run: 'mixed', connections: 6, size: '200k' }, 6],
];

describe.skipIf(!able)('clients and servers of the lab (needs root, nginx, curl, iproute2)', () => {
  const namespace = `stallscope-t${Math.random().toString(16).slice(2, 8)}-one`;
  const inside = (program: string, args: readonly string[]) =>
    spawn('ip', ['netns', 'exec', namespace, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const servers: ReturnType<typeof inside>[] = [];
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-clients-'));
    execFileSync('ip', ['netns', 'add', namespace]);
    const ip = (...args: string[]) => execFileSync('ip', ['-n', namespace, ...args]);
    ip('link', 'set', 'lo', 'up');
    ip('address', 'add', '10.0.2.10/32', 'dev', 'lo');
    ip('address', 'add', 'fd00:0:0:2::10/128', 'dev', 'lo', 'nodad');
    for (const name of ['client', 'server'])
      await build({
        entryPoints: [path.join(import.meta.dirname, `../${name}s/lab-${name}.ts`)],
        outfile: path.join(folder, `lab-${name}.mjs`),
        bundle: true,
        platform: 'node',
        format: 'esm',
      });
    const plan: ServerPlan = { folder, address: '10.0.2.10', rate: 2_000_000, resetTimedOut: false };
    writeServerFiles(plan, [200_000, 600_000]);
    for (const [program = '', ...args] of serverCommands(plan, path.join(folder, 'lab-server.mjs')))
      servers.push(inside(program, args));
    for (;;) {
      const listening = execFileSync('ip', ['netns', 'exec', namespace, 'ss', '-Hltn'], { encoding: 'utf8' });
      if (tcpPorts(plan).every((port) => listening.includes(`:${port} `))) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  afterAll(() => {
    for (const server of servers) server.kill('SIGKILL');
    execFileSync('ip', ['netns', 'del', namespace]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function output(program: string, args: readonly string[]): Promise<{ exit: unknown; text: string }> {
    const child = inside(program, args);
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
    });
    const exit = await new Promise((resolve) => child.once('close', resolve));
    return { exit, text };
  }

  async function run(value: object, address: string): Promise<{ exit: unknown; words: ClientWord[] }> {
    const traffic = trafficSchema.parse({ name: 'one', ...value }) as Traffic & ClientPlan['traffic'];
    const plan: ClientPlan = { traffic, address };
    const { exit, text } = await output(process.execPath, [
      path.join(folder, 'lab-client.mjs'),
      JSON.stringify(plan),
    ]);
    return {
      exit,
      words: text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ClientWord),
    };
  }

  const connections = (words: readonly ClientWord[]) =>
    words.flatMap((word) => (word.event === 'connection' ? [word.localPort] : []));

  for (const [value, count] of TRAFFIC)
    it.each(ADDRESSES)(`${JSON.stringify(value)} gets all of it from %s`, async (address) => {
      const { exit, words } = await run(value, address);
      expect(words.filter((word) => word.event === 'failed')).toEqual([]);
      expect(new Set(connections(words)).size).toBe(count);
      expect(exit).toBe(0);
    });

  it('an API call without an answer is given up, and the next takes a new connection', async () => {
    const { exit, words } = await run({ run: 'api', count: 2, think: '5s', timeout: '300ms' }, ADDRESSES[0]!);
    expect(exit).toBe(1);
    expect(connections(words)).toHaveLength(2);
    expect(words.flatMap((word) => (word.event === 'failed' ? [word.why] : []))).toEqual([
      'no answer for 0.3 s',
      'no answer for 0.3 s',
    ]);
  });

  it('curl uploads to nginx, and downloads what pauses in the middle', async () => {
    const file = path.join(folder, 'www/200000.bin');
    const curl = (...args: string[]) => output('curl', ['--silent', '--fail', ...args]);
    expect((await curl('--upload-file', file, 'http://10.0.2.10/upload/one')).exit).toBe(0);
    expect(statSync(path.join(folder, 'www/upload/one')).size).toBe(200_000);
    const paused = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{size_download} %{time_total}',
      'http://10.0.2.10:8080/paused?size=200000&pause=700',
    );
    const [size, time] = paused.text.split(' ').map(Number);
    expect(size).toBe(200_000);
    expect(time).toBeGreaterThan(0.7);
  });
});
