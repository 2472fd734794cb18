/** How clocks run, as all faces say it. */
export {
  describeClock,
  describeClockErrors,
  formatBound,
  formatOffset,
  isTied,
} from '../../analyzer/index.ts';
