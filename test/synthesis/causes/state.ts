/**
 * Failovers to a node that does not have a connection's state: it drops,
 * refuses, or takes the connection up; at once, or hours later.
 */
import { failover, Gateway } from '../gateway.ts';
import { download, requests, upload } from '../world/applications.ts';
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
} from './scenario.ts';

const noStateDrop1 = scenario({
  name: 'no-state-drop/1',
  made: 'source NAT; node B has no state and drops what it does not know',
  shows:
    "after the return: the client's probes at node-b.in only, the server's repeats at node-b.out only, new connections pass",
  lost: s(12),
  restored: s(21),
  flows: [
    flow(41_001, 80, 'hung', ['no-state-drop', 'nat-mapping-lost']),
    flow(41_002, 80, 'hung', ['no-state-drop', 'nat-mapping-lost']),
  ],
  run() {
    const nat = { outsideOf: movedPort(OUTER, 2_000) };
    const world = new Gateway({ seed: 11, tenures: failover(s(12), s(21)), a: nat, b: nat });
    world.open(
      download({ clientPort: 41_001, serverPort: 80, ends: keepalive(12, 6, 9) }, { lasts: s(60) }),
      s(0.5),
    );
    world.open(download({ clientPort: 41_002, serverPort: 80 }, { lasts: s(60) }), s(3));
    polls(world, { from: s(2), to: s(66), every: s(5) });
    return world.run(s(68));
  },
});

const noStateDrop2 = scenario({
  name: 'no-state-drop/2',
  made: 'source NAT over a wide-area network; node B has no state; an upload and three downloads',
  shows:
    "the client's repeats reach node-b.in and not node-b.out; the server's repeats reach node-b.out and not node-b.in",
  lost: s(15),
  restored: s(19),
  flows: [
    flow(41_001, 8080, 'hung', ['no-state-drop', 'nat-mapping-lost']),
    flow(41_002, 80, 'hung', ['no-state-drop', 'nat-mapping-lost']),
    flow(41_003, 443, 'hung', ['no-state-drop', 'nat-mapping-lost']),
  ],
  run() {
    const nat = { outsideOf: samePort(OUTER) };
    const world = new Gateway({ ...FAR_SERVER, tenures: failover(s(15), s(19)), a: nat, b: nat });
    world.open(upload({ clientPort: 41_001, serverPort: 8080 }, { lasts: s(60) }), s(0.5));
    world.open(download({ clientPort: 41_002, serverPort: 80 }, { lasts: s(60) }), s(1));
    world.open(
      download({ clientPort: 41_003, serverPort: 443, ends: keepalive(20, 10, 9) }, { lasts: s(60) }),
      s(11),
    );
    polls(world, { from: s(2), to: s(70), every: s(4.5) });
    return world.run(s(72));
  },
});

const noStateReject1 = scenario({
  name: 'no-state-reject/1',
  made: 'source NAT; node B has no state and answers clients with RST',
  shows:
    "an RST at node-b.in in answer to the client's probe, with B's own TTL, and nothing of it at node-b.out",
  lost: s(12),
  restored: s(20),
  flows: [flow(41_001, 80, 'reset', 'no-state-reject'), flow(41_002, 80, 'reset', 'no-state-reject')],
  run() {
    const nat = { outsideOf: samePort(OUTER) };
    const world = new Gateway({
      seed: 12,
      tenures: failover(s(12), s(20)),
      a: nat,
      b: { ...nat, unknown: 'reject' },
    });
    world.open(
      download({ clientPort: 41_001, serverPort: 80, ends: keepalive(10, 5, 9) }, { lasts: s(60) }),
      s(0.5),
    );
    world.open(upload({ clientPort: 41_002, serverPort: 80 }, { lasts: s(50) }), s(2));
    polls(world, { from: s(3), to: s(44), every: s(5) });
    return world.run(s(46));
  },
});

const noStateReject2 = scenario({
  name: 'no-state-reject/2',
  made: 'IPv6, routed; node B has no state and answers both ends with RST, hop limit 255',
  shows:
    "an RST at node-b.in in answer to the client's repeat, a round trip to the gateway after it, absent from node-b.out",
  lost: s(14),
  restored: s(17),
  flows: [flow(41_001, 443, 'reset', 'no-state-reject')],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      tenures: failover(s(14), s(17)),
      b: { unknown: 'reject', ttl: 255 },
    });
    world.open(upload({ clientPort: 41_001, serverPort: 443 }, { lasts: s(50) }), s(1));
    polls(world, { from: s(2), to: s(40), every: s(4) });
    return world.run(s(42));
  },
});

