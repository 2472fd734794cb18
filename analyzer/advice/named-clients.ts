/**
 * In a sentence, what well-known clients would have done to a stall as they are delivered, and how two of them are told to wait
 * for so long and no longer.
 * The trap: the first of a client's timers ends it, whatever the others say.
 */
import type { TimerReplay } from '../report/report.ts';

interface Firing {
  readonly client: string;
  /** s. */
  readonly after: number;
  readonly row: TimerReplay;
}

/** The first timer of each client that ends it, soonest first. The kernel's own stand in the table only. */
function firings(rows: readonly TimerReplay[], outcome: 'fails' | 'may-fail' = 'fails'): Firing[] {
  const first = new Map<string, Firing>();
  for (const row of rows) {
    const { client, end, delivered } = row;
    if (end !== 'client' || client === 'linux' || delivered.outcome !== outcome) continue;
    const after = delivered.after ?? Number.POSITIVE_INFINITY;
    const known = first.get(client);
    if (known === undefined || after < known.after) first.set(client, { client, after, row });
  }
  return [...first.values()].sort((a, b) => a.after - b.after);
}

/** The first that may end it, of clients of which none does for certain. */
const doubtful = (rows: readonly TimerReplay[], certain: readonly Firing[]): Firing[] =>
  firings(rows, 'may-fail').filter(({ client }) => certain.every((one) => one.client !== client));

/** Those that would have ended a connection that went on; null where none would. */
export function endedTooSoon(rows: readonly TimerReplay[]): string | null {
  const all = firings(rows);
  const perhaps = doubtful(rows, all);
  if (all.length + perhaps.length === 0) return null;
  const about = all.filter(({ row }) => row.delivered.aboutToGoOn === true);
  const before = all.filter((one) => !about.includes(one));
  const parts = [
    ...(before.length > 0 ? [list(before)] : []),
    ...(about.length > 0 ? [`with the path back and the sender about to try: ${list(about)}`] : []),
    ...(perhaps.length > 0 ? [`perhaps: ${list(perhaps)}`] : []),
  ];
  return parts.join('; ');
}

/** What of a connection that did not go on is told to whom, and to whom nothing is; null where nothing is known. */
export function endedAnyhow(rows: readonly TimerReplay[]): string | null {
  const all = firings(rows);
  if (all.length === 0) return null;
  const clients = [
    ...new Set(
      rows.filter(({ end, client }) => end === 'client' && client !== 'linux').map(({ client }) => client),
    ),
  ];
  const waiting = clients.filter((client) =>
    rows.every((row) => row.client !== client || row.end !== 'client' || row.delivered.outcome === 'waits'),
  );
  const open = doubtful(rows, all);
  const later = open.filter(({ after }) => Number.isFinite(after));
  const unknown = open.filter((one) => !later.includes(one)).map(({ client }) => client);
  const parts = [
    list(all),
    ...(later.length > 0 ? [`where it does not go on before: ${list(later)}`] : []),
    ...(unknown.length > 0 ? [`perhaps, by what their probes met: ${and(unknown)}`] : []),
    ...(waiting.length > 0 ? [`never: ${and(waiting)}`] : []),
  ];
  return parts.join('; ');
}

/** `httpx after 5 s, boto3 and nginx after 60 s`. */
function list(all: readonly Firing[]): string {
  const times = [...new Set(all.map(({ after }) => after))];
  return times
    .map(
      (time) =>
        `${and(all.filter(({ after }) => after === time).map(({ client }) => client))} after ${short(time)} s`,
    )
    .join(', ');
}

const and = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const short = (s: number): string => (Number.isInteger(s) ? String(s) : s.toFixed(1));

/** How curl and wget are set for it; nothing where neither has to be. */
export function asWritten(rows: readonly TimerReplay[]): string {
  return ['curl', 'wget']
    .flatMap((wanted) => {
      const set = rows.find(({ client, set: value }) => client === wanted && value !== undefined)?.set;
      return set === undefined ? [] : [`${wanted} ${set.text}`];
    })
    .join(', ');
}
