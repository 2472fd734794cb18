/**
 * The built command says the same under newer versions of Node, to the byte: of some scenarios, and `npm run other-nodes` compares
 * all of them in all views.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildLab } from '../lab/test-command.ts';
import { OTHER_NODES, otherNode } from '../scripts/other-nodes.mjs';
import { allScenarios } from './scenarios/scenario.ts';

const COMMAND = join(import.meta.dirname, '..', 'dist', 'diagnose.js');

const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

/** One in so many, of each kind. */
const STEP = 6;
const SOME = allScenarios().filter(({ control }, i) => control || i % STEP === 0);

beforeAll(buildLab);

/** What this Node says, asked once for all the others. */
const own = new Map<string, string>();
function saidHere(args: readonly string[]): string {
  const said = own.get(args.join(' ')) ?? run(process.execPath, args);
  own.set(args.join(' '), said);
  return said;
}

describe.each(OTHER_NODES)('Node %s', (major) => {
  const program = otherNode(major);

  test('is the version that was asked for', () => {
    expect(run(program, ['--version'])).toMatch(new RegExp(`^v${major}\\.`));
  });

  test.each(SOME.map(({ name, folder, captures }) => ({ name, folder, captures })))(
    '$name, in JSON and in words',
    ({ folder, captures }) => {
      const files = captures.map((file) => join(folder, file));
      const json = [COMMAND, '--json', ...files];
      expect(run(program, json)).toBe(saidHere(json));
      const words = [COMMAND, '--color', 'never', ...files.slice(0, 1)];
      expect(run(program, words)).toBe(saidHere(words));
    },
  );
});
