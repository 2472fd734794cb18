/**
 * `npm start` and the package, as a user gets them: the built command, its page and its worker.
 * The trap: both are of `dist/`, which `npm start` builds where the sources changed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli, temporaryFolder } from '../cli/run-cli.ts';
import type { IncidentDetail } from '../server/api.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START = join(ROOT, 'scripts', 'start.mjs');
const CAPTURE = join(ROOT, 'examples', 'incident', 'client.pcap.gz');
const STAYS = /until Ctrl-C/;

const folder = temporaryFolder();
const at = (...path: string[]): string => join(folder.path, ...path);
const env = { HOME: folder.path, XDG_DATA_HOME: at('data'), CI: '1' };

/** Makes Node say that there is no `better-sqlite3`. */
function withoutDatabase(): Record<string, string> {
  const hooks = `export const resolve = (name, context, next) => {
    if (name === 'better-sqlite3') throw new Error('there is no such package');
    return next(name, context);
  };`;
  const file = at('no-database.mjs');
  const address = `data:text/javascript,${encodeURIComponent(hooks)}`;
  writeFileSync(
    file,
    `import { register } from 'node:module';\nregister('${address.replaceAll("'", '%27')}');\n`,
  );
  return { ...env, NODE_OPTIONS: `--import=${file}` };
}

beforeAll(async () => {
  const built = await runCli(START, ['--version'], { env });
  expect(built.code).toBe(0);
}, 120_000);
afterAll(() => folder.remove());

describe('npm start', () => {
  test('without arguments opens the bundled incident: its finding, and a page that is there', async () => {
    const started = await startCli(START, ['--port', '0'], { sign: STAYS, env });
    try {
      const { stdout } = started.result;
      expect(stdout).toContain('hung: nothing moved for the last 13.38 s');
      const [, url, incident] =
        /\n(http:\/\/127\.0\.0\.1:\d+)\/#\/i\/(\w+)\/flow\/fdcf0cbf687\n$/.exec(stdout) ?? [];
      const page = await (await fetch(`${url}/`)).text();
      expect(page).toContain('<div id="root">');
      const detail = (await (await fetch(`${url}/api/incidents/${incident}`)).json()) as IncidentDetail;
      expect(detail).toMatchObject({ title: 'late-commit (8 files)', state: 'ready' });
      expect(detail.report?.causes.map(({ id }) => id)).toContain('state-not-committed');
      expect(existsSync(at('data', 'stallscope', 'stallscope.db'))).toBe(true);
    } finally {
      expect((await started.kill('SIGINT')).code).toBe(130);
    }
  });

  test('without the database package diagnoses in the terminal, and says why', async () => {
    const { code, stdout, stderr } = await runCli(START, [], { env: withoutDatabase() });
    expect(code).toBe(0);
    expect(stdout).toContain('help: diagnose explain rto-backoff');
    expect(stderr).toContain('there is no such package): this is the diagnosis without the web page\n');
  });

  test('with files or options of the diagnosis diagnoses in the terminal', async () => {
    const json = await runCli(START, ['--json'], { env });
    expect(JSON.parse(json.stdout)).toMatchObject({ captures: [{ frames: 2139 }] });
    const quiet = await runCli(START, ['-q', CAPTURE], { env });
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    expect(quiet.stdout).toContain('stood still for 106.43 s');
  });
});

describe('the package', () => {
  const unpacked = (...path: string[]): string => at('unpacked', 'package', ...path);

  beforeAll(() => {
    const npm = (...args: string[]): string =>
      execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' });
    mkdirSync(at('unpacked'));
    npm('pack', '--ignore-scripts', '--silent', '--pack-destination', folder.path);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    execFileSync('tar', ['-xzf', at(`stallscope-${version}.tgz`), '-C', at('unpacked')]);
    cpSync(CAPTURE, at('client.pcap.gz'));
  }, 120_000);

  test('holds all that open needs but the database, and says so where that is missing', async () => {
    const bundle = unpacked('dist', 'diagnose.js');
    const alone = await runCli(bundle, ['open', at('client.pcap.gz'), '--port', '0'], { env });
    expect(alone).toMatchObject({ code: 2, stdout: '' });
    expect(alone.stderr).toMatch(
      /^error: the database package cannot be loaded: .*\nhelp: run "npm install better-sqlite3"/,
    );
    expect((await runCli(bundle, ['-q', at('client.pcap.gz')], { env })).code).toBe(0);

    mkdirSync(unpacked('node_modules'));
    const installed = join(ROOT, 'node_modules', 'better-sqlite3');
    symlinkSync(installed, unpacked('node_modules', 'better-sqlite3'), 'junction');
    const opened = await startCli(bundle, ['open', at('client.pcap.gz'), '--port', '0'], {
      sign: STAYS,
      env: { ...env, XDG_DATA_HOME: at('of-the-package') },
    });
    try {
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(opened.result.stdout)?.[0];
      expect(await (await fetch(url ?? '')).text()).toContain('<div id="root">');
      expect(opened.result.stderr).not.toContain('not built');
    } finally {
      await opened.kill('SIGTERM');
    }
  });
});
