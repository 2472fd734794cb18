/**
 * A connection at rest whose client has opened another one to the same service
 * since: perhaps because this one was dead.
 */
import type { Flow } from '../flow/flow.ts';
import type { Case } from './case.ts';
import type { JudgedFlow } from './judge.ts';

const serviceOf = (flow: Flow): string =>
  `${flow.addressOf(flow.client)} ${flow.addressOf(flow.server)} ${flow.port[flow.server]}`;

/** Connections whose opening was seen, by who opened them to what, oldest first; sorted once somebody asks. */
export type Opened = () => ReadonlyMap<string, readonly Flow[]>;

export function openedByService(flows: readonly JudgedFlow[]): Opened {
  let known: ReadonlyMap<string, readonly Flow[]> | null = null;
  return () => {
    known ??= sorted(flows);
    return known;
  };
}

function sorted(flows: readonly JudgedFlow[]): Map<string, Flow[]> {
  const found = new Map<string, Flow[]>();
  for (const { watch } of flows) {
    const { flow, sides } = watch.connection;
    if (sides[flow.client].syn === 0) continue;
    const known = found.get(serviceOf(flow));
    if (known === undefined) found.set(serviceOf(flow), [flow]);
    else known.push(flow);
  }
  for (const list of found.values()) list.sort((a, b) => a.firstTime - b.firstTime);
  return found;
}

/** Open, at rest, and its client opened another connection to the same service in the meantime. */
export function isReplaced({ watch, flow }: Case, opened: Opened): boolean {
  const [a, b] = watch.connection.sides;
  if (watch.close !== null || a.fin !== 0 || b.fin !== 0 || (a.dataSegments === 0 && b.dataSegments === 0))
    return false;
  const newest = opened().get(serviceOf(flow))?.at(-1);
  return newest !== undefined && newest !== flow && newest.firstTime > flow.lastTime + 1_000_000_000;
}
