/** A percentile by nearest rank: a value that somebody had, not one between two. `sorted` ascends and is not empty. */
export const nearestRank = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number;
