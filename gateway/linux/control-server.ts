/**
 * The control socket of a running node: for whoever may write to it, which is its owner alone.
 * The trap: who asks may go away; what was begun goes on.
 */
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Answer, Request, Status } from './control-words.ts';
import { LONGEST_SOCKET_PATH, requestSchema } from './control-words.ts';
import type { Driver, Progress } from './driver.ts';
import { GatewayError } from './forwarder.ts';
import { nowNanos } from './journal-writer.ts';

export interface Control {
  /** Ends it, with those who are connected. */
  close(): Promise<void>;
}

/** Bytes. */
const LONGEST_REQUEST = 1000;

/** @throws GatewayError where the socket cannot be made */
export async function openControl(
  socketPath: string,
  driver: Driver,
  status: () => Promise<Status>,
): Promise<Control> {
  if (Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH)
    throw new GatewayError(
      `stateFolder: the path of its socket, ${socketPath}, is longer than ${LONGEST_SOCKET_PATH} bytes`,
      'name a folder with a shorter path',
    );
  const connected = new Set<Socket>();
  const server = createServer((socket) => {
    connected.add(socket);
    socket.on('close', () => connected.delete(socket));
    socket.on('error', () => {});
    let said = 0;
    socket.on('data', (bytes: Buffer) => {
      said += bytes.length;
      if (said > LONGEST_REQUEST) socket.destroy();
    });
    createInterface({ input: socket }).once('line', (line) => void serve(line, socket, driver, status));
  });
  await listen(server, socketPath);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Not `end`: who does not hang up would keep the node from ending.
        for (const socket of connected) socket.destroy();
      }),
  };
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new GatewayError(`stateFolder: ${socketPath} cannot be made: ${error.message}`)),
    );
    // The folder is this user's alone, so that nobody gets in before the mode is set.
    server.listen(socketPath, () => {
      chmodSync(socketPath, 0o600);
      resolve();
    });
  });
}

async function serve(
  line: string,
  socket: Socket,
  driver: Driver,
  status: () => Promise<Status>,
): Promise<void> {
  const say = (answer: Answer) => void socket.write(`${JSON.stringify(answer)}\n`);
  const end = (ok: boolean, why?: string) => {
    say({ kind: 'end', ok, role: driver.machine.role, ...(why !== undefined && { why }) });
    socket.end();
  };
  const request = parseRequest(line);
  if (request === null) {
    end(false, 'this is no request that the node knows');
    return;
  }
  if (request.command !== 'status') {
    change(request, driver, say, end);
    return;
  }
  try {
    say({ kind: 'status', status: await status() });
    end(true);
  } catch (error) {
    end(false, error instanceof Error ? error.message : String(error));
  }
}

function parseRequest(line: string): Request | null {
  try {
    return requestSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** A takeover or a release: tells what happens until the role is what was asked for, or is not going to be. */
function change(
  request: Exclude<Request, { command: 'status' }>,
  driver: Driver,
  say: (answer: Answer) => void,
  end: (ok: boolean, why?: string) => void,
): void {
  const { role } = driver.machine;
  const takes = request.command === 'take-over';
  const wanted = takes ? 'active' : 'standby';
  // One that stands by is told as well: it may be about to take the role by itself.
  if (role === 'standby' && !takes) driver.feed({ kind: 'release' });
  if (role === wanted || (takes && role === 'releasing')) {
    if (role === wanted) end(true, `it is ${role} already`);
    else end(false, 'it is releasing; ask again when it is not');
    return;
  }
  const begun = performance.now();
  let reason: string | undefined;
  const stop = driver.observe((progress) => {
    const at = { time: String(nowNanos()), since: (performance.now() - begun) / 1000 };
    const answer = answerOf(progress, at);
    say(answer);
    if (progress.kind === 'note' && progress.text.startsWith('releases: ')) reason = progress.text.slice(10);
    if (progress.kind !== 'role' || (progress.to !== wanted && progress.to !== 'standby')) return;
    stop();
    end(progress.to === wanted, progress.to === wanted ? undefined : reason);
  });
  if (takes && role === 'taking-over') return; // tells how it goes on
  if (takes) driver.feed({ kind: 'take-over', force: request.force });
  else driver.feed({ kind: 'release' });
}

function answerOf(progress: Progress, at: { time: string; since: number }): Answer {
  switch (progress.kind) {
    case 'role':
      return { kind: 'role', ...at, role: progress.to };
    case 'note':
      return { kind: 'note', ...at, text: progress.text };
    case 'begun':
      return { kind: 'step', ...at, step: progress.step, state: 'begun' };
    case 'done':
      return { kind: 'step', ...at, step: progress.step, state: 'done', took: progress.took };
    case 'failed':
      return {
        kind: 'step',
        ...at,
        step: progress.step,
        state: 'failed',
        took: progress.took,
        why: progress.why,
      };
  }
}
