/**
 * What really happened, in the form of the captures of failovers that this repository tests by, and whether it
 * happened as the scenario says.
 * The trap: a diagnosis must not prove itself. Nothing here comes from captures or journals: expectations
 * stand in the scenario, times are those of commands, ports and endings are the clients'.
 */
import type { ClientConnection, ClientResult } from './client-run.ts';
import type { Expectation, Scenario } from './scenario.ts';
import type { Course } from './timeline.ts';

export interface FlowTruth {
  /** Of the traffic; of `mixed` with the connection's number. */
  readonly name: string;
  readonly clientPort: number;
  readonly serverPort: number;
  /** s since the epoch, when the client had it. */
  readonly since: string;
  readonly outcome: readonly string[];
  readonly cause: readonly (string | null)[];
  readonly contributing: readonly string[];
  readonly clientSaid: string;
}

export interface Truth extends Omit<FlowTruth, 'name' | 'clientPort' | 'serverPort' | 'since'> {
  readonly scenario: string;
  readonly made: string;
  readonly flow: { readonly clientPort: number; readonly serverPort: number };
  /** s since the epoch. */
  readonly pathLost: string | null;
  readonly pathRestored: string | null;
  readonly flows: readonly FlowTruth[];
  readonly failovers: readonly {
    readonly by: string;
    readonly lost: string;
    readonly restored: string | null;
  }[];
  /** Whether the path went over to the other node; null where both forward at once, and no answer is right or wrong. */
  readonly failedOver: boolean | null;
  readonly done: readonly { readonly at: string; readonly what: string }[];
  /** The captures ran until then. */
  readonly capturedUntil: string;
  /** In what the run differed from its scenario; nothing is measured against it then. */
  readonly notAsWritten: readonly string[];
}

export function writeTruth(
  name: string,
  scenario: Scenario,
  course: Course,
  clients: readonly ClientResult[],
): Truth {
  const flows = clients.flatMap((client) => flowsOf(client, scenario.expect[client.name]));
  const [first] = flows;
  return {
    scenario: name,
    made: scenario.title,
    flow: { clientPort: first?.clientPort ?? 0, serverPort: first?.serverPort ?? 0 },
    outcome: first?.outcome ?? [],
    cause: first?.cause ?? [],
    contributing: first?.contributing ?? [],
    pathLost: seconds(course.failovers[0]?.lost ?? null),
    pathRestored: seconds(course.failovers[0]?.restored ?? null),
    clientSaid: first?.clientSaid ?? '',
    flows,
    failovers: course.failovers.map(({ by, lost, restored }) => ({
      by,
      lost: seconds(lost),
      restored: seconds(restored),
    })),
    failedOver: scenario.gateway.splitBrain ? null : course.failovers.length > 0,
    done: course.done.map(({ at, what }) => ({ at: seconds(at), what })),
    capturedUntil: seconds(course.end),
    notAsWritten: [
      ...clients.flatMap((client) => differences(client, scenario.expect[client.name], restoredAt(course))),
      ...courseDifferences(scenario, course),
    ],
  };
}

/** The connection that is judged is the first; of `mixed`, each. */
function flowsOf(client: ClientResult, expected: Expectation | undefined): FlowTruth[] {
  if (expected === undefined) return [];
  const connections =
    client.traffic.run === 'mixed' ? firstOfEach(client.connections) : client.connections.slice(0, 1);
  const outcome = borneOut(client, expected.outcome);
  return connections.map(({ localPort, remotePort, time, of }) => ({
    name: of === null ? client.name : `${client.name}-${of}`,
    clientPort: localPort,
    serverPort: remotePort,
    since: time.toFixed(3),
    outcome,
    cause: expected.cause,
    contributing: expected.contributing,
    clientSaid: lastWords(client),
  }));
}

/** Of several outcomes those that the client's own end allows, where it has one connection and no other after it. */
function borneOut({ traffic, startedAt, endedAt }: ClientResult, outcomes: Expectation['outcome']) {
  if ((traffic.run !== 'curl' && traffic.run !== 'upload') || startedAt === null) return outcomes;
  const against = endedAt === null ? 'reset' : 'hung';
  const left = outcomes.filter((outcome) => outcome !== against);
  return left.length > 0 ? left : outcomes;
}

function firstOfEach(connections: readonly ClientConnection[]): ClientConnection[] {
  const first = new Map<number | null, ClientConnection>();
  for (const connection of connections) if (!first.has(connection.of)) first.set(connection.of, connection);
  return [...first.values()];
}

function lastWords({ output, exit, startedAt, endedAt }: ClientResult): string {
  if (startedAt === null) return 'never started';
  const lines = output.trim().split('\n').slice(-3).join('\n').slice(-400);
  const how =
    endedAt === null
      ? 'still running when the lab stopped'
      : `exit=${exit} after ${((endedAt - startedAt) / 1000).toFixed(1)} s`;
  return lines === '' ? how : `${lines}\n${how}`;
}

/** In words, each a sentence. */
export function differences(
  client: ClientResult,
  expected: Expectation | undefined,
  /** ms since the epoch; null where the path did not come back, or was never lost. */
  restored: number | null,
): string[] {
  const { name, startedAt, endedAt, exit, output, connections } = client;
  if (expected === undefined) return [];
  if (startedAt === null) return [`${name} never started`];
  const { says } = expected;
  const took = endedAt === null ? null : endedAt - startedAt;
  const found: string[] = [];
  if (connections.length === 0) found.push(`${name} made no connection`);
  if (says.running && exit !== null) found.push(`${name} ended with ${exit} and was expected to hang`);
  if (says.exit !== undefined && (exit === null || !says.exit.includes(exit)))
    found.push(
      `${name} ${exit === null ? 'still ran' : `ended with ${exit}`} and was expected to end with ${says.exit.join(' or ')}`,
    );
  if (says.output !== undefined && !new RegExp(says.output, 'm').test(output))
    found.push(`${name} did not say ${says.output}`);
  if (took !== null && says.tookFrom !== undefined && took < says.tookFrom)
    found.push(`${name} took ${took / 1000} s, less than ${says.tookFrom / 1000}`);
  if (took !== null && says.tookTo !== undefined && took > says.tookTo)
    found.push(`${name} took ${took / 1000} s, more than ${says.tookTo / 1000}`);
  if (says.endsAfterRestored !== undefined) {
    const after = endedAt === null || restored === null ? null : endedAt - restored;
    if (after === null || after > says.endsAfterRestored)
      found.push(
        `${name} ${after === null ? 'did not end after the path was back' : `ended ${(after / 1000).toFixed(2)} s after the path was back`}, and was expected to within ${says.endsAfterRestored / 1000} s`,
      );
  }
  return found;
}

/** The last failover's; ms since the epoch. */
function restoredAt({ failovers }: Course): number | null {
  const restored = failovers.at(-1)?.restored ?? null;
  return restored === null ? null : Number(restored) / 1e6;
}

function courseDifferences(scenario: Scenario, { failovers }: Course): string[] {
  if (scenario.control) return failovers.length === 0 ? [] : ['a control had a failover'];
  if (failovers.length === 0 && !scenario.gateway.splitBrain) return ['no failover happened'];
  if (scenario.restored && failovers.some(({ restored }) => restored === null))
    return ['the path did not come back'];
  return [];
}

/** ns since the epoch as decimal seconds. */
export function seconds<T extends bigint | null>(ns: T): T extends bigint ? string : string | null;
export function seconds(ns: bigint | null): string | null {
  if (ns === null) return null;
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
}
