/**
 * One vantage on its way through the stages: bytes to frames, frames to flows,
 * flows to silences; and beside them the marks of a takeover and the times in
 * which anybody was heard. A vantage may be cut into several files (rotation),
 * fed in the order of time. Judging begins when the last byte is in.
 */

import { type FileNote, fileNoteOf } from '../packet/file/collector-note.ts';
import { createCaptureReader } from '../packet/file/reader.ts';
import type { CaptureReader, PacketRecord } from '../packet/file/record.ts';
import { grouped } from '../packet/grouped.ts';
import type { Problem } from '../packet/problem.ts';
import type { Nanos } from '../packet/time.ts';
import { decodeFrame } from '../packet/wire/decode.ts';
import { Frame, FrameKind, PacketType } from '../packet/wire/frame.ts';
import { type CaptureGap, type GapSource, gapsOf, notesOf } from './capture/capture-gaps.ts';
import { CaptureState, coveredUntil } from './capture/capture-state.ts';
import { Arrivals } from './failover/arrivals.ts';
import { Marks } from './failover/marks.ts';
import { Neighbours } from './failover/neighbours.ts';
import { settleClients } from './flow/client-end.ts';
import { FlowTable } from './flow/flow-table.ts';
import { frameId, frameOf } from './flow/frame-id.ts';
import { Samples } from './flow/samples.ts';
import { Trails } from './flow/trail.ts';
import { SilenceWatch, WatchRows } from './stall/silence.ts';
import { UdpWatch } from './stall/udp/udp-watch.ts';
import { Segment } from './tcp/segment.ts';
import { Recording } from './timeline/recording.ts';
import { LinkFrames } from './vantage/link-frames.ts';
import type { CookedCounts } from './vantage/vantage.ts';

export interface TimeWindow {
  /** Only frames in this window are looked at; ns since the epoch. */
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
  /** Every segment is kept, for a timeline. */
  readonly recorded?: boolean | undefined;
  /** The captures ran at least to here. */
  readonly until?: bigint | undefined;
  /** Connections beyond so many are not followed. Default `MOST_FLOWS`. */
  readonly mostFlows?: number | undefined;
}

/** One file of the vantage. */
export interface CaptureFile {
  readonly state: CaptureState;
  readonly reader: CaptureReader;
  readonly linkTypes: Set<number>;
  readonly problems: Problem[];
  /** Malformed segments were noted already. */
  malformed: boolean;
  /** The interface of the newest segment; -1 before any, `SEVERAL` once one came back after another. */
  tcpInterface: number;
  readonly tcpInterfaces: Set<number>;
  /** Time and bytes of its first frame; null before that. */
  first: string | null;
  /** It begins with the first frame of a file before it: the same capture again, of which only the rest is new, from here. */
  newFrom: Nanos;
}

const MAX_PROBLEMS = 100;

export class VantageAnalysis {
  readonly files: CaptureFile[] = [];
  readonly watches: SilenceWatch[] = [];
  readonly cooked: (CookedCounts | undefined)[] = [];
  readonly arrivals = new Arrivals();
  /** Frames that left the host on a cooked capture: what a node forwarded. */
  readonly departures = new Arrivals();
  readonly resets = new Arrivals();
  readonly marks = new Marks();
  readonly neighbours = new Neighbours();
  readonly linkFrames = new LinkFrames();
  readonly trails = new Trails();
  readonly samples = new Samples();
  readonly udp = new UdpWatch();
  /** Null where nobody wants a timeline. */
  readonly recording: Recording | null;
  /** Flows below this index are numbered as tshark numbers streams; a header that was cut, or quoted in an ICMP error, may count there and not here. */
  exactStreams = Number.POSITIVE_INFINITY;
  /** Connections came by that were not followed. */
  unfollowed = false;
  private readonly table: FlowTable;
  private readonly rows = new WatchRows();
  private readonly frame = new Frame();
  private readonly window: TimeWindow;

  constructor(window: TimeWindow) {
    this.window = window;
    this.table = new FlowTable(window.mostFlows);
    this.recording = window.recorded === true ? new Recording() : null;
  }

  /** Begins the next file; end the one before first. */
  open(name: string, index: number): CaptureFile {
    const { origin } = this;
    const file: CaptureFile = {
      state: new CaptureState(name, index),
      linkTypes: new Set(),
      problems: [],
      malformed: false,
      tcpInterface: -1,
      tcpInterfaces: new Set(),
      first: null,
      newFrom: Number.NEGATIVE_INFINITY,
      reader: createCaptureReader(
        {
          packet: (record) => this.packet(record, file),
          problem: (problem) => note(file, problem),
        },
        origin === 0n ? {} : { origin },
      ),
    };
    this.files.push(file);
    return file;
  }

  /** No more files: closes every flow's last silence. */
  finish(): void {
    for (const watch of this.watches) watch.finish();
    this.trails.finish();
    settleClients(this.table.flows);
  }

  /** Frames of the asked-for time, of any protocol. */
  get frames(): number {
    return this.files.reduce((n, f) => n + f.state.frames, 0);
  }

