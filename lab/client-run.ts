/**
 * One client of a scenario, from its start to its end or the lab's, with all that it says in a file, and the
 * local ports of its connections.
 * The trap: a client that hangs is ended by the lab. It has not ended by itself then, and its exit code
 * says nothing; so how it stands is asked before it is told to end.
 */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Child, startChild } from './child.ts';
import { type ClientPlace, clientCommand, serverPort } from './client-command.ts';
import type { ClientWord } from './programs.ts';
import type { Traffic } from './scenario.ts';
import { connectionsOf } from './sockets.ts';

export interface ClientConnection {
  readonly localPort: number;
  readonly remotePort: number;
  /** s since the epoch, when it was seen first. */
  readonly time: number;
  /** Which connection of `mixed`. */
  readonly of: number | null;
}

export interface ClientResult {
  readonly name: string;
  readonly traffic: Traffic;
  readonly command: readonly string[];
  /** Null where it was never started. ms since the epoch. */
  readonly startedAt: number | null;
  /** Null: it was still running when the lab stopped, or never ran. */
  readonly endedAt: number | null;
  /** As `endedAt`; 128 where a signal ended it. */
  readonly exit: number | null;
  readonly output: string;
  /** In the order in which they were opened. */
  readonly connections: readonly ClientConnection[];
}

export interface ClientHome extends Omit<ClientPlace, 'folder'> {
  readonly run: string;
  /** Of all clients; each has a folder of its own name in it. */
  readonly folder: string;
  /** Where what they say is kept. */
  readonly outputs: string;
}

/** ms. A connection that ends faster than this, and is no program's of the lab, is missed. */
const LOOK_EVERY = 25;

export class ClientRun {
  readonly traffic: Traffic;
  readonly #home: ClientHome;
  readonly #command: readonly string[];
  readonly #seen = new Map<string, ClientConnection>();
  #child: Child | null = null;

  constructor(traffic: Traffic, home: ClientHome) {
    this.traffic = traffic;
    this.#home = home;
    const folder = path.join(home.folder, traffic.name);
    mkdirSync(folder, { recursive: true });
    if (traffic.run === 'upload') {
      writeFileSync(path.join(folder, 'upload'), '');
      truncateSync(path.join(folder, 'upload'), traffic.size);
    }
    this.#command = clientCommand(traffic, { ...home, folder });
  }

  /** Resolves when it has ended. */
  async start(): Promise<void> {
    const child = startChild(this.#command, { run: this.#home.run, host: 'client', output: this.#file });
    this.#child = child;
    const tellsItself = ['node', 'api', 'udp', 'mixed'].includes(this.traffic.run);
    const timer = tellsItself ? undefined : setInterval(() => this.#look(child.pid), LOOK_EVERY);
    try {
      await child.ended;
    } finally {
      clearInterval(timer);
    }
  }

  /** Ends it where it runs, and says how it stood before. */
  async finish(): Promise<ClientResult> {
    const end = this.#child?.end ?? null;
    await this.#child?.stop();
    const output = this.#child === null ? '' : readFileSync(this.#file, 'utf8');
    const result: ClientResult = {
      name: this.traffic.name,
      traffic: this.traffic,
      command: this.#command,
      startedAt: this.#child?.startedAt ?? null,
      endedAt: end?.at ?? null,
      exit: end === null ? null : (end.code ?? 128),
      output,
      connections: [...this.#seen.values(), ...toldConnections(output, serverPort(this.traffic))],
    };
    writeFileSync(this.#file, clientText(result));
    return result;
  }

  get #file(): string {
    return path.join(this.#home.outputs, `${this.traffic.name}.txt`);
  }

  #look(pid: number): void {
    for (const { inode, localPort, remotePort } of connectionsOf(pid)) {
      if (!this.#seen.has(inode))
        this.#seen.set(inode, { localPort, remotePort, time: Date.now() / 1000, of: null });
    }
  }
}

/** What the lab's own programs say of their connections, between other lines. */
export function toldConnections(output: string, port: number | null): ClientConnection[] {
  return parseWords(output).flatMap((word) =>
    word.event === 'connection'
      ? [
          {
            localPort: word.localPort,
            remotePort: word.remotePort ?? port,
            time: word.time,
            of: word.of ?? null,
          },
        ]
      : [],
  );
}

/** The words in a client's output, in order; other lines are skipped, and one that was cut short. */
export function parseWords(output: string): ClientWord[] {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith('{"')) return [];
    try {
      return [JSON.parse(line) as ClientWord];
    } catch {
      return [];
    }
  });
}

/** What it said, and around it what was called when, and how it ended. */
function clientText({ command, startedAt, endedAt, exit, output }: ClientResult): string {
  const shown = command.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  if (startedAt === null) return `$ ${shown}\n# never started\n`;
  const at = (ms: number): string => new Date(ms).toISOString();
  const how =
    endedAt === null ? 'still running when the lab stopped' : `ended ${at(endedAt)}, exit code ${exit}`;
  const said = output === '' || output.endsWith('\n') ? output : `${output}\n`;
  return `$ ${shown}\n# started ${at(startedAt)}\n${said}# ${how}\n`;
}
