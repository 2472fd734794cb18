/**
 * What `diagnose gateway …` does: runs a node, or asks one that runs.
 * The trap: a node's own words go to stderr and to its journal; stdout has only what was asked for.
 */
import { readFileSync } from 'node:fs';
import { ConfigError, type NodeConfig, parseNodeConfig } from '../gateway/config.ts';
import { hasAdapters } from '../gateway/linux/adapters.ts';
import { askNode } from '../gateway/linux/control-client.ts';
import type { Answer, Request, Status } from '../gateway/linux/control-words.ts';
import type { Progress } from '../gateway/linux/driver.ts';
import { forgetLostConnections, resetConnections } from '../gateway/linux/fail-fast/fail-fast.ts';
import { GatewayError } from '../gateway/linux/forwarder.ts';
import { createAdapterMover } from '../gateway/linux/movement/adapter-mover.ts';
import { createAddressMover } from '../gateway/linux/movement/address-mover.ts';
import { type NodeParts, type RunningNode, startNode } from '../gateway/linux/node.ts';
import { missingPrograms } from '../gateway/linux/program.ts';
import { createProxyForwarder } from '../gateway/linux/proxy/proxy-forwarder.ts';
import { createRoutedForwarder } from '../gateway/linux/routed/routed-forwarder.ts';
import { readKey } from '../gateway/linux/sync-key.ts';
import type { GatewayOptions } from './gateway-commands.ts';
import { escapeText, safeJson } from './render/escape.ts';
import { table } from './render/layout.ts';
import { formatExactSeconds, formatNumber, formatUtcTime } from './render/units.ts';
import { beforeEnd, untilEnded } from './signals.ts';
import { systemErrorCode, UserError } from './user-error.ts';

const PARTS: NodeParts = {
  createForwarder: (context) =>
    context.config.forwarding.forwarder === 'proxy'
      ? createProxyForwarder(context)
      : createRoutedForwarder(context),
  createMover: (context, onVrrp) =>
    context.config.move.by === 'address' ? createAddressMover(context, onVrrp) : createAdapterMover(context),
  resetConnections,
  hasAdapters,
};

/** Runs until a signal. @throws UserError */
export async function runGateway({ config: file }: GatewayOptions): Promise<void> {
  const config = readConfig(file);
  await requireGateway(config);
  const say = (text: string): void => {
    process.stderr.write(`${formatUtcTime(String(BigInt(Date.now()) * 1_000_000n))}  ${escapeText(text)}\n`);
  };
  let starting: Promise<RunningNode> | undefined;
  // Before it begins: a node that is being set up has rules and daemons to put away as well, once it is known.
  beforeEnd(async () => {
    const node = await starting?.catch(() => null);
    await node?.close();
    await forgetLostConnections();
    say('ended');
  });
  starting = startNode(config, PARTS, (progress) => {
    const text = progressText(progress);
    if (text !== null) say(text);
  });
  await asUserError(async () => starting);
  say(`${config.node} runs; journal ${config.journal}`);
  await untilEnded();
}

/** Says what is wrong, all of it, or that nothing is. @throws UserError */
export async function checkGateway({ config: file }: GatewayOptions): Promise<void> {
  const config = readConfig(file);
  await requireGateway(config);
  await asUserError(async () => readKey(config));
  process.stdout.write(
    `${file}: ${config.node}, ${config.forwarding.forwarder === 'proxy' ? 'a proxy' : 'a router'}; everything that it needs is here\n`,
  );
}

/** Prints each step; 1 where the role is not what was asked for. @throws UserError */
export async function changeRole(request: Request, { config: file, json }: GatewayOptions): Promise<0 | 1> {
  const config = readConfig(file);
  const end = await asUserError(() =>
    askNode(config, request, (answer) => {
      const text = json ? safeJson(answer) : answerText(answer);
      if (text !== null) process.stdout.write(`${text}\n`);
    }),
  );
  if (!json)
    process.stdout.write(
      `${config.node} is ${end.role}${end.why === undefined ? '' : `: ${escapeText(end.why)}`}\n`,
    );
  return end.ok ? 0 : 1;
}

