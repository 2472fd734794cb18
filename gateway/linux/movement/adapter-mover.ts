/**
 * The whole adapter moves: both interfaces, MAC and all, go from the peer's network namespace to this node's,
 * as a cloud moves a network adapter. Detached, they are here but down, and nobody has them; the cloud's
 * delay passes; attached, they are up without addresses.
 * The trap: a node may die between any two of these steps, so each looks first where the adapters are. The kernel
 * takes addresses, routes and settings off an interface that changes its namespace.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeConfig } from '../../config.ts';
import type { NodeContext } from '../forwarder.ts';
import { GatewayError } from '../forwarder.ts';
import type { Mover } from '../mover.ts';
import { run } from '../program.ts';
import { Announcer } from './announcement.ts';
import { bringUp, type Link, readLinks } from './links.ts';
import { lowerSides, raiseSides, SIDES, type SideName } from './side-addresses.ts';

type AdapterMove = Extract<NodeConfig['move'], { by: 'adapter' }>;

/** @throws GatewayError where the configuration moves addresses */
export function createAdapterMover(context: NodeContext): Mover {
  if (context.config.move.by !== 'adapter') throw new GatewayError('move.by is not adapter');
  return new AdapterMover(context, context.config.move);
}

class AdapterMover implements Mover {
  readonly #context: NodeContext;
  readonly #move: AdapterMove;
  readonly #announcer: Announcer;
  /** When each was taken off the peer by this process, by performance.now(). */
  readonly #detached = new Map<string, number>();

  constructor(context: NodeContext, move: AdapterMove) {
    this.#context = context;
    this.#move = move;
    this.#announcer = new Announcer(context);
  }

  async prepare(): Promise<void> {
    await readLinks(this.#move.namespace);
    if (this.#isSplit && this.#move.spare === undefined)
      throw new GatewayError(
        'faults.splitBrain leaves the adapters at the peer, and this node has no others',
        'name its own links to the same switches under move.spare',
      );
  }

  async detach(): Promise<void> {
    if (this.#isSplit) return;
    const here = await readLinks();
    for (const adapter of this.#adapters) {
      if (find(here, adapter)) continue;
      if (!find(await readLinks(this.#move.peerNamespace), adapter)) throw this.#lost(adapter);
      const { namespace, peerNamespace } = this.#move;
      await run('ip', ['-n', peerNamespace, 'link', 'set', 'dev', adapter, 'netns', namespace]);
      this.#detached.set(adapter, performance.now());
      this.#context.journal.write({ event: 'adapter-detached', adapter });
    }
  }

  async attach(signal: AbortSignal): Promise<void> {
    if (this.#isSplit) await this.#takeSpares();
    await this.#waitForCloud(signal);
    const here = await readLinks();
    let isNew = false;
    for (const adapter of this.#adapters) {
      const link = find(here, adapter);
      if (!link) throw this.#lost(adapter);
      if (link.isUp) continue;
      await bringUp(adapter);
      isNew = true;
      this.#detached.delete(adapter);
      this.#context.journal.write({ event: 'adapter-attached', adapter });
    }
    if (isNew) await this.#sleep(this.#move.settle, signal);
  }

  raise = (): Promise<void> => raiseSides(this.#context);

  async lower(): Promise<void> {
    this.#announcer.stop();
    await lowerSides(this.#context.config);
    const here = await readLinks();
    for (const adapter of this.#adapters)
      if (find(here, adapter)?.isUp) await run('ip', ['link', 'set', 'dev', adapter, 'down']);
  }

  announce = (): Promise<void> => this.#announcer.announce();

  async close(): Promise<void> {
    await this.lower().catch((error: unknown) => this.#context.onTrouble(`lowering: ${String(error)}`));
  }

  get #isSplit(): boolean {
    return this.#context.config.faults.splitBrain;
  }

  get #adapters(): string[] {
    return SIDES.map((side) => this.#context.config[side].interface);
  }

  /** Links of its own, under the adapters' names and MACs. */
  async #takeSpares(): Promise<void> {
    for (const side of SIDES) await this.#takeSpare(side);
  }

  async #takeSpare(side: SideName): Promise<void> {
    const adapter = this.#context.config[side].interface;
    const spare = this.#move.spare?.[side];
    const here = await readLinks();
    if (spare === undefined || find(here, adapter)) return;
    if (!find(here, spare)) throw new GatewayError(`there is no spare link ${spare} for ${adapter}`);
    const theirs = find(await readLinks(this.#move.peerNamespace), adapter);
    if (theirs) await run('ip', ['link', 'set', 'dev', spare, 'address', theirs.mac]);
    await run('ip', ['link', 'set', 'dev', spare, 'down']); // only then it may be renamed
    await run('ip', ['link', 'set', 'dev', spare, 'name', adapter]);
  }

  async #waitForCloud(signal: AbortSignal): Promise<void> {
    const last = Math.max(...this.#detached.values());
    if (this.#detached.size > 0) await this.#sleep(last + this.#move.attachDelay - performance.now(), signal);
  }

  async #sleep(time: number, signal: AbortSignal): Promise<void> {
    if (time <= 0 && !signal.aborted) return;
    await sleep(Math.max(time, 0), undefined, { signal }).catch((error: unknown) => {
      throw new GatewayError('attaching the adapters was broken off', '', { cause: error });
    });
  }

  #lost(adapter: string): GatewayError {
    const { namespace, peerNamespace } = this.#move;
    return new GatewayError(
      `the adapter ${adapter} is neither in ${namespace} nor in ${peerNamespace}`,
      'a veth ends with the namespace that it is in; make it anew, in one of the two',
    );
  }
}

const find = (links: readonly Link[], name: string): Link | undefined =>
  links.find((link) => link.name === name);
