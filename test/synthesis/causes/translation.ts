/**
 * Failovers behind source NAT to a node whose mapping is another, or whose port
 * is taken, and to one that never had the flow's offsets or sockets: what the
 * server sees is no longer the same connection.
 */
import { failover, Gateway, type GatewayOptions } from '../gateway.ts';
import { download, upload } from '../world/applications.ts';
import type { Place, Shift } from '../world/state.ts';
import {
  ELSEWHERE,
  FAR_SERVER,
  flow,
  keepalive,
  movedPort,
  OUTER,
  polls,
  type SynthesisedScenario,
  s,
  samePort,
  scenario,
  synced,
} from './scenario.ts';

const OUTER6 = '2001:db8:2::1';

const natMappingLost1 = scenario({
  name: 'nat-mapping-lost/1',
  made: 'source NAT; node B takes the flow up from a probe and gives it another source port',
  shows:
    "the probe leaves node-b.out under another port than the flow had at node-a.out; the server's RST comes back through B",
  lost: s(12),
  restored: s(19),
  flows: [flow(41_001, 80, 'reset', 'nat-mapping-lost')],
  run() {
    const world = new Gateway({
      seed: 13,
      tenures: failover(s(12), s(19)),
      a: { outsideOf: movedPort(OUTER, 3_000) },
      b: { outsideOf: movedPort(OUTER, 9_000), unknown: 'pick-up' },
    });
    world.open(
      download({ clientPort: 41_001, serverPort: 80, ends: keepalive(9, 5, 9) }, { lasts: s(60) }),
      s(0.5),
    );
    polls(world, { from: s(2), to: s(40), every: s(4) });
    return world.run(s(42));
  },
});

const natMappingLost2 = scenario({
  name: 'nat-mapping-lost/2',
  made: 'source NAT over a wide-area network; the public address did not move, node B translates to its own',
  shows:
    "a request leaves node-b.out from another address than the flow had at node-a.out; the server's RST comes back through B",
  lost: s(16),
  restored: s(28),
  flows: [flow(41_001, 8080, 'reset', 'nat-mapping-lost')],
  run() {
    const world = new Gateway({
      ...FAR_SERVER,
      tenures: failover(s(16), s(28)),
      a: { outsideOf: samePort('10.2.0.2') },
      b: { outsideOf: samePort('10.2.0.3'), unknown: 'pick-up' },
    });
    world.open(upload({ clientPort: 41_001, serverPort: 8080 }, { lasts: s(60) }), s(1));
    polls(world, { from: s(2), to: s(54), every: s(5) });
    return world.run(s(56));
  },
});

/** Node B's pool of ports: unchanged where it is free, whoever the peer is. */
function pooledPorts(address: string): { outsideOf(client: Place): Place } {
  const taken = new Map<number, string>();
  return {
    outsideOf(client) {
      const owner = `${client.address} ${client.port}`;
      let port = client.port;
      while (taken.has(port) && taken.get(port) !== owner) port += 20_003;
      taken.set(port, owner);
      return { address, port };
    },
  };
}

const snatPortClash1 = scenario({
  name: 'snat-port-clash/1',
  made: "source NAT; on node B another client's connection has the flow's port, so the flow gets another",
  shows:
    "at node-b.out the flow's old port carries another client's connection, and its own segments leave under a new port; the server's RST comes back",
  lost: s(12),
  restored: s(20),
  flows: [
    flow(41_001, 80, 'reset', 'snat-port-clash', { contributing: ['nat-mapping-lost'] }),
    flow(41_002, 80, 'resumed', 'midstream-pickup'),
  ],
  run() {
    const world = new Gateway({
      seed: 14,
      tenures: failover(s(12), s(20)),
      a: { outsideOf: samePort(OUTER) },
      b: { ...pooledPorts(OUTER), unknown: 'pick-up' },
    });
    const ends = keepalive(5, 5, 20);
    world.open(download({ clientPort: 41_001, serverPort: 80, ends }, { lasts: s(60) }), s(0.5));
    world.open(download({ clientPort: 41_002, serverPort: 80, ends }, { lasts: s(40) }), s(0.9));
    const other = download({ clientPort: 41_001, serverPort: 443 }, { lasts: s(30) });
    world.open(other, s(20.2), 'neighbour', 'second-server');
    polls(world, { from: s(2), to: s(56), every: s(4) });
    return world.run(s(58));
  },
});

