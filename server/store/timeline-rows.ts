/** The timeline of a run: its directory of lanes, and its chunks, each a row. */
import type { FlowDetail, LanePage } from '../api.ts';
import type { Connection } from './connection.ts';
import { notFound, type Shared, shownRun } from './shared.ts';
import type { LaneWindow } from './store.ts';

export class Timelines {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  tile(incident: string, _lane: string, _resolution: number, _index: number): Uint8Array {
    shownRun(this.shared.connection, incident);
    throw notFound('lane');
  }

  frames(incident: string, _lane: string, _window: LaneWindow): LanePage {
    shownRun(this.shared.connection, incident);
    throw notFound('lane');
  }
}

export function lanesOfFlow(_connection: Connection, _run: number, _flow: string): FlowDetail['lanes'] {
  return [];
}
