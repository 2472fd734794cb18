import type { NanosString } from '../../analyzer/index.ts';

/** ns from the timeline's origin to a time of the report. */
export const sinceOrigin = (at: NanosString, origin: NanosString): number =>
  Number(BigInt(at) - BigInt(origin));
