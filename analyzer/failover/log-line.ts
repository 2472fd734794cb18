/**
 * The head of a log line: when, on which host, by which program.
 *
 * - conntrackd's own file (conntrack-tools, src/log.c): `[Sun Nov 22 11:10:59 2026] (pid=100) [notice] …`;
 *   an entry of the table that it complains of follows as `Sun Nov 22 11:10:59 2026`, a tab, the entry
 * - `keepalived --log-console`: `Sun Nov 22 11:10:59 2026: …`
 * - syslog, journalctl (RFC 3164): `Nov 22 11:10:59 fw1 conntrack-tools[100]: …`
 * - rsyslog, journalctl -o short-iso (RFC 3339): `2026-11-22T11:10:59.123456+01:00 fw1 Keepalived_vrrp[7]: …`
 *
 * The trap: the first three are in the host's local time and do not say which,
 * and syslog's have no year.
 */

export interface LogLine {
  /** The line was written in [from, until), ns since the epoch. */
  readonly from: bigint;
  readonly until: bigint;
  /** False where the line named no zone and one was assumed. */
  readonly hasZone: boolean;
  readonly host: string | null;
  readonly program: 'conntrackd' | 'keepalived' | 'other';
  /** conntrackd's own word, such as `notice` or `ERROR`; null where the head has none. */
  readonly level: string | null;
  readonly message: string;
}

export interface LogClock {
  /** What is taken off times that name no zone: ns east of UTC. */
  readonly zone: bigint;
  /** A year is chosen so that the time is nearest to this, ns since the epoch; null: none can be chosen. */
  readonly near: bigint | null;
}

const CTIME = String.raw`[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}) (?<clock>\d\d:\d\d:\d\d) (?<year>\d{4})`;
const TAG = String.raw`(?<host>[^\s:]{1,255}) (?<tag>[\w./-]{1,64})(?:\[\d{1,10}\])?: (?<message>.*)$`;
const FORMS = [
  new RegExp(String.raw`^\[${CTIME}\] \(pid=\d+\) \[(?<level>[^\]]{1,16})\] (?<message>.*)$`),
  new RegExp(`^${CTIME}(?<separator>: |\\t)(?<message>.*)$`),
  new RegExp(
    String.raw`^(?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}) (?<clock>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))? ${TAG}`,
  ),
  new RegExp(
    String.raw`^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<clock>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d\d:?\d\d) ${TAG}`,
  ),
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECOND = 1_000_000_000n;

type Groups = Readonly<Record<string, string | undefined>>;

/** Null where the text has no such head; `no-year` where it has, but no year can be chosen. */
export function parseLogLine(text: string, clock: LogClock): LogLine | 'no-year' | null {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const from = timeOf(groups, clock);
    if (typeof from !== 'bigint') return from;
    return {
      from,
      until: from + resolutionOf(groups),
      hasZone: groups.zone !== undefined,
      host: groups.host ?? null,
      program: programOf(groups),
      level: groups.level ?? (groups.separator === '\t' ? 'entry' : null),
      message: groups.message ?? '',
    };
  }
  return null;
}

/** conntrackd logs to syslog as `conntrack-tools`, and to the console of its service as `conntrackd`. */
function programOf({ tag, separator }: Groups): LogLine['program'] {
  if (tag === undefined) return separator === ': ' ? 'keepalived' : 'conntrackd';
  const name = tag.split('/').at(-1) ?? tag;
  if (name === 'conntrack-tools' || name === 'conntrackd') return 'conntrackd';
  return /^keepalived(?:_vrrp)?$/i.test(name) ? 'keepalived' : 'other';
}

/** The last digit that is written bounds the time. */
const resolutionOf = ({ fraction = '' }: Groups): bigint => 10n ** BigInt(9 - fraction.length);

function timeOf(groups: Groups, { zone, near }: LogClock): bigint | 'no-year' | null {
  const { year, fraction = '' } = groups;
  const exact = (y: number): bigint | null => {
    const seconds = secondsOf(groups, y);
    if (seconds === null) return null;
    return BigInt(seconds) * SECOND + BigInt(fraction.padEnd(9, '0')) - (zoneOf(groups.zone) ?? zone);
  };
  if (year !== undefined) return exact(Number(year));
  if (near === null) return 'no-year';
  const then = new Date(Number(near / 1_000_000n)).getUTCFullYear();
  const distance = (t: bigint): bigint => (t < near ? near - t : t - near);
  return [then - 1, then, then + 1]
    .map(exact)
    .filter((t) => t !== null)
    .reduce<bigint | null>((best, t) => (best === null || distance(t) < distance(best) ? t : best), null);
}

/** Seconds since the epoch as if the time were UTC; null for a day that the year has not. */
function secondsOf({ month = '', day, clock = '' }: Groups, year: number): number | null {
  const index = /^\d/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month);
  const [hour, minute, second] = clock.split(':').map(Number) as [number, number, number];
  if (index < 0 || index > 11 || hour > 23 || minute > 59 || second > 60) return null;
  const midnight = new Date(0);
  // Not `Date.UTC`, which takes the years 0 to 99 for those of the last century.
  midnight.setUTCFullYear(year, index, Number(day));
  if (midnight.getUTCMonth() !== index || midnight.getUTCDate() !== Number(day)) return null;
  return midnight.getTime() / 1000 + hour * 3600 + minute * 60 + second;
}

/** ns east of UTC; null where none is written. */
function zoneOf(zone: string | undefined): bigint | null {
  if (zone === undefined) return null;
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (offset === null) return 0n;
  const seconds = BigInt(Number(offset[2]) * 3600 + Number(offset[3]) * 60) * SECOND;
  return offset[1] === '-' ? -seconds : seconds;
}
