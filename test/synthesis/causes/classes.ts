/**
 * Failovers that some connections survive and others do not: by age, by port,
 * by rule, or at random. What tells them apart is only ever the comparison.
 */
import { failover, Gateway } from '../gateway.ts';
import { download, upload } from '../world/applications.ts';
import { Chance } from '../world/clockwork.ts';
import type { NodeOptions } from '../world/node.ts';
import { isSyn } from '../world/packet.ts';
import type { Entry } from '../world/state.ts';
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

/** Few frames a second: there are many flows. */
const SLOW = { every: ms(300), burst: 2 };
const notYetSynced1 = scenario({
  name: 'not-yet-synced/1',
  made: 'node A copies a connection once it is 30 s old; eight downloads of different ages',
  shows:
    'flows that began more than 30 s before the loss pass node B again, younger ones reach node-b.in or node-b.out and go no further, new connections pass',
  lost: s(60),
  restored: s(68),
  flows: [
    flow(41_005, 80, 'hung', 'not-yet-synced', { contributing: ['no-state-drop'] }),
    flow(41_006, 80, 'hung', 'not-yet-synced'),
    flow(41_007, 80, 'hung', 'not-yet-synced'),
    flow(41_008, 80, 'hung', 'not-yet-synced'),
    flow(41_001, 80, 'resumed', RESUMED),
    flow(41_002, 80, 'resumed', RESUMED),
    flow(41_003, 80, 'resumed', RESUMED),
    flow(41_004, 80, 'resumed', RESUMED),
  ],
  run() {
    const world = new Gateway({ seed: 21, tenures: failover(s(60), s(68)) });
    synced(world, s(60), (e) => e.since <= s(30));
    [2, 9, 17, 26, 34, 41, 50, 57].forEach((start, i) => {
      const ports = { clientPort: 41_001 + i, serverPort: 80, ends: keepalive(9, 9, 20) };
      world.open(download(ports, { ...SLOW, lasts: s(100 - start) }), s(start));
    });
    polls(world, { from: s(3), to: s(126), every: s(6) });
    return world.run(s(130));
  },
});

const notYetSynced2 = scenario({
  name: 'not-yet-synced/2',
  made: 'IPv6 over a wide-area network; connections to port 80 are not replicated, all others are',
  shows:
    'old flows to port 80 end at node B, old flows of the same ages to 443 and 8080 pass it, and so do new connections to port 80',
  lost: s(40),
  restored: s(52),
  flows: [
    flow(41_001, 80, 'hung', 'not-yet-synced', { contributing: ['no-state-drop'] }),
    flow(41_004, 80, 'hung', 'not-yet-synced'),
    flow(41_007, 80, 'hung', 'not-yet-synced'),
    flow(41_002, 443, 'resumed', RESUMED),
    flow(41_003, 8080, 'resumed', RESUMED),
    flow(41_005, 443, 'resumed', RESUMED),
    flow(41_006, 8080, 'resumed', RESUMED),
  ],
  run() {
    const world = new Gateway({ ...ELSEWHERE, seed: 22, tenures: failover(s(40), s(52)) });
    synced(world, s(40), (e) => e.server.port !== 80);
    [3, 4, 5, 20, 21, 22, 36].forEach((start, i) => {
      const serverPort = [80, 443, 8080][i % 3] as number;
      const ports = { clientPort: 41_001 + i, serverPort, ends: keepalive(12, 12, 20) };
      world.open(download(ports, { ...SLOW, lasts: s(80) }), s(start));
    });
    polls(world, { from: s(2), to: s(104), every: s(7) });
    polls(world, { from: s(3), to: s(104), every: s(11), port: 53_001, serverPort: 443 });
    return world.run(s(108));
  },
});

/** A class of connections that node B refuses, old and new. */
const refuses = (port: number, how: 'drop' | 'reject'): Pick<NodeOptions, 'judge'> => ({
  judge: (p) => (p.destinationPort === port || p.sourcePort === port ? how : 'pass'),
});

