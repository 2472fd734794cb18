/** Asks the collector that runs on a folder, over its control socket. */
import { connect } from 'node:net';
import { answerSchema, type ControlAnswer, type ControlRequest, controlSocketOf } from './control-words.ts';
import { CollectorError } from './words.ts';

/** One that is stopped accepts a connection and says nothing. */
const PATIENCE_MS = 10_000;

/** @throws CollectorError where none answers, or it refuses */
export async function askCollector(
  folder: string,
  request: ControlRequest,
): Promise<Exclude<ControlAnswer, { kind: 'refused' }>> {
  const answer = parseAnswer(await exchange(folder, `${JSON.stringify(request)}\n`));
  if (answer === null)
    throw new CollectorError(
      `the collector of ${folder} answers in words that are not known`,
      'is it of another version?',
    );
  if (answer.kind === 'refused') throw new CollectorError(`the collector refuses: ${answer.why}`);
  return answer;
}

function exchange(folder: string, line: string): Promise<string> {
  const path = controlSocketOf(folder);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(line));
    socket.setEncoding('utf8').setTimeout(PATIENCE_MS, () => {
      socket.destroy(new CollectorError(`the collector of ${folder} does not answer`, 'is it stopped?'));
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', (error) => reject(notThere(folder, path, error)));
    socket.once('close', () =>
      text.endsWith('\n')
        ? resolve(text)
        : reject(new CollectorError(`the collector of ${folder} ended before it answered`)),
    );
  });
}

function parseAnswer(line: string): ControlAnswer | null {
  try {
    return answerSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function notThere(folder: string, path: string, error: Error): CollectorError {
  if (error instanceof CollectorError) return error;
  const code = 'code' in error ? String(error.code) : error.message;
  if (code === 'EACCES' || code === 'EPERM')
    return new CollectorError(
      `${path} is another user's`,
      'only who runs the collector, or root, may ask it: try sudo',
    );
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new CollectorError(
      `no collector runs on ${folder}`,
      'name its folder by --folder, or its configuration by --config; diagnose collect starts one',
    );
  return new CollectorError(`the collector of ${folder} cannot be asked (${path}: ${code})`);
}
