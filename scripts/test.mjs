/**
 * `npm test [-- vitest filters]`: sets up what is missing, then format and lint, types, and every test.
 * `npm run check` is the same with `--fast`: without the slow tests (`*.slow.test.ts`). `npm run test:all` is the same with
 * `--all-variants`: of the laws that long tests hold against every scenario, each variant (`test/scenarios/sample.ts`).
 * The last line is always `N passed, N failed`, and the exit code is 1 if anything failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { checkNode, installLeftOut, installSystemPackages, root, setUp } from './setup.mjs';

const REPORT = path.join(root, '.cache/vitest.json');
/** Of vitest.config.ts. */
const FAST = ['fast', 'alone'];
const ALL = [...FAST, 'slow'];
const args = process.argv.slice(2);
const fast = args.includes('--fast');
const filters = args.filter((arg) => arg !== '--fast' && arg !== '--all-variants');
if (args.includes('--all-variants')) process.env.STALLSCOPE_ALL_VARIANTS = '1';

checkNode();
// First: npm builds a package with some of them.
installSystemPackages();
await setUp();
installLeftOut();
const results = [
  runStep('format and lint', ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']),
  runStep('types', ['typescript/bin/tsc']),
  runStep('types of the web page', ['typescript/bin/tsc', '-p', 'ui']),
  ...runTests(),
];
const count = (wanted) => results.filter((result) => wanted.includes(result.status)).length;
const failed = count(['failed']);
const skipped = results.filter((result) => ['skipped', 'pending', 'todo'].includes(result.status));
for (const { name } of skipped) print(`skipped: ${name}`);
for (const { name, status } of results) if (status === 'failed') print(`failed: ${name}`);
print(`${count(['passed'])} passed, ${failed} failed${skipped.length ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed ? 1 : 0;

/** A step that is no test file counts as one test. */
function runStep(name, [program, ...rest]) {
  print(`${name} …`);
  return { name, status: runPackage(program, rest) === 0 ? 'passed' : 'failed' };
}

function runTests() {
  rmSync(REPORT, { force: true });
  mkdirSync(path.dirname(REPORT), { recursive: true });
  const projects = fast ? FAST : ALL;
  const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const exitCode = runPackage('vitest/vitest.mjs', [
    ...['run', ...projects.map((project) => `--project=${project}`), ...options, ...filters],
  ]);
  const tests = readReport();
  // An error outside of any test (an unhandled rejection, a crash) fails the run, too.
  const told = tests.some(({ status }) => status === 'failed');
  return exitCode === 0 || told ? tests : [...tests, { name: 'the test run itself', status: 'failed' }];
}

/** Every test with its full name; a file that could not even be loaded counts as one failed test. */
function readReport() {
  let report;
  try {
    report = JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch {
    return [{ name: 'the test run left no report', status: 'failed' }];
  }
  return report.testResults.flatMap(({ name, status, assertionResults }) => {
    const from = path.relative(root, name);
    const tests = assertionResults.map((test) => ({
      name: `${from}: ${test.fullName}`,
      status: test.status,
    }));
    const told = status !== 'failed' || tests.some((test) => test.status === 'failed');
    return told ? tests : [...tests, { name: from, status: 'failed' }];
  });
}

function runPackage(program, rest) {
  const file = path.join(root, 'node_modules', program);
  return spawnSync(process.execPath, [file, ...rest], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    .status;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
