/**
 * What the parts of a collector say to each other. Times are ns since the epoch by this host's clock (`bigint`), so that
 * they are those of the packets.
 */

/** What people are told in one line, with what to do about it. */
export class CollectorError extends Error {
  readonly hint: string;

  constructor(message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** What happens, for the terminal, `--json` and metrics. None ends the collector. */
export type CollectorEvent =
  | { readonly event: 'capturing'; readonly vantage: string; readonly interface: string }
  | {
      readonly event: 'gap';
      readonly vantage: string;
      readonly interface: string;
      readonly from: bigint;
      /** Null: it goes on. */
      readonly to: bigint | null;
      readonly why: string;
    }
  | { readonly event: 'file'; readonly vantage: string; readonly file: string; readonly bytes: number }
  | { readonly event: 'forgotten'; readonly file: string; readonly bytes: number }
  | {
      readonly event: 'pinned';
      readonly pin: string;
      readonly from: bigint;
      readonly to: bigint;
      readonly why: string;
    }
  | { readonly event: 'pin-complete'; readonly pin: string; readonly files: number; readonly bytes: number }
  | { readonly event: 'shipped'; readonly file: string; readonly bytes: number }
  | { readonly event: 'trouble'; readonly what: string; readonly hint: string };

export type OnEvent = (event: CollectorEvent) => void;

/** Of one interface since the start. */
export interface InterfaceCounts {
  readonly vantage: string;
  readonly interface: string;
  readonly packets: number;
  /** Captured bytes. */
  readonly bytes: number;
  /** Lost by the kernel for want of room; null where the engine cannot tell. */
  readonly dropped: number | null;
  readonly state: 'capturing' | 'waiting' | 'restarting';
}
