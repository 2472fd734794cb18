/**
 * Failovers of a node that does its part: what is left is the timer, the size
 * of packets, a second failover, and what a capture cannot see.
 */
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { failover, Gateway, type GatewayOptions } from '../gateway.ts';
import { download, requests, upload } from '../world/applications.ts';
import { has, type Packet } from '../world/packet.ts';
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
  UNSET_CLOCKS,
  withFaults,
} from './scenario.ts';

const isTooBig = (packet: Packet, from: string): boolean =>
  packet.kind === 'icmp' && from.startsWith('node-b');

const pmtuBlackHole1 = scenario({
  name: 'pmtu-black-hole/1',
  made: 'node B has an MTU of 1280 inside; its ICMP 3/4 is filtered before it reaches the server',
  shows:
    "at node-b.out the server's full segments go in and ICMP 3/4 comes back that the server never has; probes and their answers pass; node-b.in has no large segment",
  lost: s(12),
  restored: s(17),
  flows: [flow(41_001, 80, ['hung', 'gave-up'], 'pmtu-black-hole')],
  run() {
    const world = new Gateway({
      seed: 39,
      tenures: failover(s(12), s(17)),
      b: { mtu: { in: 1280, tooBig: true } },
      loses: ({ packet, from }) => isTooBig(packet, from),
    });
    synced(world, s(12));
    world.open(
      download({ clientPort: 41_001, serverPort: 80, ends: keepalive(8, 8, 9) }, { lasts: s(60) }),
      s(0.6),
    );
    polls(world, { from: s(2), to: s(76), every: s(5) });
    return world.run(s(78));
  },
});

const pmtuBlackHole2 = scenario({
  name: 'pmtu-black-hole/2',
  made: 'IPv6 over a wide-area network; node B has an MTU of 1400 outside; its ICMPv6 2/0 is filtered before it reaches the uploading client',
  shows:
    "at node-b.in the client's full segments go in and ICMPv6 2/0 comes back that the client never has; short requests on other connections pass",
  lost: s(13),
  restored: s(24),
  flows: [flow(41_001, 443, ['hung', 'gave-up'], 'pmtu-black-hole')],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      seed: 40,
      tenures: failover(s(13), s(24)),
      b: { mtu: { out: 1400, tooBig: true } },
      loses: ({ packet, from }) => isTooBig(packet, from),
    });
    synced(world, s(13));
    world.open(upload({ clientPort: 41_001, serverPort: 443 }, { lasts: s(60) }), s(0.6));
    const pool = requests({ clientPort: 41_002, serverPort: 443 }, { times: [s(3), s(40), s(50)] });
    world.open(pool, s(1));
    polls(world, { from: s(2), to: s(84), every: s(6) });
    return world.run(s(86));
  },
});

/** The path comes back so long before the sender's n-th repeat after the loss. */
function restoredBefore(
  make: (restored: number) => Gateway,
  host: 'client' | 'server',
  port: number,
  n: number,
) {
  // Until then the two runs are the same, and so is the time for which the sender's timer was set.
  const never = make(s(1_000)).run(s(90));
  const repeats = never
    .sightings(host)
    .filter(({ came, packet }) => came === 'out' && packet.kind === 'tcp' && packet.payload.length > 0)
    .filter(({ packet }) => packet.kind === 'tcp' && packet.talk.clientPort === port)
    .map(({ time }) => time);
  const rungs = repeats.filter((t, i) => t - (repeats[i - 1] ?? 0) > s(0.5));
  return (rungs[n] as number) - ms(240);
}

const outageWorld1 = (restored: number): Gateway => {
  const world = new Gateway({ seed: 41, tenures: failover(s(12), restored) });
  synced(world, s(12));
  world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(30) }), s(0.6));
  polls(world, { from: s(2), to: s(11), every: s(4) });
  return world;
};

const outageWorld2 = (restored: number): Gateway => {
  const world = new Gateway({ ...ELSEWHERE, seed: 42, tenures: failover(s(15), restored) });
  synced(world, s(15));
  world.open(upload({ clientPort: 41_001, serverPort: 8080 }, { lasts: s(40) }), s(0.6));
  polls(world, { from: s(2), to: s(14), every: s(4) });
  return world;
};

const outage = (
  name: string,
  lost: number,
  port: number,
  make: (restored: number) => Gateway,
  o: {
    host: 'client' | 'server';
    rung: number;
    made: string;
  },
): SynthesisedScenario => {
  const restored = restoredBefore(make, o.host, 41_001, o.rung);
  return scenario({
    name,
    made: o.made,
    shows:
      'a new connection fails to reach node B 0.3 s before the repeat that passes it, and another one passes 0.2 s before: waiting for the timer added next to nothing',
    lost: s(lost),
    restored,
    flows: [flow(41_001, port, 'resumed', 'outage')],
    run() {
      const world = make(restored);
      // Without a try in vain just before, the path might have been back ever since the rung before.
      polls(world, { from: restored - ms(60), to: restored, every: s(1), port: 53_901 });
      polls(world, { from: restored + ms(15), to: restored + s(30), every: s(3), port: 53_001 });
      return world.run(restored + s(40));
    },
  });
};

