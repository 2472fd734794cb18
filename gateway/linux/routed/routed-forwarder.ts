/**
 * The kernel forwards: nftables decide, connection tracking remembers, conntrackd tells the peer.
 * The trap: what was known from the peer must be noted before the caches are emptied, or nobody can say afterwards which
 * connections were lost.
 */
import type { RoutedConfig } from '../../config.ts';
import {
  type Commit,
  type Forwarder,
  type ForwarderStatus,
  GatewayError,
  type NodeContext,
  type Tuple,
} from '../forwarder.ts';
import { run } from '../program.ts';
import { type Connection, connectionKey, parseConnections, toTuple, touches } from './connection-list.ts';
import { type Conntrackd, startConntrackd } from './conntrackd.ts';
import { ignoredAddresses } from './conntrackd-config.ts';
import { REMOVAL, renderGuard, renderRules, TABLE, translatedTo } from './rules.ts';
import { applySettings, settingsOf } from './settings.ts';

/** Of a configuration with `forwarder: routed`. @throws GatewayError where it has another */
export function createRoutedForwarder(context: NodeContext): Forwarder {
  const { forwarding } = context.config;
  if (forwarding.forwarder !== 'routed')
    throw new GatewayError(`a configuration for a ${forwarding.forwarder} is no router's`);
  return new RoutedForwarder(context, forwarding);
}

class RoutedForwarder implements Forwarder {
  readonly #context: NodeContext;
  readonly #routed: RoutedConfig;
  readonly #own: ReadonlySet<string>;
  #restore: (() => void) | undefined;
  #conntrackd: Conntrackd | undefined;
  #forwarding = false;
  /** What the peer had told when it was committed; undefined while nothing was. */
  #known: readonly Connection[] | undefined;

  constructor(context: NodeContext, routed: RoutedConfig) {
    this.#context = context;
    this.#routed = routed;
    this.#own = new Set(ignoredAddresses(context.config));
  }

  async prepare(): Promise<void> {
    const { config } = this.#context;
    try {
      // The rules first: they bring connection tracking, whose settings are there only then, and keep packets back.
      await loadRules(renderRules(config, this.#routed), this.#routed);
      this.#restore = applySettings(settingsOf(config, this.#routed));
      if (this.#routed.sync === 'conntrackd')
        this.#conntrackd = await startConntrackd(this.#context, this.#routed);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async startForwarding(): Promise<void> {
    if (this.#known === undefined && this.#conntrackd !== undefined) await this.#tellUnused(this.#conntrackd);
    await run('nft', ['-f', '-'], { input: renderGuard(this.#context.config, false) });
    this.#forwarding = true;
  }

  async stopForwarding(): Promise<void> {
    await run('nft', ['-f', '-'], { input: renderGuard(this.#context.config, true) });
    this.#forwarding = false;
    this.#known = undefined; // of the time that ends here
  }

  async commitState(): Promise<Commit> {
    const conntrackd = this.#conntrackd;
    if (conntrackd === undefined) return { entries: 0, failed: 0, took: 0 };
    const known = await conntrackd.readForeign();
    this.#tellReceived(known.length);
    const words = await conntrackd.commit();
    const table = new Set((await readTable()).map(connectionKey));
    const entries = known.filter((connection) => table.has(connectionKey(connection))).length;
    this.#known = known;
    if (words.committed !== entries || words.failed > 0)
      this.#context.journal.write({
        event: 'note',
        text: `conntrackd says that it committed ${words.committed} and could not commit ${words.failed}; of ${known.length} that it knew ${entries} are in the kernel's table`,
      });
    await conntrackd.becomePrimary();
    return { entries, failed: known.length - entries, took: words.took };
  }

  async flushState(): Promise<void> {
    this.#known = undefined;
    try {
      if (this.#conntrackd !== undefined) return await this.#conntrackd.becomeBackup();
    } catch (error) {
      this.#context.onTrouble(
        `conntrackd could not be told: ${error instanceof Error ? error.message : error}`,
      );
    }
    await run('conntrack', ['-F']);
  }

  async lostConnections(): Promise<readonly Tuple[]> {
    const known = this.#known ?? (await this.#conntrackd?.readForeign()) ?? [];
    const table = new Set((await readTable()).map(connectionKey));
    return known
      .filter((connection) => canHang(connection) && !table.has(connectionKey(connection)))
      .map((connection) => this.#translated(toTuple(connection)));
  }

  async status(): Promise<ForwarderStatus> {
    const table = (await readTable()).filter((connection) => !touches(connection, this.#own));
    const statistics = (await this.#conntrackd?.readStatistics()) ?? {};
    return {
      forwarding: this.#forwarding,
      connections: table.length,
      known: statistics['sync-external-entries'] ?? 0,
      counters: { ...(await readCounters()), ...statistics },
    };
  }

  async close(): Promise<void> {
    this.#forwarding = false;
    await this.#conntrackd?.stop().catch(() => {});
    this.#conntrackd = undefined;
    // Forwarding off before the rules go: in between nothing would hold packets back.
    this.#restore?.();
    this.#restore = undefined;
    await run('nft', ['-f', '-'], { input: REMOVAL }).catch(() => {});
  }

  /** What the peer told, and nobody has put to use so far. The journal of a node that forwards without it must say so. */
  async #tellUnused(conntrackd: Conntrackd): Promise<void> {
    try {
      this.#tellReceived((await conntrackd.readStatistics())['sync-external-entries'] ?? 0);
    } catch (error) {
      this.#context.onTrouble(
        `conntrackd cannot be asked: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  #tellReceived(entries: number): void {
    if (entries > 0) this.#context.journal.write({ event: 'state-received', entries });
  }

  /** The external cache does not show translation; the kernel keeps the port where it is free. */
  #translated(tuple: Tuple): Tuple {
    const { v4, v6 } = translatedTo(this.#context.config);
    const address = tuple.client.address.includes(':') ? v6 : v4;
    if (!this.#routed.nat || tuple.outside !== undefined || address === undefined) return tuple;
    return { ...tuple, outside: { client: { address, port: tuple.client.port }, server: tuple.server } };
  }
}

/** An end may wait for the other: not in a handshake, whose SYN comes again, nor after the end. */
const canHang = ({ protocol, state }: Connection): boolean =>
  protocol === 'tcp' && !['SYN_SENT', 'SYN_SENT2', 'TIME_WAIT', 'CLOSE', 'NONE'].includes(state ?? 'NONE');

async function loadRules(rules: string, { extraRules }: RoutedConfig): Promise<void> {
  try {
    await run('nft', ['-f', '-'], { input: rules });
  } catch (error) {
    if (!(error instanceof GatewayError) || error.hint !== '' || extraRules.length === 0) throw error;
    throw new GatewayError(error.message, 'look at forwarding.extraRules', { cause: error });
  }
}

/** The kernel's table, both families, TCP and UDP. */
async function readTable(): Promise<Connection[]> {
  const lists = await Promise.all(
    ['ipv4', 'ipv6'].map(async (family) => parseConnections(await run('conntrack', ['-L', '-f', family]))),
  );
  return lists.flat();
}

async function readCounters(): Promise<Record<string, number>> {
  return parseCounters(await run('nft', ['-j', 'list', 'counters', 'table', 'inet', TABLE]));
}

/** Packets by each named counter, of nft's JSON (libnftables-json(5)). */
export function parseCounters(json: string): Record<string, number> {
  const { nftables } = JSON.parse(json) as {
    nftables: { counter?: { name: string; packets: number } }[];
  };
  return Object.fromEntries(
    nftables.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets]])),
  );
}
