/**
 * What the matrix measures: of each client its fate, by what the client itself said, and beside it what the
 * diagnosis found of the connection that it had when the path was lost.
 * The trap: a client can end well and yet have lost its connection, by asking again on a new one.
 */
import { type Flow, type Report, worstStall } from '../../analyzer/index.ts';
import { serverPort } from '../client-command.ts';
import { type ClientResult, parseWords } from '../client-run.ts';
import type { Truth } from '../truth.ts';

/**
 * `unharmed`: its connection went on. `again`: it ended well, on another connection. `fails`: it ended with an error,
 * or a request of it did. `waits`: neither, until the lab stopped.
 */
export const FATES = ['unharmed', 'again', 'fails', 'waits'] as const;
export type Fate = (typeof FATES)[number];

export interface Cell {
  /** `<setup>/<client>/<outage>s`: how `docs/answers.md` cites it. */
  readonly id: string;
  readonly setup: string;
  readonly client: string;
  /** s. */
  readonly outage: number;
  readonly fate: Fate;
  /**
   * s. From the loss of the path until the client ended with an error (`fails`), until its next connection (`again`),
   * until the lab stopped (`waits`). Of `unharmed` the longest time without a new byte, as the captures have it.
   */
  readonly after: number | null;
  /** The client's own words, such as an exit code. */
  readonly said: string;
  /** Of an API client: requests that failed, and how many it made. */
  readonly requests: { readonly failed: number; readonly made: number } | null;
  /** What the diagnosis says. Null: it does not have the connection. */
  readonly found: { readonly flow: string; readonly outcome: string; readonly cause: string | null } | null;
}

export interface CellSource {
  readonly setup: string;
  /** s. */
  readonly outage: number;
  readonly truth: Truth;
  readonly report: Report;
  readonly clients: readonly ClientResult[];
}

/** One a client, in the order of the clients. */
export function cellsOf(source: CellSource): Cell[] {
  return source.clients.map((client) => {
    const lost = Number(source.truth.pathLost);
    const flow = flowAt(source.report, client, lost);
    const fate = fateOf(client);
    return {
      id: `${source.setup}/${client.name}/${source.outage}s`,
      setup: source.setup,
      client: client.name,
      outage: source.outage,
      fate,
      after: afterOf(fate, client, { lost, stopped: Number(source.truth.capturedUntil), flow }),
      said: saidBy(client),
      requests: requestsOf(client),
      found:
        flow === undefined
          ? null
          : {
              flow: flow.id,
              outcome: flow.outcome,
              cause: flow.cause ?? (flow.outcome === 'unaffected' ? (worstStall(flow)?.cause ?? null) : null),
            },
    };
  });
}

function fateOf({ endedAt, exit, connections }: ClientResult): Fate {
  if (endedAt === null) return 'waits';
  if (exit !== 0) return 'fails';
  return connections.length > 1 ? 'again' : 'unharmed';
}

/** The connection that was open when the path was lost: its last before then. */
function connectionAt({ connections }: ClientResult, lost: number) {
  return connections.findLast(({ time }) => time <= lost) ?? connections[0];
}

function flowAt(report: Report, client: ClientResult, lost: number): Flow | undefined {
  const connection = connectionAt(client, lost);
  const port = serverPort(client.traffic);
  return report.flows.find(
    (flow) => flow.client.port === connection?.localPort && (port === null || flow.server.port === port),
  );
}

interface Times {
  /** s since the epoch. */
  readonly lost: number;
  readonly stopped: number;
  readonly flow: Flow | undefined;
}

function afterOf(fate: Fate, client: ClientResult, { lost, stopped, flow }: Times): number | null {
  switch (fate) {
    case 'unharmed':
      return flow === undefined ? null : (worstStall(flow)?.duration ?? 0);
    case 'again': {
      const next = client.connections.find(({ time }) => time > lost);
      return next === undefined ? null : round(next.time - lost);
    }
    case 'fails': {
      const failed = parseWords(client.output).find(({ event }) => event === 'failed')?.time;
      return round((failed ?? client.endedAt! / 1000) - lost);
    }
    case 'waits':
      return round(stopped - lost);
  }
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;

function requestsOf({ traffic, output }: ClientResult): Cell['requests'] {
  if (traffic.run !== 'api') return null;
  const words = parseWords(output);
  const failed = words.filter(({ event }) => event === 'failed').length;
  return { failed, made: failed + words.filter(({ event }) => event === 'done').length };
}

function saidBy({ exit, output, endedAt }: ClientResult): string {
  if (endedAt === null) return 'nothing';
  const why = parseWords(output).flatMap((word) => (word.event === 'failed' && word.why ? [word.why] : []));
  if (why.length > 0) return [...new Set(why)].join(', ');
  const error = /\berr=(.+)$/m.exec(output)?.[1];
  return `exit ${exit}${error === undefined ? '' : ` (${error})`}`;
}
