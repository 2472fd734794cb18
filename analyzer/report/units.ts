/**
 * Numbers as people read them: thousands separated, a unit always, times in
 * UTC to the ms. Written by hand, not with `Intl`, so that every machine prints the same.
 */

/** `65,160`; a fraction is kept as it is. */
export function formatNumber(value: number): string {
  const [whole, fraction] = String(value).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 flow`, `2 flows`, `3 matches`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(amount)} ${amount === 1 ? singular : plural}`;
}

/** A duration in seconds at the precision a person needs: `42 ms`, `3.06 s`, `106.5 s`, `1,834 s`. */
export function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 0.0995) return `${formatNumber(trim(seconds * 1000, size < 0.00995 ? 1 : 0))} ms`;
  const decimals = size < 99.995 ? 2 : size < 999.95 ? 1 : 0;
  return `${withDecimals(seconds, decimals)} s`;
}

/** To the ms, for parts that must add up: `1.883 s`. */
export function formatExactSeconds(seconds: number): string {
  return `${withDecimals(seconds, 3)} s`;
}

/** ns since the epoch as `2026-11-22 11:07:02.601 UTC`, rounded to the ms. */
export function formatUtc(nanos: string): string {
  return `${utcText(nanos)} UTC`;
}

/** The time of day alone: `11:07:02.601 UTC`. */
export function formatUtcTime(nanos: string): string {
  const text = utcText(nanos);
  return `${text.slice(text.indexOf(' ') + 1)} UTC`;
}

/** Seconds from one time to another. */
export function secondsBetween(from: string, to: string): number {
  return Number(BigInt(to) - BigInt(from)) / 1e9;
}

function utcText(nanos: string): string {
  const millis = Number((BigInt(nanos) + 500_000n) / 1_000_000n);
  // A capture can claim times that no calendar holds.
  if (!(Math.abs(millis) <= 8.64e15)) return `@${nanos.slice(0, -9)}`;
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
}

function withDecimals(value: number, decimals: number): string {
  const [whole, fraction] = value.toFixed(decimals).split('.');
  const grouped = formatNumber(Number(whole));
  const sign = whole!.startsWith('-') && !grouped.startsWith('-') ? '-' : '';
  return fraction === undefined ? grouped : `${sign}${grouped}.${fraction}`;
}

const trim = (value: number, decimals: number): number => Number(value.toFixed(decimals));
