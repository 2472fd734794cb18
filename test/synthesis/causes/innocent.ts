/**
 * Six captures and no failover: a closed window, a server that thinks, plain
 * loss, nothing at all, and a capture that has a hole. Node B stands by.
 */
import { Gateway, type GatewayOptions, type VantageName } from '../gateway.ts';
import { download, requests, upload } from '../world/applications.ts';
import { Chance } from '../world/clockwork.ts';
import type { Packet } from '../world/packet.ts';
import {
  ELSEWHERE,
  FAR_SERVER,
  flow,
  polls,
  type SynthesisedScenario,
  s,
  scenario,
  UNSET_CLOCKS,
  withFaults,
} from './scenario.ts';

/** Node A in office all the time, node B with its interfaces up beside it, each with its own MAC. */
const STANDBY: Pick<GatewayOptions, 'tenures' | 'macs' | 'vrrp'> = {
  macs: 'stay',
  vrrp: true,
  tenures: [
    { node: 'a', from: 0 },
    { node: 'b', from: 0, standby: true },
  ],
};
/** Node B's interfaces are down: its captures are empty. */
const ALONE: Pick<GatewayOptions, 'tenures'> = { tenures: [{ node: 'a', from: 0 }] };

const quiet = (
  name: string,
  made: string,
  shows: string,
  cause: 'zero-window' | 'application-idle' | 'loss' | 'capture-gap' | null,
  run: () => Gateway,
): SynthesisedScenario =>
  scenario({
    name,
    made,
    shows,
    lost: null,
    restored: null,
    flows: [
      flow(
        41_001,
        80,
        cause === 'loss' ? ['unaffected', 'resumed'] : 'unaffected',
        cause === 'loss' ? [null, 'loss'] : null,
      ),
    ],
    run,
  });

const zeroWindow = (
  name: string,
  options: Partial<GatewayOptions>,
  pause: { after: number; lasts: number; buffer: number },
) =>
  quiet(
    name,
    `the client stops reading for ${pause.lasts} s; no failover`,
    'the client offers a window of 0 at every vantage, and the server probes it; node A forwards all of it',
    'zero-window',
    () => {
      const world = new Gateway({ ...ALONE, ...options });
      const length = { lasts: s(30), burst: 6 };
      const ends = { client: { buffer: pause.buffer } };
      const wait = { after: s(pause.after), lasts: s(pause.lasts) };
      world.open(download({ clientPort: 41_001, serverPort: 80, ends }, { ...length, pause: wait }), s(0.6));
      polls(world, { from: s(2), to: s(46), every: s(5) });
      return world.run(s(50));
    },
  );

const thinking = (name: string, options: Partial<GatewayOptions>, think: number) =>
  quiet(
    name,
    `the server thinks for ${think} s before it answers; no failover`,
    'the request is acknowledged at every vantage; nothing is repeated, and the answer comes in the end',
    'application-idle',
    () => {
      const world = new Gateway({ ...ALONE, ...options });
      const talk = download({ clientPort: 41_001, serverPort: 80 }, { length: 60_000, think: s(think) });
      world.open(talk, s(3));
      polls(world, { from: s(2), to: s(46), every: s(5) });
      return world.run(s(48));
    },
  );

const plainLoss = (name: string, options: Partial<GatewayOptions>, at: VantageName) =>
  quiet(
    name,
    `2 % of the segments are lost on the way to ${at}, and one segment four times in a row; no failover`,
    'segments are missing between two vantages, their repeats pass by the same node, and all other flows go on',
    'loss',
    () => {
      const chance = new Chance(9);
      const unlucky = new Map<number, number>();
      const world = new Gateway({
        ...ALONE,
        ...options,
        loses({ packet, to, now }) {
          if (packet.kind !== 'tcp' || to !== at || packet.payload.length === 0) return false;
          const isFirst = packet.destinationPort === 41_001 && now > s(9) && unlucky.size === 0;
          const times = unlucky.get(packet.seq) ?? (isFirst ? 0 : 4);
          if (times < 4) unlucky.set(packet.seq, times + 1);
          return times < 4 || chance.next() < 0.02;
        },
      });
      world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(30) }), s(0.6));
      world.open(upload({ clientPort: 41_002, serverPort: 80 }, { lasts: s(30) }), s(1));
      polls(world, { from: s(2), to: s(44), every: s(5) });
      return world.run(s(48));
    },
  );

const nothing = (name: string, options: Partial<GatewayOptions>) =>
  quiet(
    name,
    'a download, an upload, a pooled connection; no failover',
    'every segment is at every vantage of node A',
    null,
    () => {
      const world = new Gateway({ ...ALONE, ...options });
      world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(30) }), s(0.6));
      world.open(upload({ clientPort: 41_002, serverPort: 443 }, { lasts: s(25) }), s(1));
      const times = [s(2), s(9), s(21), s(40)];
      world.open(requests({ clientPort: 41_003, serverPort: 8080 }, { times }), s(1.5));
      polls(world, { from: s(2), to: s(44), every: s(5) });
      return world.run(s(48));
    },
  );

const captureGap = (name: string, options: Partial<GatewayOptions>, at: VantageName) =>
  quiet(
    name,
    `the capture ${at} misses six seconds of everything; no failover`,
    `${at} has nothing between two times in which all other vantages have the flow`,
    'capture-gap',
    () => {
      const misses = (_packet: Packet, time: number): boolean => time > s(17) && time < s(23);
      const faults = withFaults(options.faults ?? {}, { [at]: { misses } });
      const world = new Gateway({ ...ALONE, ...options, faults });
      world.open(download({ clientPort: 41_001, serverPort: 80 }, { lasts: s(40) }), s(0.6));
      world.open(upload({ clientPort: 41_002, serverPort: 80 }, { lasts: s(40) }), s(1));
      polls(world, { from: s(2), to: s(46), every: s(5) });
      return world.run(s(50));
    },
  );

export const INNOCENT_SCENARIOS: readonly SynthesisedScenario[] = [
  zeroWindow('control-zero-window/1', { seed: 71 }, { after: 5, lasts: 14, buffer: 64_128 }),
  zeroWindow(
    'control-zero-window/2',
    { ...ELSEWHERE, ...STANDBY, seed: 72 },
    { after: 8, lasts: 20, buffer: 20_480 },
  ),
  thinking('control-server-think/1', { ...STANDBY, seed: 73 }, 13),
  thinking('control-server-think/2', { ...FAR_SERVER, seed: 74 }, 21),
  plainLoss('control-loss/1', { seed: 75 }, 'client'),
  plainLoss('control-loss/2', { ...ELSEWHERE, ...STANDBY, seed: 76 }, 'node-a.out'),
  nothing('control-nothing/1', { ...STANDBY, seed: 77 }),
  nothing('control-nothing/2', { ...FAR_SERVER, faults: UNSET_CLOCKS, seed: 78 }),
  captureGap('control-capture-gap/1', { seed: 79 }, 'client'),
  captureGap('control-capture-gap/2', { ...ELSEWHERE, ...STANDBY, seed: 80 }, 'node-a.in'),
];
