/**
 * What the other views of a connection say against an end that one of them
 * seems to show: it went on where another capture reaches, or was closed there.
 */
import { seqDistance } from '../packet/seq.ts';
import type { Correlation, FlowView, JoinedLeg } from './correlate.ts';
import type { Flow } from './flow/flow.ts';
import type { Station } from './vantage/stations.ts';

/** A view that began in mid-stream may have missed as much of a window. */
const ROUND = 1 << 20;

/**
 * By the numbers of both ends, which no clock can mislead: a view that has more of both directions. An end's own view
 * may lack the last acknowledgements that were on their way to it when the path went; more than it had sent it cannot.
 */
export function wentOnElsewhere({ views }: JoinedLeg, flow: Flow, { stations }: Correlation): boolean {
  const own = views.find((v) => v.watch.connection.flow === flow);
  if (own === undefined) return false;
  const acked = ({ watch, shift }: FlowView, of: 'client' | 'server'): number | null => {
    const end = watch.connection.flow[of];
    const side = watch.connection.sides[end];
    return side.acked ? (side.una + shift[end]) >>> 0 : null;
  };
  const station = stations[own.vantage];
  const isEndsOwn = (station?.place === 'client' || station?.place === 'server') && station.guessed !== true;
  const told = (of: 'client' | 'server'): number | null => (isEndsOwn ? sentUntil(own, of) : acked(own, of));
  return views.some((v) =>
    (['client', 'server'] as const).some((of) => {
      const [here, there] = [told(of), acked(v, of)];
      if (v === own || here === null || there === null) return false;
      const further = seqDistance(there, here);
      // Numbers that something shifted are off by more than was captured there.
      const side = v.watch.connection.sides[v.watch.connection.flow[of]];
      return further > 1 && further <= side.dataSegments * side.largestPayload + ROUND;
    }),
  );
}

/** Behind the last that this end sent, by the numbers of the connection; null where the view has nothing of it. */
export function sentUntil({ watch, shift }: FlowView, of: 'client' | 'server'): number | null {
  const end = watch.connection.flow[of];
  const side = watch.connection.sides[end];
  return side.seen ? (side.next + shift[end]) >>> 0 : null;
}

/** A FIN or RST of it is in a capture of which nobody knows where it was taken. */
export const closedSomewhere = ({ views }: JoinedLeg, { stations }: Correlation): boolean =>
  views.some((v) => stations[v.vantage]?.place === 'unknown' && v.watch.close !== null);

/** Which ends were captured. */
export const endsOf = (stations: readonly Station[]): { client: boolean; server: boolean } => ({
  client: stations.some((s) => s.place === 'client'),
  server: stations.some((s) => s.place === 'server'),
});
