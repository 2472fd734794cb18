/**
 * One node of the pair as a process runs it: everything that it has is made here, in the order in which it may be
 * used, and put away in the opposite one.
 * The trap: keepalived may say that this node is master before all is made, so its words wait.
 */
import type { NodeConfig } from '../config.ts';
import type { Event } from '../core/words.ts';
import { type Control, openControl } from './control-server.ts';
import { controlSocketOf, type Status } from './control-words.ts';
import { Driver, type DriverParts, type Progress } from './driver.ts';
import { type Forwarder, GatewayError, type NodeContext } from './forwarder.ts';
import { HeartbeatLink } from './heartbeat-link.ts';
import { type Journal, openJournal } from './journal-writer.ts';
import type { Mover, OnVrrp } from './mover.ts';
import { openStateFolder } from './state-folder.ts';
import { readKey } from './sync-key.ts';

/** What a node is made of, so that tests can put in others. */
export interface NodeParts {
  createForwarder(context: NodeContext): Forwarder;
  createMover(context: NodeContext, onVrrp: OnVrrp): Mover;
  readonly resetConnections: DriverParts['resetConnections'];
  readonly hasAdapters: (config: NodeConfig) => boolean;
}

export interface RunningNode {
  readonly driver: Driver;
  status(): Promise<Status>;
  /** Gives the role up, ends daemons, takes back rules and removes the state folder. Never throws. */
  close(): Promise<void>;
}

/** `observe` is told of everything from the start on. @throws GatewayError with the key of the configuration */
export async function startNode(
  config: NodeConfig,
  parts: NodeParts,
  observe: (progress: Progress) => void = () => {},
): Promise<RunningNode> {
  const key = readKey(config);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await makeNode(config, key, parts, observe, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeNode(
  config: NodeConfig,
  key: Buffer,
  parts: NodeParts,
  observe: (progress: Progress) => void,
  closers: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<RunningNode> {
  const folder = await openStateFolder(config.stateFolder);
  closers.push(() => folder.remove());
  const journal = openNodeJournal(config, (text) => observe({ kind: 'note', text }));
  closers.push(() => journal.close());
  for (const text of folder.cleaned) journal.write({ event: 'note', text });

  const context = contextOf(config, journal, observe);
  const waiting: Event[] = [];
  let driver: Driver | null = null;
  const feed = (event: Event) => void (driver === null ? waiting.push(event) : driver.feed(event));

  // First of all that others could have too: of two nodes in one namespace, the second ends here, and has touched nothing.
  const link = await HeartbeatLink.open(config, key, () => driver?.claim ?? null, {
    heartbeat: (claim) => feed({ kind: 'heartbeat', ...claim }),
    releaseAsked: (term) => feed({ kind: 'release-asked', term }),
  });
  closers.push(() => link.close());

  const forwarder = parts.createForwarder(context);
  closers.push(() => forwarder.close());
  const mover = parts.createMover(context, (state) => feed({ kind: 'vrrp', state }));
  closers.push(() => mover.close());
  // Rules that hold everything back come before any address.
  await forwarder.prepare();
  await mover.prepare();
  if (config.move.by === 'adapter') await mover.lower();

  const { resetConnections } = parts;
  const hasAdapters = () => parts.hasAdapters(config);
  const running = new Driver(context, { forwarder, mover, link, resetConnections, hasAdapters });
  closers.push(() => running.stop());
  const status = () => statusOf(config, running, forwarder, link);
  const control: Control = await openControl(controlSocketOf(config), running, status);
  closers.push(() => control.close());

  running.observe(observe);
  driver = running;
  running.feed({ kind: 'started' });
  for (const event of waiting) running.feed(event);
  return { driver: running, status, close };
}

function contextOf(config: NodeConfig, journal: Journal, observe: (progress: Progress) => void): NodeContext {
  const onTrouble = (text: string) => {
    journal.write({ event: 'note', text });
    observe({ kind: 'note', text });
  };
  return { config, journal, onTrouble };
}

async function statusOf(
  config: NodeConfig,
  { machine }: Driver,
  forwarder: Forwarder,
  link: HeartbeatLink,
): Promise<Status> {
  const { forwarding, connections, known, counters } = await forwarder.status();
  const { sent, received, refused } = link.counters;
  return {
    node: config.node,
    pid: process.pid,
    role: machine.role,
    term: machine.term,
    step: machine.doing,
    peer: {
      node: config.peer,
      alive: machine.peerAlive,
      role: machine.peer?.role ?? null,
      term: machine.peer?.term ?? null,
    },
    forwarding,
    connections,
    known,
    counters: {
      ...counters,
      'heartbeats-sent': sent,
      'heartbeats-received': received,
      'heartbeats-refused': refused,
    },
  };
}

function openNodeJournal(config: NodeConfig, onTrouble: (what: string) => void): Journal {
  try {
    return openJournal(config.journal, config.node, onTrouble);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GatewayError(`journal: ${config.journal} cannot be written (${code})`);
  }
}