const twoFailovers = (name: string, options: Partial<GatewayOptions>, nat: boolean): SynthesisedScenario => {
  const [lost1, back1, lost2, back2] = [s(12), s(20), s(50), s(60)];
  return scenario({
    name,
    made: `A to B and back to A, state synced both ways${nat ? ', source NAT, over a wide-area network' : ''}`,
    shows:
      "each outage ends at a rung of the server's ladder after node B, then node A, passes new connections again; every repeat since then passes",
    lost: lost1,
    restored: back1,
    failovers: [
      { lost: lost1, restored: back1 },
      { lost: lost2, restored: back2 },
    ],
    flows: [flow(41_001, 80, 'resumed', 'rto-backoff'), flow(41_002, 80, 'resumed', RESUMED)],
    run() {
      const node = nat ? { outsideOf: movedPort(OUTER, -7_000) } : {};
      const world = new Gateway({
        ...options,
        tenures: [
          { node: 'a', from: 0, to: lost1 },
          { node: 'b', from: back1, to: lost2 },
          { node: 'a', from: back2 },
        ],
        a: node,
        b: node,
      });
      synced(world, lost1);
      world.at(lost2, () => world.nodes.a.adopt(world.nodes.b));
      world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
      world.open(upload({ clientPort: 41_002, serverPort: 80 }, { lasts: s(60) }), s(1.5));
      polls(world, { from: s(2), to: s(96), every: s(5) });
      return world.run(s(100));
    },
  });
};

/** A fast path carries a flow after its first packets; the capture has none of those. */
const FIRST_PACKETS = 24;
const missesTheMiddle = () => {
  const seen = new Map<Talk, number>();
  return {
    misses(packet: Packet): boolean {
      if (packet.kind !== 'tcp') return false;
      if (has(packet, TcpFlag.Syn | TcpFlag.Fin | TcpFlag.Rst)) return false;
      const n = (seen.get(packet.talk) ?? 0) + 1;
      seen.set(packet.talk, n);
      return n > FIRST_PACKETS;
    },
  };
};

const offloadBlindSpot1 = scenario({
  name: 'offload-blind-spot/1',
  made: 'long flows pass node A in hardware, so its table is stale, and so is the copy on node B, which checks windows',
  shows:
    "node A's captures end for long flows after their first packets, although the ends prove that megabytes passed; node B drops what lies beyond what A's slow path saw; a flow that was too short to be offloaded resumes",
  lost: s(20),
  restored: s(27),
  flows: [
    flow(41_001, 80, 'hung', ['offload-blind-spot', 'out-of-window']),
    flow(41_002, 80, 'hung', ['offload-blind-spot', 'out-of-window']),
    flow(41_003, 80, 'resumed', RESUMED),
  ],
  run() {
    const offloads = ({ packets }: { packets: number }): boolean => packets > FIRST_PACKETS;
    const world = new Gateway({
      seed: 43,
      tenures: failover(s(20), s(27)),
      a: { checksWindow: true, offloads },
      b: { checksWindow: true },
      faults: { 'node-a.in': missesTheMiddle(), 'node-a.out': missesTheMiddle() },
    });
    synced(world, s(20));
    const ends = keepalive(9, 9, 20);
    world.open(download({ clientPort: 41_001, serverPort: 80, ends }, { lasts: s(60) }), s(0.6));
    world.open(download({ clientPort: 41_002, serverPort: 80, ends }, { lasts: s(60) }), s(2));
    world.open(download({ clientPort: 41_003, serverPort: 80 }, { lasts: s(30) }), s(19.8));
    polls(world, { from: s(2), to: s(80), every: s(6) });
    return world.run(s(84));
  },
});

const offloadBlindSpot2 = scenario({
  name: 'offload-blind-spot/2',
  made: "IPv6 over a wide-area network; node A's captures miss what passes in hardware, and nothing else is wrong",
  shows:
    "node A's captures end for long flows after their first packets while both ends show that they went on until the loss; after the return every repeat passes node B",
  lost: s(20),
  restored: s(29),
  flows: [
    flow(41_001, 80, 'resumed', RESUMED, { contributing: ['offload-blind-spot'] }),
    flow(41_002, 443, 'resumed', RESUMED),
  ],
  run() {
    const faults = withFaults(UNSET_CLOCKS, {
      'node-a.in': missesTheMiddle(),
      'node-a.out': missesTheMiddle(),
    });
    const world = new Gateway({ ...ELSEWHERE, seed: 44, tenures: failover(s(20), s(29)), faults });
    synced(world, s(20));
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(40) }), s(0.6));
    world.open(upload({ clientPort: 41_002, serverPort: 443 }, { lasts: s(40) }), s(1));
    polls(world, { from: s(2), to: s(64), every: s(6) });
    return world.run(s(68));
  },
});

export const PATH_SCENARIOS: readonly SynthesisedScenario[] = [
  pmtuBlackHole1,
  pmtuBlackHole2,
  outage('outage/1', 12, 80, outageWorld1, {
    host: 'server',
    rung: 4,
    made: 'state synced; the path comes back 0.24 s before a repeat of the server',
  }),
  outage('outage/2', 15, 8080, outageWorld2, {
    host: 'client',
    rung: 3,
    made: 'IPv6 over a wide-area network, an upload; the path comes back 0.24 s before a repeat of the client',
  }),
  twoFailovers('rto-backoff/1', { seed: 45 }, false),
  twoFailovers('rto-backoff/2', { ...FAR_SERVER, seed: 46 }, true),
  offloadBlindSpot1,
  offloadBlindSpot2,
];
