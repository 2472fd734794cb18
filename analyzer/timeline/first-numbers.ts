/**
 * The numbers that a connection's sequence numbers are shown relative to: the
 * first of each end, the same at every vantage.
 * The trap: a capture that begins in the middle has a first number of its own;
 * where any vantage saw the SYN, that one counts for all of them. And what a
 * gateway shifts counts by the numbers of the connection's first view.
 */
import type { EndIndex } from '../flow/flow.ts';
import type { FlowView } from '../vantage/join.ts';

/** By role, in the numbers of the connection's first view. */
export interface FirstNumbers {
  readonly client: number;
  readonly server: number;
}

export const firstNumbers = (views: readonly FlowView[]): FirstNumbers => ({
  client: firstOf(views, 'client'),
  server: firstOf(views, 'server'),
});

function firstOf(views: readonly FlowView[], role: 'client' | 'server'): number {
  const own = views.map((view) => {
    const { connection } = view.watch;
    const end: EndIndex = connection.flow[role];
    const side = connection.sides[end];
    const number = side.seen ? side.firstSeq : side.una;
    return { number: (number + view.shift[end]) >>> 0, side };
  });
  const opened = own.find(({ side }) => side.synCount > 0);
  if (opened !== undefined) return opened.number;
  const known = own.filter(({ side }) => side.seen);
  const usable = known.length > 0 ? known : own.filter(({ side }) => side.acked);
  return usable.reduce(
    (least, { number }) => (((number - least) | 0) < 0 ? number : least),
    usable[0]?.number ?? 0,
  );
}