const policyMismatch1 = scenario({
  name: 'policy-mismatch/1',
  made: "node B's rules lack port 443: it answers with RST, old connections and new",
  shows:
    'on port 443 node B answers every segment with RST, new SYNs too; flows of the same age on 80 and 8080 pass it',
  lost: s(20),
  restored: s(27),
  flows: [
    flow(41_001, 443, 'reset', 'policy-mismatch', { contributing: ['no-state-reject'] }),
    flow(41_004, 443, 'reset', 'policy-mismatch'),
    flow(41_002, 80, 'resumed', RESUMED),
    flow(41_003, 8080, 'resumed', RESUMED),
    flow(41_005, 80, 'resumed', RESUMED),
  ],
  run() {
    const world = new Gateway({ seed: 23, tenures: failover(s(20), s(27)), b: refuses(443, 'reject') });
    synced(world, s(20));
    [443, 80, 8080, 443, 80].forEach((serverPort, i) => {
      const ports = { clientPort: 41_001 + i, serverPort, ends: keepalive(8, 8, 20) };
      world.open(download(ports, { ...SLOW, lasts: s(60) }), s(2 + 3 * i));
    });
    polls(world, { from: s(3), to: s(76), every: s(6) });
    polls(world, { from: s(4), to: s(76), every: s(6), port: 53_001, serverPort: 443 });
    return world.run(s(80));
  },
});

const policyMismatch2 = scenario({
  name: 'policy-mismatch/2',
  made: 'IPv6 over a wide-area network; node B drops port 8443 in silence, old connections and new',
  shows:
    'on port 8443 new SYNs reach node-b.in and not node-b.out, like the old flows; other ports, old and new, pass',
  lost: s(18),
  restored: s(30),
  flows: [
    flow(41_001, 8443, 'hung', 'policy-mismatch', { contributing: ['no-state-drop'] }),
    flow(41_003, 8443, 'hung', 'policy-mismatch'),
    flow(41_002, 443, 'resumed', RESUMED),
    flow(41_004, 80, 'resumed', RESUMED),
  ],
  run() {
    const world = new Gateway({
      ...ELSEWHERE,
      seed: 24,
      tenures: failover(s(18), s(30)),
      b: refuses(8443, 'drop'),
    });
    synced(world, s(18));
    [8443, 443, 8443, 80].forEach((serverPort, i) => {
      const ports = { clientPort: 41_001 + i, serverPort, ends: keepalive(10, 10, 20) };
      world.open(download(ports, { ...SLOW, lasts: s(60) }), s(2 + 2 * i));
    });
    polls(world, { from: s(3), to: s(84), every: s(7) });
    polls(world, { from: s(4), to: s(84), every: s(7), port: 53_001, serverPort: 8443 });
    return world.run(s(88));
  },
});

/** Of the old connections some did not fit into the table; of new ones a part of the SYNs is lost. */
function overloaded(isLost: (entry: Entry) => boolean, seed: number): Pick<NodeOptions, 'judge'> {
  const chance = new Chance(seed);
  return {
    judge(p, _way, entry) {
      if (entry === null) return isSyn(p) && chance.next() < 0.45 ? 'drop' : 'pass';
      return isLost(entry) ? 'drop' : 'pass';
    },
  };
}

const CROWD = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/** Neither by age nor by port. */
const LOST_IN_CROWD = new Set([41_003, 41_007, 41_008, 41_009, 41_011]);

