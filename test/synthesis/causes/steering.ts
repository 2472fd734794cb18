/**
 * Failovers in which frames go where they should not: to an old MAC, to a node
 * that cannot pass them on, to nowhere, or to two masters.
 */
import { failover, Gateway, type Passing } from '../gateway.ts';
import { download, requests, upload } from '../world/applications.ts';
import type { Talk } from '../world/talk.ts';
import {
  ELSEWHERE,
  FAR_SERVER,
  flow,
  keepalive,
  ms,
  polls,
  RESUMED,
  type SynthesisedScenario,
  s,
  scenario,
  synced,
} from './scenario.ts';

const stalePath1 = scenario({
  name: 'stale-path/1',
  made: 'each node has its own MAC; B takes office at once and announces itself 19 s late; no flooding',
  shows:
    "node B advertises itself from its own MAC while both ends' frames still go to node A's, and reach neither node, until the announcement",
  lost: s(12),
  restored: s(18),
  flows: [flow(41_001, 80, 'resumed', 'stale-path', { contributing: ['rto-backoff'] })],
  run() {
    const world = new Gateway({
      seed: 31,
      macs: 'stay',
      vrrp: true,
      tenures: [
        { node: 'a', from: 0, to: s(12) },
        { node: 'b', from: s(0.1), to: s(18), standby: true },
        { node: 'b', from: s(18) },
      ],
    });
    synced(world, s(12));
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(30) }), s(0.6));
    for (const at of [s(36.9), s(36.95)]) {
      world.at(at, () => world.announce('b', 'in'));
      world.at(at, () => world.announce('b', 'out'));
    }
    polls(world, { from: s(2), to: s(56), every: s(5) });
    return world.run(s(58));
  },
});

const stalePath2 = scenario({
  name: 'stale-path/2',
  made: "IPv6; node B takes office and never announces itself; the neighbours' unicast probes of the old MAC go unanswered",
  shows:
    "node B advertises itself from its own MAC; all frames of both ends, SYNs too, go to node A's MAC to the end and reach neither node",
  lost: s(15),
  restored: null,
  flows: [flow(41_001, 443, 'hung', 'stale-path'), flow(41_002, 80, 'hung', 'stale-path')],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      clientDelay: ms(2),
      seed: 32,
      macs: 'stay',
      vrrp: true,
      tenures: [
        { node: 'a', from: 0, to: s(15) },
        { node: 'b', from: s(0.1), to: s(18.6), standby: true },
        { node: 'b', from: s(18.6) },
      ],
    });
    synced(world, s(15));
    world.open(upload({ clientPort: 41_001, serverPort: 443 }, { lasts: s(60) }), s(0.6));
    world.open(
      download({ clientPort: 41_002, serverPort: 80, ends: keepalive(15, 15, 9) }, { lasts: s(60) }),
      s(2),
    );
    for (const at of [52, 53, 54]) world.at(s(at), () => world.asks('client', false));
    for (const at of [57, 58, 59]) world.at(s(at), () => world.asks('server', false));
    polls(world, { from: s(2), to: s(64), every: s(6) });
    return world.run(s(66));
  },
});

const oneWayPath1 = scenario({
  name: 'one-way-path/1',
  made: "after the failover the client's frames still reach node A's inner interface, which has no outer one any more; the server's pass node B",
  shows:
    "after the loss the client's segments are at node-a.in and nowhere else, the server's at node-b.out and node-b.in; the client gets data again that it has acknowledged",
  lost: s(12),
  restored: null,
  flows: [flow(41_001, 80, 'hung', 'one-way-path'), flow(41_002, 80, 'hung', 'one-way-path')],
  run() {
    const world = new Gateway({
      seed: 33,
      tenures: [
        { node: 'a', from: 0, side: 'in' },
        { node: 'a', from: 0, to: s(12), side: 'out' },
        { node: 'b', from: s(17) },
      ],
      choose: (stations) => stations.find((st) => st.name === 'node-a.in') ?? (stations[0] as never),
    });
    synced(world, s(12));
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
    world.open(
      download({ clientPort: 41_002, serverPort: 80, ends: keepalive(9, 9, 9) }, { lasts: s(60) }),
      s(2),
    );
    polls(world, { from: s(2), to: s(70), every: s(5) });
    return world.run(s(72));
  },
});

const oneWayPath2 = scenario({
  name: 'one-way-path/2',
  made: "IPv6 over a wide-area network; after the failover the client's frames are lost before either node, the server's pass node B",
  shows:
    "after the loss the client's segments are at its own capture only, the server's repeats at node-b.out, node-b.in and the client",
  lost: s(14),
  restored: null,
  flows: [flow(41_001, 8080, 'hung', 'one-way-path')],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      seed: 34,
      tenures: failover(s(14), s(22)),
      loses: ({ from, now }) => from === 'client' && now > s(14),
    });
    synced(world, s(14));
    world.open(download({ clientPort: 41_001, serverPort: 8080 }, { lasts: s(60) }), s(0.6));
    polls(world, { from: s(2), to: s(76), every: s(6) });
    return world.run(s(78));
  },
});

/** The fabric knows only what was opened before a time, and drops that between the ends and node B. */
const pins =
  (isPinned: (talk: Talk) => boolean) =>
  ({ packet, to }: Passing): boolean =>
    packet.kind === 'tcp' && to.startsWith('node-b') && isPinned(packet.talk);

