/**
 * How long a timeout must be so that it does not end what is about to go on: a sender that could not send for N seconds waits
 * at most as long again for its next try (RFC 6298, 5.5), and its kernel rounds that up.
 */

/** s: a tenth, at least 5 s, for the rest of the request. */
const LEAST_MARGIN = 5;
/** Timer wheels round long waits up, by at most an eighth. */
const SLACK = 1.125;
/** s: `TCP_RTO_MAX` of Linux, and the longest initial RTO (RFC 6298, 2.1). */
const LONGEST_WAIT = 120;
const LONGEST_FIRST = 1;
/** s, where no outage is known: longer than the back-off after the outages of most failovers (15 s). */
const USUAL = 35;

/** s, a multiple of 5; `outage` in s, null where it is not known. */
export function rideThrough(outage: number | null): number {
  if (outage === null) return USUAL;
  const latest = outage + SLACK * Math.min(outage + LONGEST_FIRST, LONGEST_WAIT);
  return Math.ceil((latest + Math.max(LEAST_MARGIN, latest / 10)) / 5) * 5;
}
