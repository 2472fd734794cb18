/**
 * What a client's capture shows of one connection, found with a walk of its
 * own over sequence numbers: whether something went on after a silence, who
 * closed, what stayed without an answer. The measure for answers on cut files.
 */
import type { PcapFile } from './pcap-records.ts';
import { Flag, fromClient, type Ports, type RawSegment, segmentsOf, seqAfter } from './raw-segment.ts';

export interface Seen {
  /** Segments of the connection. */
  readonly segments: number;
  /** New bytes or a new acknowledgement after a second or more without any. */
  readonly wentOn: boolean;
  readonly serverReset: boolean;
  readonly serverFin: boolean;
  readonly clientClosed: boolean;
  /** Segments of the client that want an answer and had a second to get it, after the last of the server's. */
  readonly unanswered: number;
  /** Seconds from the connection's last progress to the end of the file. */
  readonly silence: number;
  /** Time of the file's last record. */
  readonly lastTime: bigint;
}

const SECOND = 1_000_000_000n;

export function whatIsSeen(file: PcapFile, ports: Ports): Seen {
  const segments = segmentsOf(file, ports);
  const lastTime = file.records.at(-1)?.time ?? 0n;
  const next: [number | null, number | null] = [null, null];
  let progress: bigint | null = null;
  let wentOn = false;
  let unanswered = 0;
  for (const s of segments) {
    const client = fromClient(s, ports);
    const own = client ? 0 : 1;
    if (moves(s, next, own)) {
      if (progress !== null && s.record.time - progress >= SECOND) wentOn = true;
      progress = s.record.time;
    }
    const wants = wantsAnswer(s, next[own]);
    if (!client) unanswered = 0;
    else if (wants && lastTime - s.record.time >= SECOND) unanswered += 1;
    const end = (s.seq + s.length + Number((s.flags & (Flag.Syn | Flag.Fin)) !== 0)) >>> 0;
    const known = next[own];
    if (known === null || seqAfter(end, known) > 0) next[own] = end;
  }
  const has = (client: boolean, flags: number): boolean =>
    segments.some((s) => fromClient(s, ports) === client && (s.flags & flags) !== 0);
  return {
    segments: segments.length,
    wentOn,
    serverReset: has(false, Flag.Rst),
    serverFin: has(false, Flag.Fin),
    clientClosed: has(true, Flag.Fin | Flag.Rst),
    unanswered,
    silence: progress === null ? 0 : Number(lastTime - progress) / 1e9,
    lastTime,
  };
}

/** Bytes never seen before, or the first segment of an end. An acknowledgement moves only with the bytes it acknowledges. */
function moves(s: RawSegment, next: readonly (number | null)[], own: 0 | 1): boolean {
  const known = next[own] as number | null;
  if (known === null) return true;
  return s.length > 0 && seqAfter((s.seq + s.length) >>> 0, known) > 0;
}

/** Data, a SYN, a FIN, or a probe just below what its sender has sent. */
function wantsAnswer(s: RawSegment, next: number | null): boolean {
  if ((s.flags & Flag.Rst) !== 0) return false;
  if (s.length > 0 || (s.flags & (Flag.Syn | Flag.Fin)) !== 0) return true;
  return next !== null && (s.seq + 1) >>> 0 === next;
}