const nodeCapacity = (name: string, options: ConstructorParameters<typeof Gateway>[0], address?: string) =>
  scenario({
    name,
    made: `${address === undefined ? 'routed' : 'source NAT over a wide-area network'}; node B's table is full: five of twelve old connections are missing, and nearly half of the new SYNs are dropped`,
    shows:
      'at node B a part of the old flows and of the new SYNs goes in and not out, without a pattern of age or port; SYNs that are repeated pass',
    lost: s(30),
    restored: s(37),
    flows: [
      flow(41_008, 443, 'hung', 'node-capacity', { contributing: ['no-state-drop'] }),
      flow(41_003, 8080, 'hung', 'node-capacity'),
      flow(41_007, 80, 'hung', 'node-capacity'),
      flow(41_001, 80, 'resumed', RESUMED),
      flow(41_002, 443, 'resumed', RESUMED),
      flow(41_006, 8080, 'resumed', RESUMED),
    ],
    run() {
      const nat = address === undefined ? {} : { outsideOf: movedPort(address, 400) };
      const world = new Gateway({
        ...options,
        a: nat,
        b: { ...nat, ...overloaded((e) => LOST_IN_CROWD.has(e.client.port), 5) },
      });
      synced(world, s(30));
      for (const i of CROWD) {
        const serverPort = [80, 443, 8080][i % 3] as number;
        const ports = { clientPort: 41_001 + i, serverPort, ends: keepalive(11, 11, 20) };
        const start = 1 + ((i * 7) % 12) * 2.3;
        world.open(download(ports, { ...SLOW, lasts: s(80) }), s(start));
      }
      polls(world, { from: s(2), to: s(92), every: s(2.5) });
      return world.run(s(96));
    },
  });

const nodeCapacity1 = nodeCapacity('node-capacity/1', { seed: 25, tenures: failover(s(30), s(37)) });
const nodeCapacity2 = nodeCapacity(
  'node-capacity/2',
  { ...FAR_SERVER, seed: 26, tenures: failover(s(30), s(37)) },
  OUTER,
);

/** The way back is checked against a table that has not moved: every packet of one direction is discarded. */
const reversePathCheck1 = scenario({
  name: 'reverse-path-check/1',
  made: "node B discards all that comes from the server's side, SYN-ACKs too, until the end",
  shows:
    "new SYNs pass from node-b.in to node-b.out; their SYN-ACKs reach node-b.out and go no further, though B has just made the entry; probes of old flows pass, the server's answers do not",
  lost: s(14),
  restored: null,
  flows: [
    flow(41_001, 80, 'hung', 'reverse-path-check'),
    flow(41_002, 443, 'hung', 'reverse-path-check'),
    flow(52_008, 80, 'not-connected', ['reverse-path-check', 'policy-mismatch', 'path-not-restored']),
  ],
  run() {
    const judge: NodeOptions['judge'] = (_p, way) => (way === 'to-client' ? 'drop' : 'pass');
    const world = new Gateway({ seed: 27, tenures: failover(s(14), s(20)), b: { judge } });
    synced(world, s(14));
    const ends = keepalive(7, 7, 20);
    world.open(download({ clientPort: 41_001, serverPort: 80, ends }, { lasts: s(60) }), s(1));
    world.open(download({ clientPort: 41_002, serverPort: 443, ends }, { lasts: s(60) }), s(3));
    polls(world, { from: s(2), to: s(76), every: s(5) });
    return world.run(s(80));
  },
});

const reversePathCheck2 = scenario({
  name: 'reverse-path-check/2',
  made: "IPv6 over a wide-area network; node B discards all that comes from the client's side",
  shows:
    'repeats of the server pass from node-b.out to node-b.in; nothing that reaches node-b.in is seen at node-b.out, SYNs neither',
  lost: s(16),
  restored: null,
  flows: [flow(41_001, 443, 'hung', 'reverse-path-check'), flow(41_002, 80, 'hung', 'reverse-path-check')],
  run() {
    const judge: NodeOptions['judge'] = (_p, way) => (way === 'to-server' ? 'drop' : 'pass');
    const world = new Gateway({ ...ELSEWHERE, seed: 28, tenures: failover(s(16), s(21)), b: { judge } });
    synced(world, s(16));
    world.open(upload({ clientPort: 41_001, serverPort: 443 }, { lasts: s(60) }), s(1));
    world.open(download({ clientPort: 41_002, serverPort: 80 }, { lasts: s(60) }), s(3));
    polls(world, { from: s(2), to: s(66), every: s(5) });
    return world.run(s(70));
  },
});

export const CLASS_SCENARIOS: readonly SynthesisedScenario[] = [
  notYetSynced1,
  notYetSynced2,
  policyMismatch1,
  policyMismatch2,
  nodeCapacity1,
  nodeCapacity2,
  reversePathCheck1,
  reversePathCheck2,
];
