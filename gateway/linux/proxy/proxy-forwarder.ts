/**
 * The proxy as a forwarder: rules that steer, the relay, and the guard in front of both.
 * Connections end here in this node's kernel, so none of them can go on at the peer: all that it can do with those it
 * knows is to say which they are.
 * The trap: a node that was replaced must not say a word more. Its sockets are discarded behind a closed guard, which
 * drops the resets that the kernel would send.
 */
import { performance } from 'node:perf_hooks';
import type { ProxyConfig } from '../../config.ts';
import {
  type Commit,
  type Forwarder,
  type ForwarderStatus,
  GatewayError,
  type NodeContext,
  type Tuple,
} from '../forwarder.ts';
import { tupleText } from '../tuple-text.ts';
import { createRelay, type Interceptor, type Relay, type RelayEvents } from './relay.ts';
import { type Session, tupleOf } from './session.ts';
import { createSteering, type Steering } from './steering.ts';
import { createPeerSessions, type PeerSessions } from './sync/peer-sessions.ts';
import { loadSocketCalls } from './transparent-socket.ts';

/** A node that hands over waits no longer for the peer to have heard of its last connections. */
const SETTLE_MS = 500;

export interface ProxyForwarder extends Forwarder {
  /** As they are now: what this node carries, and what it knows its peer to carry. */
  sessions(): Promise<{ readonly own: readonly Session[]; readonly peer: readonly Session[] }>;
}

/** For `forwarding.forwarder: proxy`. @throws GatewayError for another forwarder */
export function createProxyForwarder(context: NodeContext): ProxyForwarder {
  const { forwarding } = context.config;
  if (forwarding.forwarder !== 'proxy') throw new GatewayError(`${context.config.node} is no proxy`);
  return new RelayingForwarder(context, forwarding);
}

class RelayingForwarder implements ProxyForwarder {
  readonly #context: NodeContext;
  readonly #proxy: ProxyConfig;
  readonly #steering: Steering;
  #relay: Relay | null = null;
  #peer: PeerSessions | null = null;
  #forwarding = false;
  #tlsRefused = 0;
  #bytes = { up: 0, down: 0 };
  /** Ended behind the guard. Whoever takes over must still know them: their ends were not told. */
  readonly #discarded = new Set<number>();

  constructor(context: NodeContext, proxy: ProxyConfig) {
    this.#context = context;
    this.#proxy = proxy;
    this.#steering = createSteering(context.config, proxy);
  }

  async prepare(): Promise<void> {
    const { config } = this.#context;
    const sockets = await loadSocketCalls();
    await this.#steering.install();
    if (this.#proxy.sync) {
      this.#peer = createPeerSessions(this.#context);
      await this.#peer.link.open();
    }
    const intercept = this.#proxy.intercept && (await this.#makeInterceptor(this.#proxy.intercept));
    const events = this.#events();
    this.#relay = createRelay({
      config,
      proxy: this.#proxy,
      sockets,
      events,
      ...(intercept && { intercept }),
    });
    await this.#relay.listen();
  }

  /** Makes the CA where there is none. */
  async #makeInterceptor(config: NonNullable<ProxyConfig['intercept']>): Promise<Interceptor> {
    const { createAuthority, hasAuthority, loadAuthority } = await import('./tls/authority.ts');
    const { createInterceptor, readTrust } = await import('./tls/interceptor.ts');
    const { journal } = this.#context;
    const files = { certificate: config.caCertificate, key: config.caKey };
    if (!hasAuthority(files)) {
      await createAuthority(files);
      const text = `a CA was made: clients must trust ${files.certificate}, and the peer needs both files`;
      journal.write({ event: 'note', text });
    }
    const refused = (session: Session, why: string): void => {
      this.#tlsRefused++;
      journal.write({ event: 'note', text: `${tupleText(session)} refused: ${why}` });
    };
    return createInterceptor({ authority: await loadAuthority(files), trust: readTrust(config), refused });
  }

  #events(): RelayEvents {
    const { journal } = this.#context;
    return {
      opened: (session) => {
        journal.write({ event: 'connection-open', tuple: tupleText(session) });
        this.#peer?.link.sender.open(session);
      },
      connected: ({ id }) => this.#peer?.link.sender.change(id),
      closed: (session) => {
        const { id, up, down } = session;
        this.#bytes = { up: this.#bytes.up + up, down: this.#bytes.down + down };
        const text = `${up} bytes up, ${down} down`;
        journal.write({ event: 'connection-close', tuple: tupleText(session), text });
        if (this.#forwarding) this.#peer?.link.sender.close(id);
        else this.#discarded.add(id);
      },
    };
  }

  async startForwarding(): Promise<void> {
    await this.#steering.setGuard(true);
    this.#forwarding = true;
    for (const id of this.#discarded) this.#peer?.link.sender.close(id);
    this.#discarded.clear();
  }

  async stopForwarding(): Promise<void> {
    const wasForwarding = this.#forwarding;
    if (wasForwarding && this.#proxy.onRelease === 'reset') await this.#relay?.resetAll();
    this.#forwarding = false;
    await this.#steering.setGuard(false);
    if (wasForwarding) await this.#peer?.link.settle(SETTLE_MS);
  }

  /** What ended at the peer cannot go on here, whatever is known of it. */
  async commitState(): Promise<Commit> {
    const began = performance.now();
    const entries = this.#peer?.commit() ?? 0;
    return { entries, failed: entries, took: (performance.now() - began) / 1000 };
  }

  async flushState(): Promise<void> {
    if (!this.#forwarding) await this.#relay?.resetAll();
  }

  async lostConnections(): Promise<readonly Tuple[]> {
    return this.#peer?.lost.map(tupleOf) ?? [];
  }

  async sessions(): ReturnType<ProxyForwarder['sessions']> {
    return {
      own: [...(this.#relay?.sessions.values() ?? [])],
      peer: [...(this.#peer?.known.values() ?? [])],
    };
  }

  async status(): Promise<ForwarderStatus> {
    const open = [...(this.#relay?.sessions.values() ?? [])];
    return {
      forwarding: this.#forwarding,
      connections: open.length,
      known: this.#peer?.known.size ?? 0,
      counters: {
        'bytes-up': open.reduce((sum, { up }) => sum + up, this.#bytes.up),
        'bytes-down': open.reduce((sum, { down }) => sum + down, this.#bytes.down),
        'connections-total': this.#relay?.total ?? 0,
        'connections-refused': this.#relay?.refused ?? 0,
        ...(this.#proxy.intercept && { 'tls-refused': this.#tlsRefused }),
        ...this.#peer?.counters(),
        ...(await this.#steering.counters().catch(() => ({}))),
      },
    };
  }

  async close(): Promise<void> {
    await this.stopForwarding().catch(() => {});
    await this.#relay?.close();
    await this.#peer?.close();
    await this.#steering.remove();
  }
}
