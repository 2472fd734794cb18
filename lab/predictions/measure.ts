/**
 * What a run shows of a change: whether its connection went on or failed, and when.
 * The trap: a connection that goes on was silent for as long as its stall lasted; one that fails is over when its client says
 * so, and that is counted from the loss of the path, or from the client's start where it opens a connection.
 */
import path from 'node:path';
import { worstStall } from '../../analyzer/index.ts';
import { TcpFlag } from '../../packet/wire/frame.ts';
import { serverPort } from '../client-command.ts';
import type { RunResult } from '../run.ts';
import type { PlannedChange } from './changes.ts';
import type { Course } from './predict.ts';
import { type Connection, readSegments } from './segments.ts';
import { type Tries, triesOf } from './tries.ts';

export interface Measured {
  readonly outcome: 'resumes' | 'fails';
  /** s, as a `Prediction` has it. */
  readonly after: number;
}

/** The connection that the traffic had first: the one that was open, or opened, in the outage. */
export function connectionOf({ clients }: RunResult, traffic: string): Connection | null {
  const client = clients.find(({ name }) => name === traffic);
  const port = client === undefined ? null : serverPort(client.traffic);
  const first = client?.connections[0];
  return first === undefined || port === null ? null : { clientPort: first.localPort, serverPort: port };
}

const capture = ({ folder }: RunResult, vantage: 'client' | 'server'): string =>
  path.join(folder, 'captures', `${vantage}.pcapng.gz`);

/** How its sender tried again, by frames before the path was back and at the sender alone. Null where it did not. */
export async function triesIn(result: RunResult, { traffic, flow }: PlannedChange): Promise<Tries | null> {
  const connection = connectionOf(result, traffic);
  const [lost, back] = [Number(result.truth.pathLost), Number(result.truth.pathRestored)];
  if (connection === null || !(lost > 0) || !(back > lost)) return null;
  const byClient = flow !== 'download';
  const segments = await readSegments(capture(result, byClient ? 'client' : 'server'), connection, back);
  return triesOf(segments, byClient, lost);
}

/** By the lab's own clock. Null where the path was not lost and restored, or the client was not where it should be by then. */
export function madeOf(result: RunResult, { traffic, flow }: PlannedChange): Course | null {
  const { pathLost, pathRestored } = result.truth;
  const client = result.clients.find(({ name }) => name === traffic);
  const opened = client?.connections[0]?.time;
  if (pathLost === null || pathRestored === null || client?.startedAt == null || opened === undefined)
    return null;
  if (opened <= Number(pathLost) === (flow === 'opening')) return null;
  return {
    outage: Number(pathRestored) - Number(pathLost),
    ranBefore: Number(pathLost) - client.startedAt / 1000,
  };
}

/** Null where the run does not show it. */
export async function measure(result: RunResult, change: PlannedChange): Promise<Measured | null> {
  const client = result.clients.find(({ name }) => name === change.traffic);
  const connection = connectionOf(result, change.traffic);
  const lost = Number(result.truth.pathLost);
  if (client === undefined || client.startedAt === null || connection === null || !(lost > 0)) return null;
  const since = change.flow === 'opening' ? client.startedAt / 1000 : lost;
  if (change.endsBy === 'server') {
    const segments = await readSegments(capture(result, 'server'), connection, Number.POSITIVE_INFINITY);
    const reset = segments.find((one) => !one.fromClient && (one.flags & TcpFlag.Rst) !== 0);
    if (reset !== undefined) return { outcome: 'fails', after: reset.time - since };
  }
  if (client.exit !== null && client.exit !== 0)
    return { outcome: 'fails', after: client.endedAt! / 1000 - since };
  const flow = result.report.flows.find(
    (one) => one.client.port === connection.clientPort && one.server.port === connection.serverPort,
  );
  const stall = flow === undefined ? null : worstStall(flow);
  return stall === null || stall.censored ? null : { outcome: 'resumes', after: stall.duration };
}
