/** The programs of the server's host, ready when they listen. They end with the run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { startChild } from './child.ts';
import type { ServerPlan } from './programs.ts';
import { serverCommands, tcpPorts } from './servers/server-commands.ts';
import { socketsBeside } from './sockets.ts';

/** Beside much else it takes long to start; what fails for good says so itself. */
const READY_MS = 60_000;

/** `onEnd` is called where one ends that had started. @throws GatewayError with what a server said that did not start */
export async function startServers(
  run: string,
  plan: ServerPlan,
  serverProgram: string,
  onEnd: (why: GatewayError) => void,
): Promise<void> {
  const log = path.join(plan.folder, 'servers.txt');
  const children = serverCommands(plan, serverProgram).map((command) =>
    startChild(command, { run, host: 'server', output: log }),
  );
  const began = performance.now();
  const listens = (port: number): boolean =>
    socketsBeside(children[0]!.pid).some((socket) => socket.listens && socket.localPort === port);
  while (!tcpPorts(plan).every(listens)) {
    const isDead = children.some(({ end }) => end !== null);
    if (isDead || performance.now() - began > READY_MS)
      throw new GatewayError(`the server did not start: ${lastLine(log) || 'it says nothing'}`);
    await sleep(20);
  }
  for (const { ended } of children)
    ended.then(({ code, signal }) => onEnd(serverEnd(signal ?? code, log))).catch(() => {});
}

function serverEnd(by: NodeJS.Signals | number | null, log: string): GatewayError {
  const said = lastLine(log);
  return new GatewayError(`a server ended (${by})${said === '' ? '' : `: ${said}`}`);
}

const lastLine = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
};
