/** A collector's configuration, from its file or from flags. Relative paths are relative to where the command runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type CollectorConfig, checkConfig, parseConfig } from '../collector/config.ts';
import { CollectorError } from '../collector/words.ts';
import type { AskOptions, CaptureWords, CollectOptions } from './collect-commands.ts';
import { unreadable } from './input-errors.ts';
import { UserError } from './user-error.ts';

const DEFAULT_FOLDER = './stallscope-captures';

/** @throws UserError */
export function configOf(options: CollectOptions): CollectorConfig {
  if (options.config !== undefined) return readConfig(options.config);
  const words = options.interface ?? options.vantage;
  if (words === undefined)
    throw new UserError(
      'usage',
      'collect captures what it is told: --interface eth1 --vantage node-a.out, or --config FILE',
      'diagnose collect --example prints a configuration',
    );
  if (options.tokenFile !== undefined && options.ship === undefined)
    throw new UserError('usage', '--token-file is of no use without --ship');
  return asUserError('usage', () => checkConfig(fromFlags(options, words)));
}

function fromFlags(options: CollectOptions, words: readonly CaptureWords[]): object {
  const { filter, snaplen, engine, keep, ship, tokenFile, metrics, user } = options;
  const given = { filter, snaplen, engine, keep, metrics, user };
  return {
    folder: options.folder ?? DEFAULT_FOLDER,
    captures: words.map(captureOf),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(ship !== undefined && { ship: { url: ship, ...(tokenFile !== undefined && { tokenFile }) } }),
  };
}

function captureOf({ interface: name, vantage }: CaptureWords): object {
  if (name === undefined)
    throw new UserError(
      'usage',
      `--vantage ${vantage}: no --interface goes with it`,
      'ip -br link lists them',
    );
  return { interface: name, vantage: vantage ?? hostVantage(hostname()) };
}

/** A host's name as a vantage, without its domain. */
export const hostVantage = (name: string): string =>
  name
    .split('.')[0]!
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63) || 'host';

/** @throws UserError */
function readConfig(file: string): CollectorConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    return parseConfig(text);
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error;
    throw new UserError(
      'input',
      `${file}: ${error.message}`,
      error.hint || 'diagnose collect --example prints one with every key',
    );
  }
}

/** Of the collector that is asked. @throws UserError */
export const folderOf = ({ config, folder }: AskOptions): string =>
  config === undefined ? (folder ?? DEFAULT_FOLDER) : readConfig(config).folder;

function asUserError<T>(code: 'usage' | 'output', work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw userErrorOf(error, code);
  }
}

/** What a collector could not do, as the command says it; anything else is as it was. */
export const userErrorOf = (error: unknown, code: 'usage' | 'output' = 'output'): unknown =>
  error instanceof CollectorError ? new UserError(code, error.message, error.hint, { cause: error }) : error;
