/** Asks a running node, over its control socket. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { NodeConfig } from '../config.ts';
import { type Answer, answerSchema, controlSocketOf, type Request } from './control-words.ts';
import { GatewayError } from './forwarder.ts';

export type End = Extract<Answer, { kind: 'end' }>;

/** Calls for each answer as it comes; resolves with the last. @throws GatewayError where no node answers */
export function askNode(
  config: NodeConfig,
  request: Request,
  onAnswer: (answer: Answer) => void,
): Promise<End> {
  const path = controlSocketOf(config);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once('error', (error) => reject(notThere(config, path, error)));
    const lines = createInterface({ input: socket });
    // readline passes on what its input failed with; it was heard above.
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const answer = answerSchema.safeParse(parseJson(line));
      if (!answer.success)
        return reject(
          new GatewayError(`${config.node} answers in words that are not known`, 'is it of another version?'),
        );
      onAnswer(answer.data);
      if (answer.data.kind === 'end') resolve(answer.data);
    });
    socket.once('close', () => reject(new GatewayError(`${config.node} ended before it was done`)));
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function notThere({ node }: NodeConfig, path: string, error: Error): GatewayError {
  const code = 'code' in error ? String(error.code) : error.message;
  if (code === 'EACCES' || code === 'EPERM')
    return new GatewayError(`${path} is another user's`, 'only who runs the node, or root, may ask it');
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new GatewayError(`${node} does not run (${path})`, 'diagnose gateway run --config FILE');
  return new GatewayError(`${node} cannot be asked (${path}: ${code})`);
}
