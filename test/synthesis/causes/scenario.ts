/**
 * A synthesised failover: how its world runs, and what is true of it.
 * The trap: the truth is written down beside the plan, never measured from the
 * run; `sightings.txt` shows what the run made of it.
 */
import type { CauseId, Outcome } from '../../../analyzer/index.ts';
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import { type CaptureFile, epochOf, type Gateway, type GatewayOptions, type HostName } from '../gateway.ts';
import { requests } from '../world/applications.ts';
import type { Entry, Place } from '../world/state.ts';
import type { TapFaults } from '../world/tap.ts';

/** What became of one flow. Accepted values, the best first; a cause of null: none. */
export interface FlowTruth {
  readonly clientPort: number;
  readonly serverPort: number;
  /** Among flows of these ports in the order of time. Default 0. */
  readonly nth?: number;
  readonly outcome: readonly Outcome[];
  readonly cause: readonly (CauseId | null)[];
  readonly contributing?: readonly CauseId[];
}

export interface Truth extends FlowTruth {
  /** Ns since the epoch; null where no path was lost, or none came back in both directions. */
  readonly pathLost: bigint | null;
  readonly pathRestored: bigint | null;
  /** Where there is more than one failover: every one, in order. */
  readonly failovers?: readonly { readonly lost: bigint; readonly restored: bigint }[];
  /** Flows whose fate is the contrast. */
  readonly others: readonly FlowTruth[];
}

export interface SynthesisedScenario {
  /** Cause and variant, such as `snat-port-clash/1`. */
  readonly name: string;
  readonly made: string;
  /** What in the captures decides, in one line. */
  readonly shows: string;
  readonly truth: Truth;
  /** Runs the world. Every run is the same. */
  run(): Gateway;
}

/** The captures of one run: six, and the same with both interfaces of a node in one file. */
export interface Recording {
  readonly scenario: SynthesisedScenario;
  readonly six: readonly CaptureFile[];
  readonly any: readonly CaptureFile[];
}

export function record(scenario: SynthesisedScenario): Recording {
  const world = scenario.run();
  return { scenario, six: world.captures(), any: world.captures(true) };
}

export interface ScenarioPlan {
  readonly name: string;
  readonly made: string;
  readonly shows: string;
  readonly lost: Nanos | null;
  readonly restored: Nanos | null;
  readonly failovers?: readonly { readonly lost: Nanos; readonly restored: Nanos }[];
  /** The flow that the scenario is about, then the contrast. */
  readonly flows: readonly [FlowTruth, ...FlowTruth[]];
  run(): Gateway;
}

export function scenario(plan: ScenarioPlan): SynthesisedScenario {
  const { name, made, shows, lost, restored, flows, failovers, run } = plan;
  const [main, ...others] = flows;
  const epoch = (time: Nanos | null): bigint | null => (time === null ? null : epochOf(time));
  return {
    name,
    made,
    shows,
    truth: {
      ...main,
      others,
      pathLost: epoch(lost),
      pathRestored: epoch(restored),
      ...(failovers === undefined
        ? {}
        : {
            failovers: failovers.map((f) => ({ lost: epochOf(f.lost), restored: epochOf(f.restored) })),
          }),
    },
    run,
  };
}

/** A flow's truth in one line: `flow(41001, 80, 'hung', 'no-state-drop')`. */
export const flow = (
  clientPort: number,
  serverPort: number,
  outcome: Outcome | readonly Outcome[],
  cause: CauseId | null | readonly (CauseId | null)[],
  more: Partial<FlowTruth> = {},
): FlowTruth => ({
  clientPort,
  serverPort,
  outcome: typeof outcome === 'string' ? [outcome] : outcome,
  cause: cause === null || typeof cause === 'string' ? [cause] : cause,
  ...more,
});

/** The causes of a flow that came back by itself: by how much the timer was late is not the point. */
export const RESUMED = ['rto-backoff', 'outage'] as const;

export const s = seconds;
export const ms = millis;

/** Clocks that nobody has set: up to a second apart, and one that drifts. */
export const UNSET_CLOCKS: NonNullable<GatewayOptions['faults']> = {
  client: { offset: 0 },
  'node-a.in': { offset: ms(-37.2) },
  'node-a.out': { offset: ms(-37.2) },
  'node-b.in': { offset: ms(412.7) },
  'node-b.out': { offset: ms(412.7) },
  server: { offset: ms(-890.4), skew: 12 },
};

/** A second setting: IPv6 over a wide-area network, a client of another make, clocks apart. */
export const ELSEWHERE = {
  seed: 77,
  ipv6: true,
  clientDelay: ms(17),
  ttl: { client: 128 },
  faults: UNSET_CLOCKS,
  snaplen: 160,
} as const satisfies Partial<GatewayOptions>;

/** A third: IPv4, a server far behind the gateway, clocks apart. */
export const FAR_SERVER = {
  seed: 991,
  serverDelay: ms(24),
  ttl: { client: 64, server: 128 },
  faults: UNSET_CLOCKS,
  snaplen: 96,
} as const satisfies Partial<GatewayOptions>;

export const withFaults = (
  base: NonNullable<GatewayOptions['faults']>,
  more: NonNullable<GatewayOptions['faults']>,
): NonNullable<GatewayOptions['faults']> => {
  const merged: Partial<Record<keyof typeof base, TapFaults>> = { ...base };
  for (const [vantage, faults] of Object.entries(more) as [keyof typeof base, TapFaults][]) {
    merged[vantage] = { ...merged[vantage], ...faults };
  }
  return merged;
};

export interface Polling {
  readonly from: Nanos;
  readonly to: Nanos;
  readonly every: Nanos;
  readonly port?: number;
  readonly serverPort?: number;
  readonly host?: HostName;
}

/** New connections in the background, one short request each: they show whether the path works. */
export function polls(world: Gateway, o: Polling): void {
  let port = o.port ?? 52_001;
  for (let at = o.from; at < o.to; at += o.every) {
    const ports = { clientPort: port, serverPort: o.serverPort ?? 80 };
    world.open(requests(ports, { times: [0] }), at, o.host);
    port += 1;
  }
}

/** Node B takes what node A knows, at a time; or only what is chosen. */
export function synced(world: Gateway, at: Nanos, chosen?: (entry: Entry) => boolean): void {
  world.at(at, () => {
    world.nodes.b.adopt(world.nodes.a, (e) => (chosen?.(e) === false ? null : e));
  });
}

export const keepalive = (idle: number, interval: number, count: number) => ({
  client: { keepalive: { idle: s(idle), interval: s(interval), count } },
});

/** The gateway's outer address, which source NAT uses. */
export const OUTER = '10.2.0.1';

/** Source NAT that keeps the client's port, or moves all ports by the same. */
export const samePort =
  (address: string) =>
  (client: Place): Place => ({ address, port: client.port });
export const movedPort =
  (address: string, by: number) =>
  (client: Place): Place => ({ address, port: client.port + by });
