/** What a server's answer says is wrong, in words and with the next step. */
import { type ServerAnswer, ServerTrouble } from './server-connection.ts';

const STEPS: Readonly<Record<number, string>> = {
  401: 'put the token that diagnose serve printed into the file of ship.tokenFile',
  403: 'is something else in front of the server that asks who you are?',
  404: 'is ship.url that of a diagnose serve, of this version?',
  507: 'delete incidents there, or give its data folder more room',
};

/** @throws ServerTrouble for any answer but 200 */
export function checkAnswer(answer: ServerAnswer): void {
  const { status } = answer;
  if (status === 200) return;
  const { message, hint } = wordsOf(answer);
  const isElsewhere = status >= 300 && status < 400;
  const step = STEPS[status] ?? (isElsewhere ? 'it is elsewhere: change ship.url' : hint);
  throw new ServerTrouble(status, `the server says ${status}: ${message}`, step);
}

/** Another program answers at that address. */
export const noServe = (): ServerTrouble =>
  new ServerTrouble(404, 'what answers is no diagnose serve', STEPS[404]);

/** In its own words where it has some. */
export function wordsOf({ status, json }: ServerAnswer): { message: string; hint: string } {
  const error = json?.error;
  const { message, hint } =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  return {
    message: typeof message === 'string' ? message.slice(0, 300) : `status ${status}`,
    hint: typeof hint === 'string' ? hint.slice(0, 300) : '',
  };
}