const snatPortClash2 = scenario({
  name: 'snat-port-clash/2',
  made: 'source NAT over a wide-area network; another client connects to the same server with the same port before the flow speaks',
  shows:
    "at node-b.out the flow's tuple carries another client's handshake (challenge ACK, RST, SYN again); the flow's own probes reach node-b.in and not node-b.out",
  lost: s(14),
  restored: s(22),
  flows: [
    flow(41_001, 80, 'hung', 'snat-port-clash', { contributing: ['no-state-drop'] }),
    flow(41_002, 80, 'resumed', 'midstream-pickup'),
  ],
  run() {
    const world: Gateway = new Gateway({
      ...FAR_SERVER,
      tenures: failover(s(14), s(22)),
      a: { outsideOf: samePort(OUTER) },
      b: {
        outsideOf: samePort(OUTER),
        unknown: 'pick-up',
        // An entry whose translated tuple is taken cannot be inserted: its packet is dropped.
        judge: (p, way, entry) =>
          way === 'to-server' &&
          entry === null &&
          world.nodes.b.entries.some(
            (e) => e.outside.port === p.sourcePort && e.server.port === p.destinationPort,
          )
            ? 'drop'
            : 'pass',
      },
    });
    const ends = keepalive(10, 7, 20);
    world.open(download({ clientPort: 41_001, serverPort: 80, ends }, { lasts: s(60) }), s(0.5));
    world.open(download({ clientPort: 41_002, serverPort: 80, ends }, { lasts: s(40) }), s(0.9));
    const other = download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(25) });
    world.open(other, s(22.3), 'neighbour');
    polls(world, { from: s(2), to: s(68), every: s(5) });
    return world.run(s(70));
  },
});

/** Offsets that a node draws for each connection, in one or both directions. */
function randomised(salt: number, both: boolean): { shiftOf(client: Place): Shift } {
  return {
    shiftOf: ({ port }) => ({
      toServer: both ? Math.imul(port, 2_654_435_761 + salt) >>> 0 : 0,
      toClient: Math.imul(port ^ salt, 1_597_334_677) >>> 0,
    }),
  };
}

const sequenceOffsetLost = (
  name: string,
  both: boolean,
  options: Partial<GatewayOptions>,
): SynthesisedScenario =>
  scenario({
    name,
    made: both
      ? 'both nodes randomise sequence numbers; node B got the flows and not their offsets'
      : 'IPv6 over a wide-area network, no timestamps and no window scaling; only the numbers toward the client are shifted, and node B has lost that',
    shows:
      'node-a.in and node-a.out differ by a constant per direction, node-b.in and node-b.out by none; after the return the client gets segments off by that constant and acknowledges the old number',
    lost: s(13),
    restored: s(20),
    flows: both
      ? [flow(41_001, 80, 'hung', 'sequence-offset-lost'), flow(41_002, 80, 'hung', 'sequence-offset-lost')]
      : [
          flow(41_001, 80, 'gave-up', 'sequence-offset-lost', { contributing: ['client-timeout'] }),
          flow(41_002, 80, 'hung', 'sequence-offset-lost'),
        ],
    run() {
      const a = randomised(5, both);
      const b = randomised(71, both);
      const world = new Gateway({ ...options, tenures: failover(s(13), s(20)), a, b });
      world.at(s(13), () => {
        world.nodes.b.adopt(world.nodes.a, (e) => ({ ...e, shift: { toServer: 0, toClient: 0 } }));
      });
      const stamps = both ? {} : { ends: { client: { timestamps: false, windowScale: -1 } } };
      const patience = both ? {} : { patience: { time: s(30), leaves: 'fin' as const } };
      const first = download(
        { clientPort: 41_001, serverPort: 80, ...stamps },
        { lasts: s(60), ...patience },
      );
      world.open(first, s(0.5));
      world.open(upload({ clientPort: 41_002, serverPort: 80, ...stamps }, { lasts: s(50) }), s(1));
      polls(world, { from: s(2), to: s(64), every: s(4.4) });
      return world.run(s(66));
    },
  });

