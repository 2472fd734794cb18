/**
 * What a step does, each in the run's own namespaces.
 * The trap: a node without power says nothing to anybody, so its links go down before its programs are killed;
 * a program that hears that it ends would still reset its connections.
 */
import { run as runProgram } from '../gateway/linux/program.ts';
import type { NodeName } from './addresses.ts';
import type { GatewayNode } from './gateway-node.ts';
import { findProcesses, signal } from './processes.ts';
import { inodeOf, namespaceOf } from './run-folder.ts';
import type { HostName, LabAction, Scenario } from './scenario.ts';
import { stepsOf } from './steps.ts';
import { setSysctls } from './topology.ts';

export interface Scene {
  readonly run: string;
  readonly scenario: Scenario;
  readonly nodes: Readonly<Record<NodeName, GatewayNode>>;
  /** Programs of the lab in nodes' namespaces that must survive a loss of power: captures. */
  readonly bystanders: () => ReadonlySet<number>;
  readonly signal: AbortSignal;
}

export interface PathWatcher {
  lost(at?: bigint): void;
  restored(at?: bigint): void;
}

/** @throws GatewayError */
export async function act(action: LabAction, scene: Scene, path: PathWatcher): Promise<void> {
  const { run } = scene;
  if ('takeOver' in action) await takeOver(action.takeOver, scene, path);
  else if ('release' in action) await release(action.release, scene, path);
  else if ('powerOff' in action) await powerOff(action.powerOff, scene, path);
  else if ('syncLink' in action) await ip(run, 'node-a', ['link', 'set', 'sync', action.syncLink]);
  else if ('loss' in action) await lose(run, action.loss);
  else if ('mtu' in action) {
    const { host, interface: device, bytes } = action.mtu;
    await ip(run, host, ['link', 'set', device, 'mtu', String(bytes)]);
  } else if ('sysctl' in action) {
    const { host, name, value } = action.sysctl;
    await setSysctls(namespaceOf(run, host), [`${name}=${value}`]);
  } else
    await runProgram('ip', ['netns', 'exec', namespaceOf(run, action.exec.host), ...action.exec.command]);
}

/** As after a crash: the peer is not asked first. The times are those at which the node says that a step was done. */
async function takeOver(node: NodeName, scene: Scene, path: PathWatcher): Promise<void> {
  const { move, splitBrain } = scene.scenario.gateway;
  const takesPath = (await scene.nodes[peerOf(node)].isActive()) && !splitBrain;
  if (takesPath && move === 'address') path.lost();
  await scene.nodes[node].takeOver(({ step, state, time }) => {
    if (state !== 'done') return;
    if (step === 'detach-adapters' && takesPath && move === 'adapter') path.lost(BigInt(time));
    if (step === 'start-forwarding') path.restored(BigInt(time));
  });
}

async function release(node: NodeName, scene: Scene, path: PathWatcher): Promise<void> {
  path.lost();
  await scene.nodes[node].release();
  if (comesBackAlone(scene.scenario)) await waitForActive(peerOf(node), scene, path);
}

async function powerOff(node: NodeName, scene: Scene, path: PathWatcher): Promise<void> {
  const wasActive = await scene.nodes[node].isActive();
  scene.nodes[node].expectEnd();
  const links = scene.nodes[node].devices.map((device) => `link set ${device} down`);
  if (wasActive) path.lost();
  // An adapter may have left this node.
  await runProgram('ip', ['-n', namespaceOf(scene.run, node), '-force', '-batch', '-'], {
    input: `${links.join('\n')}\n`,
  }).catch(() => {});
  const here = new Set([inodeOf(namespaceOf(scene.run, node))]);
  const spared = scene.bystanders();
  for (const pid of findProcesses({ namespaces: here, runs: new Set() }))
    if (!spared.has(pid)) signal(pid, 'SIGKILL');
  if (wasActive && comesBackAlone(scene.scenario)) await waitForActive(peerOf(node), scene, path);
}

/** The other node is not told to take over by a step of its own. */
const comesBackAlone = (scenario: Scenario): boolean =>
  scenario.restored && !stepsOf(scenario).some((step) => 'takeOver' in step.do);

async function waitForActive(
  node: NodeName,
  { nodes, scenario, signal }: Scene,
  path: PathWatcher,
): Promise<void> {
  await nodes[node].untilActive(2 * scenario.outage + 20_000, signal);
  path.restored();
}

/** In the switch, so that captures at the gateway show a packet that the one at the host lacks. */
async function lose(
  run: string,
  { toward, percent }: { toward: 'client' | 'server'; percent: number },
): Promise<void> {
  const table = `bridge loss-${toward}`;
  const rules =
    percent === 0
      ? ''
      : `table ${table} { chain forward { type filter hook forward priority 0; oifname "${toward}" numgen random mod 10000 < ${Math.round(percent * 100)} drop; }; }\n`;
  await runProgram('ip', ['netns', 'exec', namespaceOf(run, 'switch'), 'nft', '-f', '-'], {
    input: `table ${table} {}\ndelete table ${table}\n${rules}`,
  });
}

const peerOf = (node: NodeName): NodeName => (node === 'node-a' ? 'node-b' : 'node-a');

const ip = (run: string, host: HostName, args: readonly string[]): Promise<string> =>
  runProgram('ip', ['-n', namespaceOf(run, host), ...args]);