  /** The same for two vantages that hold the same frames; null where there are none. */
  get fingerprint(): string | null {
    if (this.frames === 0) return null;
    return this.files.map(({ first, state }) => `${first} ${state.frames} ${state.lastTime}`).join();
  }

  get readable(): boolean {
    return this.files.some((f) => f.reader.format !== null);
  }

  /** ns since the epoch that all times of this vantage count from. */
  get origin(): bigint {
    return this.files.find((f) => f.reader.origin !== 0n)?.reader.origin ?? 0n;
  }

  /** ns after the origin; null where the vantage holds no time at all. */
  get coveredUntil(): number | null {
    const ends = this.files.map((f) => this.coverageOf(f)).filter((t): t is number => t !== null);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  /** The first moment of which it tells something; null where it holds no time at all. */
  get coveredFrom(): number | null {
    const begins = this.files.flatMap((f) => [
      ...(f.state.firstTime === null ? [] : [f.state.firstTime]),
      ...f.reader.interfaces.flatMap((i) => i.startTime ?? []),
      ...this.withoutInterface(f).map(({ from }) => from),
    ]);
    return begins.length === 0 ? null : begins.reduce((a, b) => Math.min(a, b));
  }

  /** Times in which a collector had no interface to capture on: nothing came by, and that is known. */
  private withoutInterface({ reader }: CaptureFile): { from: number }[] {
    if (this.origin === 0n) return [];
    return notesOf(reader, 'gap').flatMap(({ note }) =>
      note.link === undefined ? [] : [{ from: Number(BigInt(note.from) - this.origin) }],
    );
  }

  coverageOf(file: CaptureFile): number | null {
    const { until } = this.window;
    const asked = until === undefined || this.origin === 0n ? null : Number(until - this.origin);
    return coveredUntil(file.state, file.reader.interfaces, asked);
  }

  /** When nothing was captured, or packets were lost; oldest first. Call once all files are in. */
  get gaps(): readonly CaptureGap[] {
    this.known ??= gapsOf(
      this.files.map((f) => this.sourceOf(f)),
      this.origin,
    );
    return this.known;
  }

  private known: readonly CaptureGap[] | null = null;

  private sourceOf(file: CaptureFile): GapSource {
    const { state, reader } = file;
    const covered = this.coverageOf(file);
    // A collector says itself when it did not run.
    const pauses = fileNoteOf(reader.notes.collector) === null ? state.pauses : [];
    return { index: state.index, reader, first: state.firstTime, covered, pauses };
  }

  /** Of the collector that wrote it; null where none did. */
  get fileNote(): FileNote | null {
    return this.files.map((f) => fileNoteOf(f.reader.notes.collector)).find((n) => n !== null) ?? null;
  }

  /** A collector wrote it: then it says itself when it ran. */
  get isCollected(): boolean {
    return this.files.length > 0 && this.files.every((f) => fileNoteOf(f.reader.notes.collector) !== null);
  }

  /** Its statistics count drops that no gap tells the time of. */
  get isLossy(): boolean {
    return this.files.some(({ reader }) => {
      const noted = notesOf(reader, 'gap').reduce((n, { note }) => n + (note.packets ?? 0), 0);
      const dropped = reader.interfaces.reduce((n, i) => n + (i.dropped ?? 0), 0);
      return dropped > noted;
    });
  }

  private packet(record: PacketRecord, file: CaptureFile): void {
    if (!this.isWanted(record.time, file)) return;
    file.state.note(record.frame, record.time);
    if (file.first === null) this.begin(file, record);
    if (record.time <= file.newFrom) return;
    if (!file.linkTypes.has(record.linkType)) file.linkTypes.add(record.linkType);
    const frame = this.frame;
    decodeFrame(record, frame);
    const id = frameId(file.state.index, record.frame);
    if (frame.lengthsContradict) noteMalformed(file, record.frame);
    switch (frame.kind) {
      case FrameKind.Tcp:
        if (frame.tcpHeaderCut) this.doubtStreams();
        // A snap length may cut the options; lengths that contradict each other leave no segment.
        if (!frame.lengthsContradict) {
          if (file.tcpInterface !== record.interfaceIndex && file.tcpInterface !== SEVERAL)
            noteInterface(file, record);
          this.segment(frame, id);
        }
        break;
      case FrameKind.Icmp:
        if (frame.quotedProtocol === 6) this.icmp(frame, id);
        else if (frame.quotedProtocol === 17) this.udp.observeIcmp(frame, id);
        else this.link(frame, id);
        break;
      case FrameKind.Udp:
        this.linkFrames.observe(frame);
        this.udp.observe(frame, id);
        break;
      case FrameKind.Arp:
      case FrameKind.Vrrp:
        this.link(frame, id);
        break;
      default:
        break;
    }
  }

  private begin(file: CaptureFile, record: PacketRecord): void {
    file.first = `${file.reader.origin + BigInt(Math.round(record.time))} ${hashOf(record)}`;
    const same = this.files.find((f) => f !== file && f.first === file.first);
    if (same !== undefined) file.newFrom = same.state.lastTime ?? record.time;
  }

  private segment(frame: Frame, id: number): void {
    const flow = this.table.find(frame, id);
    if (flow === null) {
      this.noteUnfollowed(frameOf(id));
      return;
    }
    const sender = this.table.sender;
    let watch = this.watches[flow.index];
    if (watch === undefined) {
      watch = new SilenceWatch(flow, this.rows);
      this.watches.push(watch);
    }
    if (frame.packetType >= 0) this.countCooked(flow.index, frame, sender);
    const side = watch.connection.sides[sender];
    const { ttl, mac } = side;
    const bits = watch.observe(frame, id, sender);
    this.trails.add(flow.index, frame, id, sender);
    this.samples.add(flow.index, frame, sender);
    const { sides } = watch.connection;
    this.recording?.add(frame, id, flow.index, sender, bits, side, sides[sender === 0 ? 1 : 0]);
    if (frame.packetType === PacketType.Outgoing && (bits & Segment.Rst) === 0) {
      this.departures.add(frame.time, id, flow, sender);
    }
    if ((bits & Segment.Rst) !== 0) this.resets.add(frame.time, id, flow, sender);
    if ((bits & (Segment.Copy | Segment.Rst)) !== 0) return;
    this.arrivals.add(frame.time, id, flow, sender);
    if (mac >= 0 && mac !== frame.macSource && frame.macSource >= 0) {
      this.marks.macChanged(flow, frame.time, id, flow.addressOf(sender), mac, frame.macSource);
    }
    if (ttl >= 0 && ttl !== frame.ttl) {
      this.marks.ttlChanged(flow, frame.time, id, flow.addressOf(sender), ttl, frame.ttl);
    }
  }

  private link(frame: Frame, id: number): void {
    this.marks.observe(frame, id);
    this.neighbours.observe(frame, id);
    this.linkFrames.observe(frame);
  }

  private noteUnfollowed(frame: number): void {
    const file = this.files.at(-1);
    if (this.unfollowed || file === undefined) return;
    this.unfollowed = true;
    note(file, {
      code: 'too-many-flows',
      kind: 'unsupported',
      message: `Connections after the first ${grouped(this.table.flows.length)} were not followed; --from and --to select a part.`,
      at: { frame },
    });
  }

  private doubtStreams(): void {
    this.exactStreams = Math.min(this.exactStreams, this.table.flows.length);
  }

  private icmp(frame: Frame, id: number): void {
    this.doubtStreams();
    const flow = this.table.findQuoted(frame);
    if (flow !== undefined) this.watches[flow.index]?.observeIcmp(frame, id, this.table.sender);
  }

  private countCooked(index: number, frame: Frame, sender: 0 | 1): void {
    let counts = this.cooked[index];
    if (counts === undefined) {
      counts = { left: [0, 0], came: [0, 0] };
      this.cooked[index] = counts;
    }
    const side = frame.packetType === PacketType.Outgoing ? counts.left : counts.came;
    side[sender] += 1;
  }

  private isWanted(time: number, file: CaptureFile): boolean {
    const { from, to } = this.window;
    if (from === undefined && to === undefined) return true;
    const at = file.reader.origin + BigInt(Math.round(time));
    if (to !== undefined && at > to) {
      file.state.ranOnTo = Number(to - file.reader.origin);
      return false;
    }
    return from === undefined || at >= from;
  }
}

/** FNV-1a, 32 bits. */
function hashOf({ view, offset, capturedLength, originalLength }: PacketRecord): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < capturedLength; i++) {
    hash = Math.imul(hash ^ view.getUint8(offset + i), 0x01000193);
  }
  return `${originalLength} ${hash}`;
}

export function note(file: CaptureFile, problem: Problem): void {
  if (file.problems.length < MAX_PROBLEMS) file.problems.push(problem);
}

const SEVERAL = -2;

/**
 * Two links in one file look like one place. Files that were joined one after the other have interfaces of their own
 * as well, but none comes back.
 */
function noteInterface(file: CaptureFile, { interfaceIndex: index, frame }: PacketRecord): void {
  const isBack = file.tcpInterfaces.has(index);
  file.tcpInterfaces.add(index);
  file.tcpInterface = isBack ? SEVERAL : index;
  if (!isBack) return;
  note(file, {
    code: 'several-interfaces',
    kind: 'unsupported',
    message:
      'Segments of several interfaces are in this file, and are taken as seen at one place: no answer about them is sure. Give each interface a file of its own: tshark -r FILE -Y frame.interface_id==0 -w FILE0',
    at: { frame },
  });
}

/** Once a file: the first of them tells where to look. */
function noteMalformed(file: CaptureFile, frame: number): void {
  if (file.malformed) return;
  file.malformed = true;
  note(file, {
    code: 'packet-malformed',
    kind: 'malformed',
    message: 'A packet whose header lengths contradict each other was left out, as are all like it.',
    at: { frame },
  });
}
