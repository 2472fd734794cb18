/** A collector's way to its server: what its folder holds and nobody acknowledged, and how the two clocks differ. */
import type { Recordings } from '../file/recording.ts';
import type { OnEvent } from '../words.ts';
import { createShipper, type Shipper, type ShipperTimes } from './shipper.ts';
import { Spool, type SpoolPlan } from './spool.ts';

export interface ShippingPlan extends SpoolPlan {
  readonly recordings: Pick<Recordings, 'collector' | 'files' | 'note' | 'pins' | 'shipped'>;
  readonly onEvent: OnEvent;
  readonly times?: Partial<ShipperTimes>;
}

/** Begins at once; what goes wrong is an event. */
export function startShipping({ config, recordings, onEvent, times = {} }: ShippingPlan): Shipper {
  const { url, tokenFile, ca } = config.ship;
  const spool = new Spool({ config, recordings, onEvent });
  const shipper = createShipper({
    server: { url, tokenFile, ca },
    collector: recordings.collector,
    files: () => spool.waiting(),
    onAcknowledged: (item) => spool.acknowledge(item),
    onExchange: (note) => recordings.note(note),
    onEvent,
    times,
  });
  return {
    ...shipper,
    drain: (limit) => {
      spool.end();
      return shipper.drain(limit);
    },
  };
}
