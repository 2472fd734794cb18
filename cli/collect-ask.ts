/** `diagnose collect trigger` and `status`: what is asked of a collector that runs. */
import { askCollector } from '../collector/control-client.ts';
import type { ControlRequest } from '../collector/control-words.ts';
import type { AskOptions } from './collect-commands.ts';
import { folderOf, userErrorOf } from './collect-config.ts';
import { statusText } from './collect-text.ts';
import { escapeText, safeJson } from './render/escape.ts';
import { formatUtcTime } from './render/units.ts';
import { UserError } from './user-error.ts';

const LONGEST_WHY = 500;

/** @throws UserError */
export async function trigger(options: AskOptions): Promise<void> {
  const why = (options.why ?? 'asked for by hand').trim().slice(0, LONGEST_WHY);
  if (why === '')
    throw new UserError('usage', '--why: nothing is said', 'leave it out, or say what happened');
  const answer = await ask(options, { command: 'trigger', why });
  if (answer.kind !== 'pinned') throw new UserError('output', 'the collector answers something else');
  const { pin, from, to } = answer;
  process.stdout.write(
    options.json
      ? `${safeJson({ pin, from, to })}\n`
      : `pinned ${formatUtcTime(from)} to ${formatUtcTime(to)}: ${escapeText(pin)}\n`,
  );
}

/** @throws UserError */
export async function showStatus(options: AskOptions): Promise<void> {
  const answer = await ask(options, { command: 'status' });
  if (answer.kind !== 'status') throw new UserError('output', 'the collector answers something else');
  process.stdout.write(options.json ? `${safeJson(answer.status)}\n` : statusText(answer.status));
}

async function ask(options: AskOptions, request: ControlRequest): ReturnType<typeof askCollector> {
  try {
    return await askCollector(folderOf(options), request);
  } catch (error) {
    throw userErrorOf(error);
  }
}
