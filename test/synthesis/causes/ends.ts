/**
 * Failovers in which an end decides: its timer runs out before the path is
 * back, it gives up in silence, it uses its port again, or the old node ends
 * the connection as it leaves.
 */
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { failover, Gateway } from '../gateway.ts';
import { type DownloadOptions, download, upload } from '../world/applications.ts';
import { has, isSyn } from '../world/packet.ts';
import type { Talk } from '../world/talk.ts';
import {
  ELSEWHERE,
  FAR_SERVER,
  flow,
  keepalive,
  movedPort,
  ms,
  OUTER,
  polls,
  RESUMED,
  type SynthesisedScenario,
  s,
  scenario,
  synced,
} from './scenario.ts';

/** A second try, on another port, so long after the first has ended. */
const again = (world: Gateway, port: number, serverPort: number, wait: number) => (): void => {
  const talk = download({ clientPort: port, serverPort }, { length: 30_000 });
  world.open(talk, world.clock.now + wait);
};

const peerGaveUp1 = scenario({
  name: 'peer-gave-up/1',
  made: "the server's send timeout of 6 s ends the connection with RST inside the outage; the RST is lost",
  shows:
    "the server's capture has its own RST between the loss and the return; after it the client's probe passes node B and the server answers it with RST",
  lost: s(12),
  restored: s(27),
  flows: [flow(41_001, 80, 'reset', 'peer-gave-up')],
  run() {
    const world = new Gateway({ seed: 51, tenures: failover(s(12), s(27)) });
    synced(world, s(12));
    const ports = { clientPort: 41_001, serverPort: 80, ends: keepalive(10, 10, 9) };
    world.open(download(ports, { lasts: s(60), sendTimeout: { time: s(6), leaves: 'rst' } }), s(0.6));
    polls(world, { from: s(2), to: s(50), every: s(4) });
    return world.run(s(52));
  },
});

const peerGaveUp2 = scenario({
  name: 'peer-gave-up/2',
  made: "IPv6 over a wide-area network; the server's retransmissions are used up inside the outage (tcp_retries2 5), in silence; the client only listens",
  shows:
    "the server's ladder ends inside the outage: the next rung is long due and never sent, while new connections to it pass node B",
  lost: s(14),
  restored: s(44),
  flows: [flow(41_001, 443, 'hung', 'peer-gave-up')],
  run() {
    const world = new Gateway({ ...ELSEWHERE, seed: 52, tenures: failover(s(14), s(44)) });
    synced(world, s(14));
    const ends = { server: { retries: 5 } };
    world.open(download({ clientPort: 41_001, serverPort: 443, ends }, { lasts: s(60) }), s(0.6));
    polls(world, { from: s(2), to: s(116), every: s(6) });
    return world.run(s(120));
  },
});

const keepaliveExpired1 = scenario({
  name: 'keepalive-expired/1',
  made: "state synced; the client's keepalive, 1 s and ten probes a second apart, runs out in an outage of 20 s",
  shows:
    "ten probes and an RST at the client, none of them at node B; then the server's repeat passes node B and meets no socket",
  lost: s(12),
  restored: s(32),
  flows: [flow(41_001, 80, 'gave-up', 'keepalive-expired')],
  run() {
    const world = new Gateway({ seed: 53, tenures: failover(s(12), s(32)) });
    synced(world, s(12));
    const ports = { clientPort: 41_001, serverPort: 80, ends: keepalive(1, 1, 10) };
    world.open(download(ports, { lasts: s(60), after: again(world, 41_801, 80, ms(80)) }), s(0.6));
    polls(world, { from: s(2), to: s(66), every: s(5) });
    return world.run(s(70));
  },
});

const keepaliveExpired2 = scenario({
  name: 'keepalive-expired/2',
  made: 'source NAT over a wide-area network, state synced; keepalive of 6 s and four probes 6 s apart, outage of 45 s',
  shows: 'four probes and an RST at the client, none of them at node B, before anything passes it',
  lost: s(15),
  restored: s(60),
  flows: [flow(41_001, 8080, 'gave-up', 'keepalive-expired')],
  run() {
    const nat = { outsideOf: movedPort(OUTER, 1) };
    const world = new Gateway({ ...FAR_SERVER, seed: 54, tenures: failover(s(15), s(60)), a: nat, b: nat });
    synced(world, s(15));
    const ports = { clientPort: 41_001, serverPort: 8080, ends: keepalive(6, 6, 4) };
    world.open(download(ports, { lasts: s(60), after: again(world, 41_801, 8080, s(25)) }), s(0.6));
    polls(world, { from: s(2), to: s(126), every: s(7) });
    return world.run(s(130));
  },
});

