/** Scenarios by name, as they come with the package, or by the path of a file. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { packagePath } from '../cli/package-files.ts';
import { nearestWord } from '../cli/suggest.ts';
import { systemErrorCode, UserError } from '../cli/user-error.ts';
import { ConfigError } from '../gateway/config.ts';
import { parseScenario, type Scenario } from './scenario.ts';

export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

const ENDING = /\.ya?ml$/;
/** Bytes. Of a larger file, YAML takes minutes to say what is wrong with it. */
const LARGEST = 100_000;

/** All that come with the package, by name. @throws UserError */
export const allScenarios = (): NamedScenario[] => scenarioNames().map((name) => readScenario(name));

/** @throws UserError where the package lacks them */
export function scenarioNames(): string[] {
  const folder = packagePath('lab', 'scenarios');
  if (folder === null)
    throw new UserError('input', 'the scenarios are not there (lab/scenarios)', 'install the package again');
  return readdirSync(folder)
    .filter((file) => ENDING.test(file))
    .map((file) => file.replace(ENDING, ''))
    .sort();
}

/** A name, or the path of a file: that has a slash or the ending of one. @throws UserError `usage` or `input` */
export function readScenario(wanted: string): NamedScenario {
  if (!wanted.includes('/') && !ENDING.test(wanted)) return readNamed(wanted);
  let text: string;
  try {
    const { size } = statSync(wanted);
    if (size > LARGEST) throw new UserError('input', `${wanted}: ${size} bytes are no scenario`);
    text = readFileSync(wanted, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('input', `${wanted}: cannot be read (${systemErrorCode(error) || String(error)})`);
  }
  const name = path
    .basename(wanted)
    .replace(ENDING, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-');
  return { name: name || 'scenario', scenario: parse(text, wanted) };
}

function readNamed(name: string): NamedScenario {
  const file = packagePath('lab', 'scenarios', `${name}.yaml`);
  if (file !== null && !name.startsWith('.'))
    return { name, scenario: parse(readFileSync(file, 'utf8'), name) };
  const nearest = nearestWord(name, scenarioNames());
  throw new UserError(
    'usage',
    `there is no scenario '${name}'`,
    nearest === null ? 'diagnose lab list names them all' : `did you mean '${nearest}'?`,
  );
}

function parse(text: string, name: string): Scenario {
  try {
    return parseScenario(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first, ...more] = error.problems;
    throw new UserError(
      'input',
      `${name}: ${first}`,
      more.length === 0 ? '' : `and ${more.length} more: ${more.join('; ')}`,
    );
  }
}