const cloudFlowPinned1 = scenario({
  name: 'cloud-flow-pinned/1',
  made: 'the load balancer in front of the nodes keeps every old flow on node A; new ones go to node B',
  shows:
    "old flows' segments leave the ends, to the same MAC as new flows', and are at neither interface of node B; new connections pass it",
  lost: s(14),
  restored: s(21),
  flows: [
    flow(41_001, 80, 'hung', 'cloud-flow-pinned'),
    flow(41_002, 8080, 'hung', 'cloud-flow-pinned'),
    flow(41_003, 80, 'gave-up', 'cloud-flow-pinned', { contributing: ['client-timeout'] }),
  ],
  run() {
    const old = new Set([41_001, 41_002, 41_003]);
    const world = new Gateway({
      seed: 35,
      tenures: failover(s(14), s(21)),
      loses: pins((talk) => old.has(talk.clientPort)),
    });
    synced(world, s(14));
    const ports = { clientPort: 41_001, serverPort: 80, ends: keepalive(10, 10, 9) };
    world.open(download(ports, { lasts: s(60) }), s(0.6));
    world.open(upload({ clientPort: 41_002, serverPort: 8080 }, { lasts: s(60) }), s(1));
    const pool = requests(
      { clientPort: 41_003, serverPort: 80 },
      { times: [s(3), s(9), s(26)], patience: { time: s(20), leaves: 'fin' } },
    );
    world.open(pool, s(2));
    polls(world, { from: s(2), to: s(76), every: s(5) });
    return world.run(s(78));
  },
});

const cloudFlowPinned2 = scenario({
  name: 'cloud-flow-pinned/2',
  made: 'over a wide-area network; the fabric forgets a connection after 350 s without a packet; state on node B is complete',
  shows:
    'a connection idle for 395 s sends its request, which is at neither interface of node B; one idle for 200 s, and the busy ones, pass it',
  lost: s(30),
  restored: s(38),
  flows: [
    flow(41_001, 80, 'gave-up', ['cloud-flow-pinned', 'delayed-victim'], {
      contributing: ['client-timeout'],
    }),
    flow(41_002, 80, 'unaffected', null),
    flow(41_003, 80, 'resumed', RESUMED),
  ],
  run() {
    const world = new Gateway({
      ...FAR_SERVER,
      faults: {},
      seed: 36,
      tenures: failover(s(30), s(38)),
      loses: pins((talk) => talk.clientPort === 41_001),
    });
    synced(world, s(30));
    const idle = (clientPort: number, times: readonly number[]): void => {
      const patience = { time: s(30), leaves: 'fin' as const };
      const talk = requests(
        { clientPort, serverPort: 80 },
        { times: times.map((t) => s(t)), closes: false, patience },
      );
      world.open(talk, s(1));
    };
    idle(41_001, [2, 5, 400]);
    idle(41_002, [2, 6, 206, 399]);
    world.open(download({ clientPort: 41_003, serverPort: 80 }, { lasts: s(40) }), s(2));
    polls(world, { from: s(20), to: s(60), every: s(6) });
    polls(world, { from: s(70), to: s(440), every: s(30), port: 53_001 });
    return world.run(s(450));
  },
});

const splitBrain1 = scenario({
  name: 'split-brain/1',
  made: 'one MAC, both nodes forward with synced state; the switches learn it now here, now there, then one direction stays with each',
  shows:
    'segments of one flow are forwarded by both nodes in overlapping times; then each node drops what acknowledges bytes that it never saw',
  lost: s(12),
  restored: null,
  flows: [flow(41_001, 80, 'hung', 'split-brain', { contributing: ['out-of-window'] })],
  run() {
    const window = { checksWindow: true };
    const world = new Gateway({
      seed: 37,
      tenures: [
        { node: 'a', from: 0 },
        { node: 'b', from: s(12) },
      ],
      a: window,
      b: window,
      vrrp: true,
      choose(stations, _packet, from, now) {
        const inner = from.name === 'client';
        const settled = now > s(15);
        const wantsB = settled ? inner : Math.floor(now / ms(inner ? 700 : 450)) % 2 === 1;
        return (
          stations.find((st) => st.name.startsWith(wantsB ? 'node-b' : 'node-a')) ?? (stations[0] as never)
        );
      },
    });
    synced(world, s(12));
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
    polls(world, { from: s(2), to: s(70), every: s(6) });
    return world.run(s(72));
  },
});

const splitBrain2 = scenario({
  name: 'split-brain/2',
  made: 'IPv6; each node has its own MAC and announces itself again and again; B has no state and refuses with RST; A is healthy',
  shows:
    "both nodes advertise; node B's RST for the server's segments is at node-b.out while node A forwards new connections",
  lost: s(14),
  restored: null,
  flows: [flow(41_001, 80, 'hung', 'split-brain', { contributing: ['no-state-reject'] })],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      clientDelay: 0,
      seed: 38,
      macs: 'stay',
      vrrp: true,
      tenures: [
        { node: 'a', from: 0 },
        { node: 'b', from: s(0.1), to: s(14), standby: true },
        { node: 'b', from: s(14) },
      ],
      b: { unknown: 'reject' },
    });
    world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(60) }), s(0.6));
    world.at(s(14), () => world.announce('b', 'out'));
    for (let k = 0; k < 20; k++) {
      world.at(s(15 + 2.6 * k), () => world.announce('b', 'in'));
      world.at(s(15.1 + 2.6 * k), () => world.announce('b', 'out'));
      world.at(s(16.3 + 2.6 * k), () => world.announce('a', 'in'));
      world.at(s(16.4 + 2.6 * k), () => world.announce('a', 'out'));
    }
    polls(world, { from: s(2), to: s(66), every: s(1.7) });
    return world.run(s(68));
  },
});

export const STEERING_SCENARIOS: readonly SynthesisedScenario[] = [
  stalePath1,
  stalePath2,
  oneWayPath1,
  oneWayPath2,
  cloudFlowPinned1,
  cloudFlowPinned2,
  splitBrain1,
  splitBrain2,
];
