/**
 * Times on the command line: ISO 8601 (with a zone, or without one and then
 * taken as UTC) or seconds since the epoch with a fraction, `@` before them or
 * not. The trap: `Date` keeps only ms, so the fraction is read by hand to ns.
 */
import { UserError } from './user-error.ts';

export interface TimeArgument {
  /** ns since the epoch. */
  time: bigint;
  /** True when the text named no zone and UTC was assumed: the user is told. */
  zoneAssumed: boolean;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;
const ZONE = /^(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$/i;
/** No clock on earth is further from UTC than 14 h. */
const MOST_EAST = 14n * 3600n * 1_000_000_000n;
const EPOCH = /^@?(\d+)(?:\.(\d{1,9}))?$/;
const FORMS = 'write 2026-11-22T11:07:02.601Z, or seconds since the epoch such as @1795345622.601';
/** Seconds until the year 5138; anything above is ms, µs or ns. */
const MOST_SECONDS = 100_000_000_000n;

/** @throws UserError `usage` when the text is no time; `option` names it in the message. */
export function parseTimeArgument(option: string, text: string): TimeArgument {
  const epoch = EPOCH.exec(text.trim());
  if (epoch) return { time: epochTime(option, text, epoch), zoneAssumed: false };
  const iso = ISO.exec(text.trim());
  if (!iso) throw new UserError('usage', `${option}: '${text}' is not a time`, FORMS);
  return isoTime(option, text, iso);
}

function epochTime(option: string, text: string, [, whole, fraction]: RegExpExecArray): bigint {
  const seconds = BigInt(whole!);
  if (seconds > MOST_SECONDS) {
    const unit = whole!.length >= 18 ? 9 : whole!.length >= 15 ? 6 : 3;
    const meant = `${whole!.slice(0, -unit)}.${whole!.slice(-unit)}`;
    throw new UserError('usage', `${option}: '${text}' is too large for seconds`, `did you mean ${meant}?`);
  }
  return seconds * 1_000_000_000n + fractionNanos(fraction);
}

function isoTime(option: string, text: string, match: RegExpExecArray): TimeArgument {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const millis = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  const date = new Date(millis);
  // Date.UTC carries over (Feb 30 becomes March 2); a time that changed was none.
  const exists =
    date.getUTCMonth() === month! - 1 &&
    date.getUTCDate() === day &&
    hour! < 24 &&
    minute! < 60 &&
    second! < 60;
  if (!exists) throw new UserError('usage', `${option}: there is no time '${text}'`, FORMS);
  const zone = match[8];
  const local = BigInt(millis) * 1_000_000n + fractionNanos(match[7]);
  return { time: local - zoneNanos(zone), zoneAssumed: zone === undefined };
}

/** A zone such as `+01:00`, `-0530` or `UTC`, in ns east of UTC. @throws UserError `usage` */
export function parseZoneArgument(option: string, text: string): bigint {
  const zone = text.trim();
  const nanos = ZONE.test(zone) ? zoneNanos(zone) : null;
  if (nanos === null || nanos > MOST_EAST || nanos < -MOST_EAST) {
    throw new UserError('usage', `${option}: '${text}' is no time zone`, 'write how far east of UTC: +01:00');
  }
  return nanos;
}

const fractionNanos = (digits = ''): bigint => BigInt(digits.padEnd(9, '0'));

function zoneNanos(zone = 'Z'): bigint {
  const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (!offset) return 0n;
  const minutes = BigInt(offset[2]!) * 60n + BigInt(offset[3] ?? 0);
  return (offset[1] === '-' ? -minutes : minutes) * 60_000_000_000n;
}
