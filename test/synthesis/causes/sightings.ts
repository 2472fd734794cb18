/**
 * A picture of a scenario: how many frames of its flow each vantage has, in
 * each direction, before the loss, in the outage and after it. Where a number
 * falls from one vantage to the next, something was dropped between them.
 * The trap: counted from the world itself, through NAT and proxies; a capture's
 * clock is not asked.
 */
import { type Nanos, toSeconds } from '../../../packet/time.ts';
import { TcpFlag } from '../../../packet/wire/frame.ts';
import { type Gateway, VANTAGES } from '../gateway.ts';
import { has, type TcpPacket } from '../world/packet.ts';
import { ORIGIN, type Sighting } from '../world/tap.ts';
import type { SynthesisedScenario } from './scenario.ts';

interface Phase {
  readonly name: string;
  readonly from: Nanos;
  readonly to: Nanos;
}

/** The scenario as text: a table a phase, `to server/to client`, and `r` with the number of RSTs among them. */
export function sightingsOf(scenario: SynthesisedScenario): string {
  const world = scenario.run();
  const lines = phasesOf(scenario).map((phase) => {
    const cells = VANTAGES.map((v) => cell(world, v, scenario, phase).padEnd(13));
    return `  ${phase.name.padEnd(18)}${cells.join('')}`.trimEnd();
  });
  const { clientPort, serverPort } = scenario.truth;
  const title = `${scenario.name}, port ${clientPort} to ${serverPort}: ${scenario.made}`;
  const head = `  ${''.padEnd(18)}${VANTAGES.map((v) => v.padEnd(13)).join('')}`.trimEnd();
  return [title, head, ...lines, ''].join('\n');
}

function phasesOf({ truth }: SynthesisedScenario): Phase[] {
  const failovers =
    truth.failovers ??
    (truth.pathLost === null ? [] : [{ lost: truth.pathLost, restored: truth.pathRestored }]);
  const phases: Phase[] = [];
  let from = 0;
  for (const { lost, restored } of failovers) {
    phases.push(phase('before', from, toNanos(lost)));
    from = toNanos(lost);
    if (restored === null) continue;
    phases.push(phase('outage', from, toNanos(restored)));
    from = toNanos(restored);
  }
  const name = from === 0 ? 'the whole run' : `after ${toSeconds(from).toFixed(1)} s`;
  phases.push({ name, from, to: Number.POSITIVE_INFINITY });
  return phases;
}

const phase = (name: string, from: Nanos, to: Nanos): Phase => ({
  name: `${name} ${toSeconds(to).toFixed(1)} s`,
  from,
  to,
});

const toNanos = (epoch: bigint): Nanos => Number(epoch - ORIGIN);

function cell(
  world: Gateway,
  vantage: (typeof VANTAGES)[number],
  { truth }: SynthesisedScenario,
  { from, to }: Phase,
): string {
  const seen = world.sightings(vantage).filter((s) => from <= s.time && s.time < to);
  const packets = seen.map(ofTcp).filter((p): p is TcpPacket => p !== null);
  const own = packets.filter(
    ({ talk }) => talk.clientPort === truth.clientPort && talk.serverPort === truth.serverPort,
  );
  const up = own.filter((p) => p.destinationPort === truth.serverPort);
  return `${count(up)}/${count(own.filter((p) => !up.includes(p)))}`;
}

const ofTcp = ({ packet }: Sighting): TcpPacket | null => (packet.kind === 'tcp' ? packet : null);

function count(packets: readonly TcpPacket[]): string {
  const resets = packets.filter((p) => has(p, TcpFlag.Rst)).length;
  return `${packets.length}${resets === 0 ? '' : `r${resets}`}`;
}
