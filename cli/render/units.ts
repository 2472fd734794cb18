/** Numbers and times as all faces print them. */
export {
  count,
  formatExactSeconds,
  formatNumber,
  formatSeconds,
  formatUtc,
  formatUtcTime,
  secondsBetween,
} from '../../analyzer/index.ts';
