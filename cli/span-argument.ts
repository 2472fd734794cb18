/** Spans of time on the command line: `30s`, `500ms`, `2m`; a number alone is seconds. */
import { UserError } from './user-error.ts';

/** ms; longer ones overflow Node's timers, and would be over at once. */
const DAY = 86_400_000;

/** ms. @throws UserError `usage` when the text is no span; `option` names it in the message. */
export function parseSpan(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (unit === 'ms' ? 1 : unit === 'm' ? 60_000 : 1000);
  if (ms > DAY) throw new UserError('usage', `${option}: '${text}' is more than a day`);
  if (number !== undefined) return ms;
  throw new UserError('usage', `${option}: '${text}' is no time`, 'such as 30s, 500ms or 2m');
}
