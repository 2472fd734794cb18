/** How long to wait before the next try: longer each time, and not all collectors of a server at once. */

export interface BackOffPlan {
  /** ms. */
  readonly first: number;
  readonly most: number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

export class BackOff {
  private readonly plan: BackOffPlan;
  private failures = 0;

  constructor(plan: BackOffPlan) {
    this.plan = plan;
  }

  /** ms; of a trouble that does not go away by itself, the longest. */
  next(isLasting = false): number {
    const { first, most, random = Math.random } = this.plan;
    const whole = isLasting ? most : Math.min(most, first * 2 ** Math.min(this.failures, 40));
    this.failures += 1;
    return whole * (0.5 + random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
