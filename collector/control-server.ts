/**
 * The control socket of a running collector: for its owner and root alone. Who asks may say anything, or nothing for ever.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type ControlAnswer, type ControlRequest, controlSocketOf, requestSchema } from './control-words.ts';
import { CollectorError } from './words.ts';

export interface ControlServer {
  /** Ends it, with those who are connected. */
  close(): Promise<void>;
}

export type AnswerControl = (request: ControlRequest) => Promise<ControlAnswer> | ControlAnswer;

const LONGEST_REQUEST = 16_384;
const PATIENCE_MS = 5000;

/** The caller has the folder's lock: a socket that is there was left by a killed one. @throws CollectorError */
export async function openControlServer(folder: string, answer: AnswerControl): Promise<ControlServer> {
  const path = controlSocketOf(folder);
  rmSync(path, { force: true });
  const connected = new Set<Socket>();
  const server = createServer((socket) => {
    connected.add(socket);
    socket.on('close', () => connected.delete(socket));
    serve(socket, answer);
  });
  await listen(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connected) socket.destroy();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new CollectorError(`folder: its socket ${path} cannot be made: ${error.message}`)),
    );
    // The folder is its owner's alone, so that nobody gets in before the mode is set.
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
  });
}

function serve(socket: Socket, answer: AnswerControl): void {
  let text = '';
  let isAsked = false;
  socket.setEncoding('utf8').setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    if (isAsked) return;
    text += chunk;
    if (text.length > LONGEST_REQUEST) socket.destroy();
    const end = text.indexOf('\n');
    if (end === -1) return;
    isAsked = true;
    void reply(text.slice(0, end), answer).then((said) => socket.end(`${JSON.stringify(said)}\n`));
  });
}

async function reply(line: string, answer: AnswerControl): Promise<ControlAnswer> {
  const request = parseRequest(line);
  if (request === null) return { kind: 'refused', why: 'this is no request that the collector knows' };
  try {
    return await answer(request);
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}

function parseRequest(line: string): ControlRequest | null {
  try {
    return requestSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