/** @throws UserError */
export async function showStatus({ config: file, json }: GatewayOptions): Promise<void> {
  const config = readConfig(file);
  let status: Status | undefined;
  const end = await asUserError(() =>
    askNode(config, { command: 'status' }, (answer) => {
      if (answer.kind === 'status') status = answer.status;
    }),
  );
  if (status === undefined)
    throw new UserError('output', `${config.node} cannot say how it is: ${end.why ?? 'no reason given'}`);
  process.stdout.write(json ? `${safeJson(status)}\n` : statusText(status));
}

function readConfig(file: string): NodeConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError('input', `${file}: cannot be read (${systemErrorCode(error) || String(error)})`);
  }
  try {
    return parseNodeConfig(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UserError(
      'input',
      `${file}: ${error.problems.join('; ')}`,
      'docs/gateway.md says what stands in a configuration',
    );
  }
}

/** What is missing, all at once. @throws UserError */
async function requireGateway(config: NodeConfig): Promise<void> {
  if (process.platform !== 'linux')
    throw new UserError('output', `a gateway node runs on Linux, not on ${process.platform}`);
  if (process.getuid?.() !== 0)
    throw new UserError('output', 'a gateway node needs root: it sets addresses and rules', 'run it by sudo');
  // It would be missed only at the takeover, when frames are to be sent.
  await import('koffi').catch((error: unknown) => {
    throw new UserError('output', 'koffi is not installed', 'npm install koffi', { cause: error });
  });
  const { programs, packages } = missingPrograms(programsOf(config));
  if (programs.length === 0) return;
  throw new UserError(
    'output',
    `not installed: ${programs.join(', ')}`,
    `on Debian: apt-get install ${packages.join(' ')}`,
  );
}

function programsOf({ forwarding, move }: NodeConfig): string[] {
  const tellsConnections = forwarding.forwarder === 'routed' && forwarding.sync === 'conntrackd';
  return [
    'ip',
    'nft',
    ...(forwarding.forwarder === 'routed' ? ['conntrack'] : []),
    ...(tellsConnections ? ['conntrackd'] : []),
    ...(move.by === 'address' ? ['keepalived'] : []),
    ...(tellsConnections || move.by === 'address' ? ['setpriv'] : []),
  ];
}

async function asUserError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GatewayError)
      throw new UserError('output', error.message, error.hint, { cause: error });
    throw error;
  }
}

function progressText(progress: Progress): string | null {
  switch (progress.kind) {
    case 'role':
      return `is ${progress.to}`;
    case 'begun':
      return null;
    case 'done':
      return `${progress.step}: done in ${formatExactSeconds(progress.took)}`;
    case 'failed':
      return `${progress.step}: failed after ${formatExactSeconds(progress.took)}: ${progress.why}`;
    case 'note':
      return progress.text;
  }
}

function answerText(answer: Answer): string | null {
  if (answer.kind === 'end' || answer.kind === 'status') return null;
  const at = `${formatExactSeconds(answer.since).padStart(10)}  `;
  if (answer.kind === 'role') return `${at}is ${answer.role}`;
  if (answer.kind === 'note') return `${at}${escapeText(answer.text)}`;
  const { step, state, took, why } = answer;
  const how =
    state === 'begun' ? ' …' : `: ${state}${took === undefined ? '' : ` in ${formatExactSeconds(took)}`}`;
  return `${at}${step}${how}${why === undefined ? '' : `: ${escapeText(why)}`}`;
}

function statusText({ node, pid, role, term, step, peer, forwarding, ...rest }: Status): string {
  const rows = [
    ['node', `${node} (pid ${pid})`],
    ['role', `${role}, term ${term}${step === null ? '' : `, ${step} …`}`],
    ['peer', `${peer.node}: ${peer.alive ? `${peer.role}, term ${peer.term}` : 'not heard'}`],
    ['forwards', forwarding ? 'yes' : 'no'],
    ['connections', formatNumber(rest.connections)],
    ['known from the peer', formatNumber(rest.known)],
    ...Object.entries(rest.counters).map(([name, value]) => [name, formatNumber(value)]),
  ];
  return `${table(rows.map((row) => row.map(escapeText))).join('\n')}\n`;
}
