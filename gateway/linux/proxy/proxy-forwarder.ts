/**
 * The proxy as a forwarder: rules that steer, the relay, and the guard in front of both.
 * Connections end here in this node's kernel, so none of them can go on at the peer: all that it can do with those it
 * knows is to say which they are.
 * The trap: a node that was replaced must not say a word more. Its sockets are discarded behind a closed guard, which
 * drops the resets that the kernel would send.
 */
import { type Forwarder, GatewayError, type NodeContext } from '../forwarder.ts';
import { createRelay, type Relay } from './relay.ts';
import { tupleText } from './session.ts';
import { createSteering } from './steering.ts';
import { loadSocketCalls } from './transparent-socket.ts';

/** For `forwarding.forwarder: proxy`. @throws GatewayError for another forwarder */
export function createProxyForwarder(context: NodeContext): Forwarder {
  const { config, journal } = context;
  const proxy = config.forwarding;
  if (proxy.forwarder !== 'proxy') throw new GatewayError(`${config.node} is no proxy`);
  const steering = createSteering(config, proxy);
  let relay: Relay | null = null;
  let forwarding = false;
  let bytes = { up: 0, down: 0 };

  const stopForwarding = async (): Promise<void> => {
    if (forwarding && proxy.onRelease === 'reset') relay?.resetAll();
    forwarding = false;
    await steering.setGuard(false);
  };

  return {
    prepare: async () => {
      const sockets = await loadSocketCalls();
      await steering.install();
      relay = createRelay({
        config,
        proxy,
        sockets,
        events: {
          opened: (session) => journal.write({ event: 'connection-open', tuple: tupleText(session) }),
          connected: () => {},
          closed: (session) => {
            bytes = { up: bytes.up + session.up, down: bytes.down + session.down };
            const text = `${session.up} bytes up, ${session.down} down`;
            journal.write({ event: 'connection-close', tuple: tupleText(session), text });
          },
        },
      });
      await relay.listen();
    },
    startForwarding: async () => {
      await steering.setGuard(true);
      forwarding = true;
    },
    stopForwarding,
    commitState: async () => ({ entries: 0, failed: 0, took: 0 }),
    flushState: async () => {
      if (!forwarding) relay?.resetAll();
    },
    lostConnections: async () => [],
    status: async () => {
      const open = [...(relay?.sessions.values() ?? [])];
      return {
        forwarding,
        connections: open.length,
        known: 0,
        counters: {
          'bytes-up': open.reduce((sum, { up }) => sum + up, bytes.up),
          'bytes-down': open.reduce((sum, { down }) => sum + down, bytes.down),
          'connections-total': relay?.total ?? 0,
          'connections-refused': relay?.refused ?? 0,
          ...(await steering.counters().catch(() => ({}))),
        },
      };
    },
    close: async () => {
      await stopForwarding().catch(() => {});
      await relay?.close();
      await steering.remove();
    },
  };
}
