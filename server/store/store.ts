/**
 * What a store is to `server/http/` and `server/jobs/`: types only; `open-store.ts` makes one.
 * Everything is synchronous and short but uploads; a result is read as a whole, old or new, in each
 * call, and the exports read one snapshot to their end.
 * The trap: a generator of an export holds a connection of its own until it is finished or returned.
 */
import type { Flow, FrameRef, NanosString } from '../../analyzer/index.ts';
import type {
  Delivery,
  FlowDetail,
  FlowPage,
  FlowRow,
  FlowSort,
  IncidentDetail,
  IncidentSummary,
  JourneyPage,
  LanePage,
  NewDelivery,
  NewPin,
  Pin,
  StoredFile,
} from '../api.ts';

export interface StoreOptions {
  /** Folder of the database and the files; made where it is missing. */
  readonly folder: string;
  /** How long a new incident is kept, in seconds; null: until somebody deletes it. */
  readonly keep?: number | null;
}

/** Says `ServerError` `not-found` wherever an id is of nothing. Ids are opaque, and safe in addresses. */
export interface Store {
  readonly folder: string;

  /** Newest first. */
  incidents(): IncidentSummary[];
  incident(id: string): IncidentSummary;
  incidentDetail(id: string): IncidentDetail;
  createIncident(title?: string): IncidentSummary;
  /** `keep`: a span such as `30d`, from now on; `forever` or null: until somebody deletes it. */
  changeIncident(id: string, change: { title?: string; keep?: string | null }): IncidentSummary;
  /** With its files and results. */
  deleteIncident(id: string): void;
  /** Deletes what has expired. @returns their ids */
  purge(): string[];

  /**
   * Keeps a capture or journal, as it comes: it is there when this resolves, whatever happens then; before, nothing of
   * it is. When `source` throws, nothing stays, and the error is thrown on.
   * @throws ServerError `not-a-capture`, `too-large`, `disk-full`, `bad-request` (the vantage's name)
   */
  addFile(incident: string, file: NewFile, source: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  file(incident: string, file: string): FileOnDisk;
  changeFile(incident: string, file: string, vantage: string | null): StoredFile;
  deleteFile(incident: string, file: string): void;

  readonly deliveries: DeliveryStore;
  /** Whose clock collectors compare theirs with: stays over restarts. */
  readonly peer: string;

  /** The file that `FrameRef.capture` of the incident's report stands for. */
  captureFile(incident: string, capture: string): FileOnDisk;
  flows(incident: string, query: FlowQuery): FlowPage;
  /** By `Flow.id`. */
  flow(incident: string, flow: string): FlowDetail;
  /** Of the flow at that position of the report's `flows`. */
  flowLanes(incident: string, index: number): FlowDetail['lanes'];
  journeys(incident: string, flow: string, window: TimeWindow): JourneyPage;
  /** The same packet at every vantage where it was followed, the frame itself first; empty where it was not. */
  sightings(incident: string, frame: FrameRef): { frame: FrameRef; vantage: number; time: number }[];
  /** Bytes of a `Tile`; one without rows where the lane has nothing there. */
  tile(incident: string, lane: string, resolution: number, index: number): Uint8Array;
  laneFrames(incident: string, lane: string, window: LaneWindow): LanePage;

  /** The whole report as JSON text, piece by piece. */
  exportReport(incident: string): Generator<string, void, undefined>;
  /** All flows in the order of the report, from one snapshot. */
  exportAllFlows(incident: string): Generator<Flow, void, undefined>;
  /** All flows that `q` leaves, in the order of `sort`, from one snapshot. */
  exportFlows(incident: string, query: FlowFilter): Generator<{ row: FlowRow; flow: Flow }, void, undefined>;

  pins(incident: string): Pin[];
  addPin(incident: string, pin: NewPin): Pin;
  changePin(incident: string, pin: string, change: { note?: string; at?: NanosString | null }): Pin;
  deletePin(incident: string, pin: string): void;

  /** Called after every change of an incident. @returns what ends that */
  onChange(listener: (change: StoreChange) => void): () => void;
  /** For metrics. */
  totals(): { incidents: number; files: number; bytes: number };
  /** The database answers. @throws where it does not */
  check(): void;
  close(): void;
}

export interface StoreChange {
  readonly incident: string;
  /** `files`: a file came, went or was named otherwise; `changed`: title, time to keep, state or result. */
  readonly what: 'created' | 'changed' | 'files' | 'deleted';
}

export interface NewFile {
  /** As the user's; shown, never a path. */
  readonly name: string;
  /** `host`, `host.in` or `host.out`; null: infer it. */
  readonly vantage: string | null;
  /** More than this is refused. */
  readonly mostBytes: number;
}

/** Files that come from collectors in pieces, see `deliveries.ts`. */
export interface DeliveryStore {
  /** The delivery of that file: begun, under way or done. @throws ServerError `bad-request`, `not-a-capture` */
  open(delivery: NewDelivery): Promise<Delivery>;
  get(id: string): Delivery;
  /**
   * Adds `source` at the offset, all of it or nothing; it is on the disk when this resolves. With the last of its bytes
   * it becomes a file of its incident. @throws ServerError `too-large` (more than `mostBytes` or its size), `disk-full`,
   * `not-a-capture`; what `source` throws
   */
  append(
    id: string,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    mostBytes: number,
  ): Promise<TakenPiece>;
  /** Incidents of deliveries whose files no analysis has read as they are now. */
  waiting(): string[];
}

export interface TakenPiece {
  /** False: it stands elsewhere, or its bytes were others than promised, and it begins anew. */
  readonly taken: boolean;
  readonly delivery: Delivery;
}

export interface FileOnDisk extends StoredFile {
  readonly path: string;
}

export interface FlowFilter {
  readonly sort: FlowSort | null;
  readonly order: 'asc' | 'desc';
  /** `outcome:hung stall:>2s -port:443 10.0.0.7`, see `flow-filter.ts`. @throws ServerError `bad-request` */
  readonly q: string;
}

export interface FlowQuery extends FlowFilter {
  readonly offset: number;
  readonly limit: number;
}

/** ns since the timeline's origin, both included. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

export interface LaneWindow extends TimeWindow {
  /** Least `Mark`. */
  readonly least: number;
  readonly order: 'asc' | 'desc';
}
