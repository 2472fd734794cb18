/**
 * The two legs of a proxied flow share no packet, but what comes out of a proxy
 * had gone in before: the request on the client's leg, the answer on the
 * server's. That ties the clocks of the captures on either side of it.
 */
import type { FlowView } from './join.ts';
import type { JoinedFlow } from './legs.ts';
import type { SharedPacket } from './shared-packets.ts';

/** For every two vantages that hold different legs of a flow: the moments at which the same bytes were seen. */
export function legTimes(
  flows: readonly JoinedFlow[],
  shifts: readonly number[],
): { a: number; b: number; packets: SharedPacket[] }[] {
  const found = new Map<string, { a: number; b: number; packets: SharedPacket[] }>();
  for (const { legs } of flows) {
    const [inner, outer] = legs;
    if (inner === undefined || outer === undefined) continue;
    for (const one of inner.views) {
      for (const two of outer.views) {
        if (one.vantage === two.vantage) continue;
        const [a, b] = one.vantage < two.vantage ? [one, two] : [two, one];
        const key = `${a.vantage} ${b.vantage}`;
        const pair = found.get(key) ?? { a: a.vantage, b: b.vantage, packets: [] };
        pair.packets.push(...sameBytes(a, b, shifts));
        if (pair.packets.length > 0) found.set(key, pair);
      }
    }
  }
  return [...found.values()];
}

function sameBytes(a: FlowView, b: FlowView, shifts: readonly number[]): SharedPacket[] {
  const side = (v: FlowView, of: 'client' | 'server') => {
    const { flow, sides } = v.watch.connection;
    return sides[of === 'client' ? flow.client : flow.server];
  };
  const at = (v: FlowView, time: number): number => time + (shifts[v.vantage] ?? 0);
  return (['client', 'server'] as const).flatMap((of) => {
    const [x, y] = [side(a, of), side(b, of)];
    if (x.head === null || y.head === null) return [];
    return [
      { a: at(a, x.headTime), b: at(b, y.headTime), dir: of === 'client' ? ('c' as const) : ('s' as const) },
    ];
  });
}