const midstreamPickup1 = scenario({
  name: 'midstream-pickup/1',
  made: 'routed; node B has no state, drops what comes from outside and takes flows up from inside',
  shows:
    "a repeat of the server reaches node-b.out and goes no further; then the client's probe passes; then the next repeat passes",
  lost: s(12),
  restored: s(17),
  flows: [flow(41_001, 80, 'resumed', 'midstream-pickup')],
  run() {
    const world = new Gateway({ seed: 16, tenures: failover(s(12), s(17)), b: { unknown: 'pick-up' } });
    world.open(
      download({ clientPort: 41_001, serverPort: 80, ends: keepalive(8, 30, 9) }, { lasts: s(30) }),
      s(0.5),
    );
    polls(world, { from: s(2), to: s(48), every: s(4) });
    return world.run(s(50));
  },
});

const midstreamPickup2 = scenario({
  name: 'midstream-pickup/2',
  made: 'source NAT over a wide-area network; node B has no state and takes the flow up from inside, under the same port',
  shows:
    'as the first, behind NAT: dropped at node-b.out, then the probe passes under the old port, then the repeat passes',
  lost: s(14),
  restored: s(29.3),
  flows: [flow(41_001, 8080, 'resumed', 'midstream-pickup'), flow(41_002, 80, 'resumed', 'midstream-pickup')],
  run() {
    const nat = { outsideOf: movedPort(OUTER, 1_500) };
    const world = new Gateway({
      ...FAR_SERVER,
      tenures: failover(s(14), s(29.3)),
      a: nat,
      b: { ...nat, unknown: 'pick-up' },
    });
    const ends = keepalive(15, 14, 9);
    world.open(download({ clientPort: 41_001, serverPort: 8080, ends }, { lasts: s(40) }), s(0.5));
    world.open(download({ clientPort: 41_002, serverPort: 80, ends }, { lasts: s(40) }), s(1.7));
    polls(world, { from: s(2), to: s(82), every: s(6) });
    return world.run(s(84));
  },
});

const HOURS = 3_600;

const delayedVictim1 = scenario({
  name: 'delayed-victim/1',
  made: 'a pooled connection idles across the failover; node B never had its state; it is used again three hours later',
  shows:
    'no packet of the flow between the loss and the return; hours later its request and repeats reach node-b.in and not node-b.out',
  lost: s(600),
  restored: s(610),
  flows: [
    flow(41_001, 80, 'gave-up', 'delayed-victim', { contributing: ['no-state-drop', 'client-timeout'] }),
  ],
  run() {
    const world = new Gateway({ seed: 17, tenures: failover(s(600), s(610)) });
    world.open(
      requests(
        { clientPort: 41_001, serverPort: 80 },
        {
          times: [s(2), s(5), s(570), s(3 * HOURS)],
          closes: false,
          patience: { time: s(25), leaves: 'fin' },
          after: () => {
            const again = requests({ clientPort: 41_777, serverPort: 80 }, { times: [0] });
            world.open(again, world.clock.now + s(0.2));
          },
        },
      ),
      s(1),
    );
    polls(world, { from: s(560), to: s(660), every: s(7) });
    polls(world, { from: s(900), to: s(3 * HOURS + 60), every: s(900), port: 53_001 });
    polls(world, { from: s(3 * HOURS - 5), to: s(3 * HOURS + 60), every: s(8), port: 54_001 });
    return world.run(s(3 * HOURS + 80));
  },
});

const delayedVictim2 = scenario({
  name: 'delayed-victim/2',
  made: 'IPv6 over a wide-area network; a pool of two; node B answers the next use with RST, four hours later',
  shows:
    "no packet of the flow between the loss and the return; hours later node B's RST at node-b.in answers the request, and node-b.out has nothing of it",
  lost: s(300),
  restored: s(330),
  flows: [
    flow(41_001, 8080, 'reset', 'delayed-victim', { contributing: ['no-state-reject'] }),
    flow(41_002, 8080, 'reset', 'delayed-victim'),
  ],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      // A clock that drifts for hours is another scenario's business.
      faults: {},
      tenures: failover(s(300), s(330)),
      b: { unknown: 'reject' },
    });
    for (const [port, at] of [
      [41_001, 4 * HOURS],
      [41_002, 4 * HOURS + 9],
    ] as const) {
      const pooled = requests(
        { clientPort: port, serverPort: 8080 },
        { times: [s(3), s(200), s(at)], closes: false },
      );
      world.open(pooled, s(1));
    }
    polls(world, { from: s(280), to: s(380), every: s(6) });
    polls(world, { from: s(1_200), to: s(4 * HOURS + 40), every: s(1_200), port: 53_001 });
    polls(world, { from: s(4 * HOURS - 6), to: s(4 * HOURS + 40), every: s(9), port: 54_001 });
    return world.run(s(4 * HOURS + 60));
  },
});

export const STATE_SCENARIOS: readonly SynthesisedScenario[] = [
  noStateDrop1,
  noStateDrop2,
  noStateReject1,
  noStateReject2,
  midstreamPickup1,
  midstreamPickup2,
  delayedVictim1,
  delayedVictim2,
];