const clientTimeout1 = scenario({
  name: 'client-timeout/1',
  made: 'state synced; the client closes after 5 s without a byte and tries again on another port; outage of 12 s',
  shows:
    "the client's FIN, unprovoked, inside the outage and at no node; a new connection of it passes node B after the return",
  lost: s(12),
  restored: s(24),
  flows: [flow(41_001, 80, 'gave-up', 'client-timeout')],
  run() {
    const world = new Gateway({ seed: 55, tenures: failover(s(12), s(24)) });
    synced(world, s(12));
    const patience = { time: s(5), leaves: 'fin' as const };
    const talk = download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60), patience });
    world.open(talk, s(0.6));
    world.at(s(18), again(world, 41_801, 80, 0));
    polls(world, { from: s(2), to: s(56), every: s(5) });
    return world.run(s(60));
  },
});

const clientTimeout2 = scenario({
  name: 'client-timeout/2',
  made: 'IPv6 over a wide-area network; an upload whose client resets after 20 s without an acknowledgement; outage of 40 s',
  shows: "the client's ladder and then its RST inside the outage, at no node",
  lost: s(13),
  restored: s(53),
  flows: [flow(41_001, 443, 'gave-up', 'client-timeout')],
  run() {
    const world = new Gateway({ ...ELSEWHERE, seed: 56, tenures: failover(s(13), s(53)) });
    synced(world, s(13));
    const patience = { time: s(20), leaves: 'rst' as const };
    world.open(
      upload(
        { clientPort: 41_001, serverPort: 443 },
        { lasts: s(60), patience, after: again(world, 41_801, 443, s(3)) },
      ),
      s(0.6),
    );
    polls(world, { from: s(2), to: s(96), every: s(6) });
    return world.run(s(100));
  },
});

/** A client that must use its port: it resets in the outage, and connects from the same port after it. */
function samePortAgain(
  world: Gateway,
  ports: Pick<Talk, 'clientPort' | 'serverPort' | 'ends'>,
  back: number,
): void {
  const patience: DownloadOptions['patience'] = { time: s(3), leaves: 'rst' };
  world.open(download(ports, { lasts: s(60), patience }), s(0.6));
  world.open(download(ports, { length: 60_000 }), back);
}

const tupleReuse1 = scenario({
  name: 'tuple-reuse/1',
  made: 'state synced; the client reset in the outage, unheard, and connects again from the same port after it',
  shows:
    "the second connection's SYN is answered with an ACK of the first one's numbers, all the way through node B; the client's RST, the SYN again, the SYN-ACK",
  lost: s(12),
  restored: s(20),
  flows: [
    flow(41_001, 80, 'connect-delayed', 'tuple-reuse', { nth: 1 }),
    flow(41_001, 80, 'gave-up', 'client-timeout', { nth: 0 }),
  ],
  run() {
    const world = new Gateway({ seed: 57, tenures: failover(s(12), s(20)) });
    synced(world, s(12));
    samePortAgain(world, { clientPort: 41_001, serverPort: 80 }, s(20.7));
    polls(world, { from: s(2), to: s(46), every: s(4) });
    return world.run(s(48));
  },
});

const tupleReuse2 = scenario({
  name: 'tuple-reuse/2',
  made: 'IPv6 over a wide-area network, a client without timestamps whose SYN ladder doubles from the start; as the first, and node B drops the challenge as invalid',
  shows:
    "each repeat of the SYN passes node B; the server's ACK of the old numbers reaches node-b.out and not node-b.in; other ports connect at once",
  lost: s(14),
  restored: s(22),
  flows: [
    flow(41_001, 8080, 'not-connected', 'tuple-reuse', { nth: 1 }),
    flow(41_001, 8080, 'gave-up', 'client-timeout', { nth: 0 }),
  ],
  run() {
    let isReused = false;
    const world = new Gateway({
      ...ELSEWHERE,
      seed: 58,
      tenures: failover(s(14), s(22)),
      b: {
        judge(p, way) {
          if (p.sourcePort === 41_001 && isSyn(p)) isReused = true;
          const challenge = way === 'to-client' && p.destinationPort === 41_001 && !has(p, TcpFlag.Syn);
          return isReused && challenge ? 'drop' : 'pass';
        },
      },
    });
    synced(world, s(14));
    const ends = { client: { timestamps: false, linearSyns: 0 } };
    samePortAgain(world, { clientPort: 41_001, serverPort: 8080, ends }, s(22.6));
    polls(world, { from: s(2), to: s(60), every: s(5) });
    return world.run(s(64));
  },
});

