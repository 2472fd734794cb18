/** How much and how long: what a server bears before it says no. Tests set smaller ones. */

export interface Limits {
  /** Bytes of one upload. */
  readonly mostUploadBytes: number;
  /** Uploads and pieces of deliveries at a time: each holds buffers, a file and the disk. What comes beyond may come again. */
  readonly mostUploads: number;
  /** Bytes of one piece of a delivery, decompressed. */
  readonly mostPieceBytes: number;
  /** Bytes that must stay free on the disk: a database that cannot write helps nobody. */
  readonly freeBytes: number;
  /** An upload of which nothing comes for so long has broken. */
  readonly uploadIdleMs: number;
  /** A head of a request that takes longer is held open on purpose. */
  readonly headersMs: number;
  /** A body of JSON that takes longer is not going to come. */
  readonly bodyMs: number;
  /** Connections at a time, of all clients; what comes beyond is not answered. */
  readonly mostConnections: number;
  /** Pages that are told what happens: each is held open. */
  readonly mostStreams: number;
  readonly heartbeatMs: number;
  /** Nothing of an incident was delivered for so long: its analysis begins. */
  readonly quietMs: number;
  /** What still runs when the server is closed may take so long. */
  readonly graceMs: number;
}

export const LIMITS: Limits = {
  mostUploadBytes: 20 * 1024 ** 3,
  mostUploads: 64,
  mostPieceBytes: 64 * 1024 ** 2,
  freeBytes: 256 * 1024 ** 2,
  uploadIdleMs: 60_000,
  headersMs: 20_000,
  bodyMs: 20_000,
  mostConnections: 1000,
  mostStreams: 250,
  heartbeatMs: 15_000,
  quietMs: 15_000,
  graceMs: 3_000,
};
