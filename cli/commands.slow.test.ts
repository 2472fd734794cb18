/**
 * The commands beside the diagnosis, as processes: help, explain, frames, completion.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CAUSE_IDS, CLIENTS } from '../analyzer/index.ts';
import { COMMAND_NAMES } from './commands.ts';
import { bundleCli, type CliResult, removeBundle, runCli, temporaryFolder } from './run-cli.ts';

const CAPTURE = fileURLToPath(
  new URL('../test/fixtures/captures/nat-none-wget/client.pcap.gz', import.meta.url),
);

const EXAMPLE = fileURLToPath(new URL('../docs/collector.example.yaml', import.meta.url));

const folder = temporaryFolder();
let bundle = '';
const run = (...args: string[]): Promise<CliResult> => runCli(bundle, args);

beforeAll(async () => {
  bundle = await bundleCli();
});
afterAll(() => {
  folder.remove();
  removeBundle(bundle);
});

describe('help and version', () => {
  test('--help begins with three examples and lists only what is built', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:\n( {2}diagnose .*\n){3}\nUsage: diagnose \[options\]/);
    for (const option of [
      '--json',
      '--jsonl',
      '--output',
      '--until',
      '--journal',
      '--fail-on',
      '--strict',
      '--version',
    ]) {
      expect(stdout).toContain(option);
    }
    const commands = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('FILE  '));
    expect([...commands.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)).toEqual(COMMAND_NAMES);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  test('--version is a version, help of a command its own', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect((await run('help', 'explain')).stdout).toMatch(/^Usage: diagnose explain \[options\] \[cause\]/);
    expect((await run('analyze', '--help')).stdout).toContain('--fail-on');
    expect((await run('help', 'open')).stdout).toMatch(
      /^Usage: diagnose open \[options\] \[VANTAGE=\]FILE \.\.\.\n/,
    );
    expect((await run('serve', '--help')).stdout).toContain('--token-file <file>');
  });
});

describe('advise', () => {
  test('prints a table without a capture, and one client in full', async () => {
    const { code, stdout, stderr } = await run('advise', '--outage', '30s');
    expect([code, stderr]).toEqual([0, '']);
    for (const { id } of CLIENTS) expect(stdout).toMatch(new RegExp(`^${id} `, 'm'));
    expect((await run('advise', '--outage', '30s', '--client', 'WGET')).stdout).toContain(
      '--read-timeout=10',
    );
  });

  test('as JSON has every client, its settings and their sources', async () => {
    const { stdout } = await run('advise', '--outage', '1m', '--rto', '300ms', '--goal', 'both', '--json');
    const advice = JSON.parse(stdout) as Record<string, unknown> & { clients: { id: string }[] };
    expect(advice).toMatchObject({ outage: 60, rto: 0.3, mode: 'routed', resumes: { from: 76.5 } });
    expect(advice.clients.map(({ id }) => id)).toEqual(CLIENTS.map(({ id }) => id));
    expect(advice.clients[1]).toMatchObject({
      id: 'wget',
      byDefault: { outcome: 'goes-on', timer: '--read-timeout' },
      timers: [
        { name: '--read-timeout', firesAfter: 900, source: { url: expect.stringMatching(/^https:/) } },
        {},
      ],
      failFast: [{ text: '--read-timeout=10', firesAfter: 10 }, { text: '--connect-timeout=5' }],
    });
  });

  test.each([
    [['advise'], 'error: advise needs --outage\nhelp: such as diagnose advise --outage 30s\n'],
    [
      ['advise', '--outage', '5s', '--client', 'crul'],
      "error: --client: 'crul' is not in the table\nhelp: did you mean curl?\n",
    ],
  ])('%j is refused', async (args, stderr) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('explain', () => {
  test('without a cause lists them all, a line or two each', async () => {
    const { code, stdout } = await run('explain');
    expect(code).toBe(0);
    const ids = [...stdout.matchAll(/^([a-z-]+) {2}/gm)].map(([, id]) => id);
    expect(ids).toEqual(CAUSE_IDS);
  });

  test('with a cause prints its page', async () => {
    const { code, stdout } = await run('explain', 'RTO-backoff');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# rto-backoff\n/);
  });

  test('a mistyped cause gets the nearest', async () => {
    expect(await run('explain', 'rto-backof')).toEqual({
      code: 2,
      stdout: '',
      stderr: "error: there is no cause 'rto-backof'\nhelp: did you mean 'diagnose explain rto-backoff'?\n",
    });
  });
});

describe('frames', () => {
  test('a line a TCP frame: number, stream, flags', async () => {
    const { code, stdout, stderr } = await run('frames', CAPTURE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) expect(line).toMatch(/^\d+\t\d+\t([a-z_]+(,[a-z_]+)*)?$/);
  });

  test('what is no capture, or several, is refused', async () => {
    const text = join(folder.path, 'notes.txt');
    writeFileSync(text, 'The gateway failed over at 11:07.');
    expect((await run('frames', text)).stderr).toMatch(
      /^error: .*notes\.txt: this is no pcap or pcapng file: it is text\n/,
    );
    expect((await run('frames', join(CAPTURE, '..'))).stderr).toMatch(/^error: frames takes one capture\n/);
    const stream = await runCli(bundle, ['frames', '-'], { stdin: 'y\n'.repeat(1_000_000) });
    expect(stream).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a group of commands', () => {
  test('says which it has where none is given, or another', async () => {
    expect((await run('gateway')).stderr).toBe(
      'error: gateway takes a command: run, takeover, release, status\nhelp: diagnose gateway --help\n',
    );
    expect((await run('gateway', 'runn')).stderr).toBe(
      "error: unknown command 'runn'\nhelp: did you mean run?\n",
    );
    expect(await run('gateway', 'run', '--config', 'no.yaml')).toMatchObject({
      code: 2,
      stderr: 'error: no.yaml: cannot be read (ENOENT)\n',
    });
  });
});

describe('collect', () => {
  const error = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await run('collect', ...args);
    expect(code).toBe(2);
    return stderr;
  };

  test('prints an example and a schema, from wherever it runs', async () => {
    // A package as it is installed: what is printed comes with it.
    const own = join(folder.path, 'package');
    cpSync(dirname(bundle), join(own, 'dist'), { recursive: true });
    rmSync(join(own, 'dist', 'package.json'));
    writeFileSync(join(own, 'package.json'), '{ "name": "stallscope", "type": "module" }');
    const example = (): Promise<CliResult> =>
      runCli(join(own, 'dist', basename(bundle)), ['collect', '--example']);
    expect((await example()).stderr).toBe(
      'error: docs/collector.example.yaml is missing from this installation\n',
    );
    mkdirSync(join(own, 'docs'));
    cpSync(EXAMPLE, join(own, 'docs', basename(EXAMPLE)));
    expect(await example()).toEqual({ code: 0, stdout: readFileSync(EXAMPLE, 'utf8'), stderr: '' });
    const schema = JSON.parse((await run('collect', '--schema')).stdout) as Record<string, unknown>;
    expect(schema).toMatchObject({
      type: 'object',
      required: ['folder', 'captures'],
      additionalProperties: false,
    });
  });

  test('says in a line what is wrong, and what to do', async () => {
    expect(await error()).toMatch(/^error: collect captures what it is told: .*\nhelp: .*--example.*\n$/);
    expect(await error('stauts')).toBe("error: unknown command 'stauts'\nhelp: did you mean status?\n");
    expect(await error('capture.pcap')).toBe(
      "error: unknown command 'capture.pcap'\nhelp: it has: trigger, status\n",
    );
    expect(await error('--config', 'a', '--interface', 'lo')).toMatch(
      /^error: .*--config.*cannot be used with.*--interface/,
    );
    expect(await error('--interface', 'eth0/1')).toMatch(
      /^error: .*captures.0.interface: the name of an interface\n/,
    );
    expect(await error('--interface', 'lo', '--snaplen', 'all')).toMatch(/It is a number of bytes/);
    const file = join(folder.path, 'collector.yaml');
    writeFileSync(file, 'folder: x\ncaptures: [');
    expect(await error('--config', file)).toMatch(
      /^error: .*collector\.yaml: no YAML: .*\nhelp: .*--example.*\n$/,
    );
  });

  test('trigger and status say where no collector runs', async () => {
    for (const words of [['trigger', '--why', 'x'], ['status']])
      expect(await error(...words, '--folder', folder.path)).toMatch(
        /^error: no collector runs on .*\nhelp: name its folder by --folder.*\n$/,
      );
  });
});

describe('completion', () => {
  /** What bash offers for a command line, `COMP_WORDS` as it would set it. */
  async function complete(...words: string[]): Promise<string[]> {
    const { stdout } = await run('completion', 'bash');
    const line = `COMP_WORDS=(diagnose ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
    const script = `${stdout}\n${line}; _diagnose; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const bash = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder.path });
    expect(bash.stderr).toBe('');
    return bash.stdout.trim().split('\n');
  }

  test('bash: commands, options, causes, outcomes, colours', async () => {
    expect(await complete('ex')).toEqual(['export', 'explain']);
    expect(await complete('--js')).toEqual(['--json', '--jsonl']);
    expect(await complete('explain', 'rto')).toEqual(['rto-backoff']);
    expect(await complete('--fail-on', 'h')).toEqual(['hung']);
    expect(await complete('--color', 'a')).toEqual(['auto', 'always']);
    expect(await complete('--jou')).toEqual(['--journal', '--journal-zone']);
  });

  test('bash: open and serve have options of their own', async () => {
    expect(await complete('open', '--no')).toEqual(['--no-browser']);
    expect(await complete('open', '--js')).toEqual(['']);
    expect(await complete('serve', '--p')).toEqual(['--port']);
    expect(await complete('--po')).toEqual(['']);
  });

  test('bash: groups have commands, and those have options', async () => {
    expect(await complete('gateway', '')).toEqual(['run', 'takeover', 'release', 'status']);
    expect(await complete('gateway', 'take')).toEqual(['takeover']);
    expect(await complete('collect', '')).toEqual(['trigger', 'status']);
    expect(await complete('collect', '--int')).toEqual(['--interface']);
    expect(await complete('collect', '--engine', 'c')).toEqual(['cap']);
    expect(await complete('collect', '--folder', 'x')).toEqual(['']);
    expect(await complete('gateway', 'takeover', '--f')).toEqual(['--force']);
    expect(await complete('gateway', 'run', '--config', 'node')).toEqual(['']);
    expect(await complete('lab', 'l')).toEqual(['list']);
    expect(await complete('lab', 'run', 'resumed-w')).toEqual(['resumed-wget']);
    expect(await complete('lab', 'list', 'resumed-w')).toEqual(['']);
  });

  test('a journal is a file, as often as there are nodes', async () => {
    // Bash completes a file where nothing else is offered.
    expect(await complete('client.pcap', '--journal', 'con')).toEqual(['']);
    expect((await run('completion', 'zsh')).stdout).toMatch(/'\*--journal''\[[^\]]*\]:file:_files'/);
    expect((await run('completion', 'fish')).stdout).toMatch(/ -l journal -r -d /);
  });

  test.each(['zsh', 'fish'])('%s: names every command and option', async (shell) => {
    const { code, stdout } = await run('completion', shell);
    expect(code).toBe(0);
    const options = ['json', 'fail-on', 'allow-host', 'no-browser'];
    for (const word of [...COMMAND_NAMES, ...options, 'rto-backoff', 'not-connected']) {
      expect(stdout).toContain(word);
    }
    // Where the shell is at hand, it judges the syntax itself.
    const check = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
    if (!check.error) expect(check.stderr).toBe('');
  });

  test('another shell is refused', async () => {
    expect((await run('completion', 'tcsh')).stderr).toBe(
      "error: no completion for 'tcsh'\nhelp: shells: bash, zsh, fish\n",
    );
  });
});