const terminatedProxy1 = scenario({
  name: 'terminated-proxy/1',
  made: 'port 443 is terminated by a transparent proxy on the active node (TLS passes through it); port 80 is forwarded and synced',
  shows:
    "the ClientHello stands in two connections of unrelated numbers at node-a.in and node-a.out; after the return the server's repeats reach node-b.out and nothing of the flow leaves node-b.in",
  lost: s(12),
  restored: s(18),
  flows: [
    flow(41_001, 443, 'hung', 'terminated-proxy'),
    flow(41_002, 80, 'resumed', ['rto-backoff', 'outage']),
  ],
  run() {
    const proxy = { ports: [443], resets: false };
    const world = new Gateway({ seed: 15, tenures: failover(s(12), s(18)), a: { proxy }, b: { proxy } });
    synced(world, s(12));
    const hello = helloOf(world);
    world.open(download({ clientPort: 41_001, serverPort: 443 }, { lasts: s(40), hello }), s(0.7));
    world.open(download({ clientPort: 41_002, serverPort: 80 }, { lasts: s(40) }), s(1.2));
    polls(world, { from: s(2), to: s(60), every: s(4) });
    world.open(
      download({ clientPort: 41_009, serverPort: 443 }, { length: 20_000, hello: helloOf(world) }),
      s(30),
    );
    return world.run(s(62));
  },
});

const terminatedProxy2 = scenario({
  name: 'terminated-proxy/2',
  made: 'IPv6; the proxy speaks to servers in its own name; the client probes, and node B has no such socket',
  shows:
    "unrelated numbers on both sides of node A; an RST at node-b.in for the client's probe, and one at node-b.out for the server's repeat",
  lost: s(15),
  restored: s(21),
  flows: [flow(41_001, 443, 'reset', 'terminated-proxy', { contributing: ['no-state-reject'] })],
  run() {
    let port = 30_000;
    const outsideOf = (): Place => ({ address: OUTER6, port: port++ });
    const proxy = { ports: [443], resets: true, outsideOf };
    const world = new Gateway({ ...ELSEWHERE, tenures: failover(s(15), s(21)), a: { proxy }, b: { proxy } });
    synced(world, s(15));
    const ports = { clientPort: 41_001, serverPort: 443, ends: keepalive(7, 7, 9) };
    world.open(download(ports, { lasts: s(60), hello: helloOf(world) }), s(0.7));
    polls(world, { from: s(2), to: s(50), every: s(4) });
    return world.run(s(52));
  },
});

/** A ClientHello, with a random that is its connection's own. */
function helloOf(world: Gateway): Uint8Array {
  const hello = new Uint8Array(517).fill(0x41);
  hello.set([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
  for (let i = 11; i < 43; i++) hello[i] = world.chance.below(256);
  return hello;
}

export const TRANSLATION_SCENARIOS: readonly SynthesisedScenario[] = [
  natMappingLost1,
  natMappingLost2,
  snatPortClash1,
  snatPortClash2,
  sequenceOffsetLost('sequence-offset-lost/1', true, { seed: 18 }),
  sequenceOffsetLost('sequence-offset-lost/2', false, { ...ELSEWHERE, seed: 19 }),
  terminatedProxy1,
  terminatedProxy2,
];
