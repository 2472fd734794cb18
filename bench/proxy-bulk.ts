/** One run of iperf3 from client to server, and which processes took the cores meanwhile. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ProxyNetwork, ProxyNode } from '../test/proxy-network.ts';

/** Cores, not percent: 1 is one core all the time. */
export interface Bulk {
  readonly gigabits: number;
  /** Of iperf3, both ends. */
  readonly generator: number;
  readonly proxy: number;
  readonly machine: number;
}

export interface BulkPlan {
  readonly server: string;
  readonly seconds: number;
  readonly args: readonly string[];
}

interface IperfReport {
  readonly error?: string;
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

/** @param node null where nothing relays. @throws Error with iperf3's own words */
export async function runBulk(network: ProxyNetwork, node: ProxyNode | null, plan: BulkPlan): Promise<Bulk> {
  const began = performance.now();
  const before = [machineBusy(), await proxyBusy(node)] as const;
  const { end } = await runIperf(network, plan);
  const after = [machineBusy(), await proxyBusy(node)] as const;
  const elapsed = (performance.now() - began) / 1000;
  const { host_total: client, remote_total: server } = end.cpu_utilization_percent;
  return {
    gigabits: end.sum_received.bits_per_second / 1e9,
    generator: (client + server) / 100,
    // Neither works while the other side is set up, so that only the time of the transfer counts.
    proxy: (after[1] - before[1]) / plan.seconds,
    machine: (after[0] - before[0]) / elapsed,
  };
}

async function runIperf(network: ProxyNetwork, { server, seconds, args }: BulkPlan): Promise<IperfReport> {
  const listening = network.spawn('server', 'iperf3', '--server', '--one-off', '--forceflush');
  listening.stderr?.resume();
  await once(listening.stdout!, 'data'); // it says that it listens
  listening.stdout!.resume();
  const ended = once(listening, 'exit');
  const client = network.spawn('client', 'iperf3', '-c', server, '-t', String(seconds), '-J', ...args);
  let text = '';
  client.stdout!.on('data', (part: Buffer) => {
    text += part;
  });
  await once(client, 'close');
  const report = JSON.parse(text) as IperfReport;
  if (report.error !== undefined) {
    listening.kill();
    throw new Error(`iperf3: ${report.error}`);
  }
  await ended;
  return report;
}

/** Seconds of a core, since it was started. */
async function proxyBusy(node: ProxyNode | null): Promise<number> {
  if (node === null) return 0;
  const { user, system } = await node.call<{ user: number; system: number }>('cpu');
  return (user + system) / 1e6;
}

/** Seconds of a core since boot, of all that is not idle or waiting; ticks are 10 ms (proc(5)). */
function machineBusy(): number {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).map(Number);
  const [user, nice, system, , , irq, softirq, steal] = ticks;
  return (user! + nice! + system! + irq! + softirq! + steal!) / 100;
}