const tornDown1 = scenario({
  name: 'torn-down-by-old-node/1',
  made: 'node A resets its sessions toward both ends 0.3 s before it leaves',
  shows:
    "an RST toward the client at node-a.in and not at node-a.out, one toward the server at node-a.out and not at node-a.in, with A's TTL, before anything was lost",
  lost: s(12),
  restored: s(20),
  flows: [
    flow(41_001, 80, 'reset', 'torn-down-by-old-node'),
    flow(41_002, 8080, ['reset', 'gave-up'], 'torn-down-by-old-node'),
  ],
  run() {
    const world = new Gateway({ seed: 59, tenures: failover(s(12), s(20)) });
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
    world.open(upload({ clientPort: 41_002, serverPort: 8080 }, { lasts: s(60) }), s(1));
    world.at(s(11.7), () => leaves(world));
    polls(world, { from: s(2), to: s(46), every: s(4) });
    return world.run(s(48));
  },
});

const tornDown2 = scenario({
  name: 'torn-down-by-old-node/2',
  made: 'source NAT over a wide-area network; an appliance (TTL 255) resets three sessions as it leaves; one RST does not reach its client',
  shows:
    'RSTs with TTL 255 at node-a.in and others at node-a.out, each on one side only, while data still flows; one of them is missing at the client',
  lost: s(16),
  restored: s(34),
  flows: [
    flow(41_001, 443, 'reset', 'torn-down-by-old-node'),
    flow(41_002, 80, 'reset', 'torn-down-by-old-node'),
    flow(41_003, 80, 'hung', 'torn-down-by-old-node'),
  ],
  run() {
    const nat = { outsideOf: movedPort(OUTER, 90) };
    const world = new Gateway({
      ...FAR_SERVER,
      seed: 60,
      tenures: failover(s(16), s(34)),
      a: { ...nat, ttl: 255 },
      b: nat,
      loses: ({ packet, to }) =>
        packet.kind === 'tcp' && to === 'client' && packet.ttl === 255 && packet.destinationPort === 41_003,
    });
    world.open(download({ clientPort: 41_001, serverPort: 443 }, { lasts: s(60) }), s(0.6));
    world.open(download({ clientPort: 41_002, serverPort: 80 }, { lasts: s(60) }), s(1));
    world.open(download({ clientPort: 41_003, serverPort: 80 }, { lasts: s(60) }), s(5));
    world.at(s(15.4), () => leaves(world));
    polls(world, { from: s(2), to: s(76), every: s(6) });
    return world.run(s(80));
  },
});

const tornDown3 = scenario({
  name: 'torn-down-by-old-node/3',
  made: 'a proxy on node A closes all its connections in order 0.4 s before the node leaves: FIN in the middle of a body',
  shows:
    'FINs of node A at node-a.in and node-a.out, on connections of unrelated numbers, before anything was lost; less arrived than the length promised',
  lost: s(14),
  restored: s(21),
  flows: [
    flow(41_001, 80, ['cut-short', 'reset'], 'torn-down-by-old-node', { contributing: ['terminated-proxy'] }),
    flow(41_002, 8080, 'resumed', RESUMED),
  ],
  run() {
    const proxy = { ports: [80], resets: true };
    // The length must be in the captures: without it a FIN in the middle of a body is the end of an answer to its client.
    const snaplen = 256;
    const world = new Gateway({
      seed: 61,
      snaplen,
      tenures: failover(s(14), s(21)),
      a: { proxy },
      b: { proxy },
    });
    synced(world, s(14));
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
    world.open(download({ clientPort: 41_002, serverPort: 8080 }, { lasts: s(40) }), s(1));
    world.at(s(13.6), () => world.nodes.a.proxy?.closeAll());
    polls(world, { from: s(2), to: s(56), every: s(5) });
    return world.run(s(58));
  },
});

/** Node A ends every connection that it forwards, and forgets them. */
function leaves(world: Gateway): void {
  const { a } = world.nodes;
  for (const entry of a.entries) if (entry.client.port < 50_000) a.tearDown(entry);
  a.entries.length = 0;
}

export const END_SCENARIOS: readonly SynthesisedScenario[] = [
  peerGaveUp1,
  peerGaveUp2,
  keepaliveExpired1,
  keepaliveExpired2,
  clientTimeout1,
  clientTimeout2,
  tupleReuse1,
  tupleReuse2,
  tornDown1,
  tornDown2,
  tornDown3,
];
