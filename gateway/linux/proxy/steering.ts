/**
 * Puts the rules of `rules.ts` into the kernel, of the network namespace that this process is in, and takes them back.
 * The trap: an earlier run that was killed left all of it behind, so that everything is removed before it is added.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { NodeConfig, ProxyConfig } from '../../config.ts';
import { GatewayError } from '../forwarder.ts';
import { run } from '../program.ts';
import {
  familiesOf,
  policyRoutes,
  renderGuard,
  renderRemoval,
  renderTable,
  settingsOf,
  TABLE,
} from './rules.ts';

export interface Steering {
  /** In place when it resolves, guard closed. @throws GatewayError */
  install(): Promise<void>;
  setGuard(open: boolean): Promise<void>;
  /** Packets that each commented rule met, by its comment. */
  counters(): Promise<Record<string, number>>;
  /** Never throws. */
  remove(): Promise<void>;
}

export function createSteering(config: NodeConfig, proxy: ProxyConfig): Steering {
  const before = new Map<string, string>();
  const nft = (text: string): Promise<string> => run('nft', ['-f', '-'], { input: `${text}\n` });
  const removeRoutes = async (): Promise<void> => {
    for (const family of familiesOf(config))
      for (const args of policyRoutes(family, 'del')) await run('ip', args).catch(() => {});
  };
  return {
    install: async () => {
      await removeRoutes();
      for (const [name, value] of Object.entries(settingsOf(config)))
        before.set(name, setSysctl(name, value));
      await run('ip', ['link', 'set', 'lo', 'up']); // a local route over it is refused otherwise
      await nft(renderTable(config, proxy));
      for (const family of familiesOf(config))
        for (const args of policyRoutes(family, 'add')) await run('ip', args);
    },
    setGuard: async (open) => {
      await nft(renderGuard(config, open));
    },
    counters: async () => readCounters(await run('nft', ['-j', 'list', 'table', 'inet', TABLE])),
    remove: async () => {
      await nft(renderRemoval().join('\n')).catch(() => {});
      await removeRoutes();
      for (const [name, value] of before) {
        try {
          setSysctl(name, value);
        } catch {
          // It was ours to set; whoever took the right away must put it back.
        }
      }
    },
  };
}

/** @returns the value before. @throws GatewayError */
function setSysctl(name: string, value: string): string {
  const file = `/proc/sys/${name.replaceAll('.', '/')}`;
  try {
    const before = readFileSync(file, 'utf8').trim();
    writeFileSync(file, value);
    return before;
  } catch (error) {
    throw new GatewayError(`${name} cannot be set to ${value}`, 'run it as root', { cause: error });
  }
}

/** Of `nft -j list table`. Rules of one comment are summed. */
export function readCounters(json: string): Record<string, number> {
  const counters: Record<string, number> = {};
  const { nftables } = JSON.parse(json) as { nftables: readonly { readonly rule?: NftRule }[] };
  for (const { rule } of nftables) {
    if (rule?.comment === undefined) continue;
    const packets = rule.expr.find((part) => part.counter !== undefined)?.counter?.packets ?? 0;
    counters[rule.comment] = (counters[rule.comment] ?? 0) + packets;
  }
  return counters;
}

interface NftRule {
  readonly comment?: string;
  readonly expr: readonly { readonly counter?: { readonly packets: number } }[];
}
