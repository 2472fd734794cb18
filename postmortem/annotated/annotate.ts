/**
 * All captures of a report in one pcapng file: one clock, an interface a vantage, the findings as comments.
 * The trap: packets of one capture may be out of order (several interfaces, busy hosts). They keep the order of their file,
 * as Wireshark shows it; only between captures does time decide, by the latest that each has reached.
 */
import { type Capture, type Clock, count, type Report, vantageName } from '../../analyzer/index.ts';
import { createPcapngWriter, type PcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { byFrame, captureLabels, commentFilter, type Finding, findingsOf, tagOf } from './findings.ts';
import { type FrameChoice, MOST_OF_A_STALL, StallFrames } from './selection.ts';
import { type StreamedPacket, streamPackets } from './stream.ts';

/** Replaces the bytes of a packet, and says nothing of it. */
export type PacketRedaction = (
  linkType: number,
  bytes: Uint8Array,
  capturedLength: number,
  originalLength: number,
) => Uint8Array;

export interface AnnotatedInput {
  /** `Capture.id` of the report. */
  readonly capture: string;
  /** Its bytes from the beginning, decompressed. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface AnnotateOptions {
  /** All text comes from here. */
  readonly report: Report;
  /** The report with the addresses that packets have, where `report` has others (redacted); which frames matter is asked of it. */
  readonly unredacted?: Report;
  readonly inputs: readonly AnnotatedInput[];
  readonly frames: FrameChoice;
  readonly rewrite?: PacketRedaction;
}

/** A finding, and the numbers that its frames have in the new file. */
export interface PlacedFinding {
  readonly finding: Finding;
  readonly frames: number[];
}

export interface AnnotatedCapture {
  /** The file, piece by piece; can be had once. Throws what an input throws. */
  readonly chunks: AsyncGenerator<Uint8Array>;
  /** Complete once `chunks` has ended. */
  readonly findings: readonly PlacedFinding[];
  /** Frames written so far. */
  readonly written: number;
  /** Frames around stalls that were left out so far, because a stall has too many. */
  readonly leftOut: number;
}

/** As if_tsresol: ns. */
const NANOSECONDS = 9;
/** More of them are no longer read in a file's properties. */
const MOST_LISTED = 100;

export function annotateCaptures(options: AnnotateOptions): AnnotatedCapture {
  const { report, inputs } = options;
  const placed = findingsOf(report).map((finding): PlacedFinding => ({ finding, frames: [] }));
  const cited = byFrame(placed.map(({ finding }) => finding));
  const stalls = new StallFrames(options.unredacted ?? report);
  const labels = captureLabels(report.captures);
  let written = 0;

  async function* chunks(): AsyncGenerator<Uint8Array> {
    let pieces: Uint8Array[] = [];
    const writer = createPcapngWriter((piece) => pieces.push(piece), {
      application: `${report.tool.name} ${report.tool.version}`,
      comments: sectionComments(
        report,
        placed.map(({ finding }) => finding),
        options.frames,
      ),
    });
    const interfaces = new Interfaces(writer, report, options.unredacted ?? report);
    const streams = inputs.map(({ capture, chunks: bytes }) =>
      streamPackets(bytes, {
        capture,
        clocks: report.clocks,
        wants: (record, time) =>
          options.frames === 'all' ||
          cited.get(capture)?.has(record.frame) === true ||
          stalls.take(capture, record, time),
      }),
    );
    for await (const { from, packet } of merged(streams)) {
      const capture = inputs[from]!.capture;
      const { data, linkType, originalLength, time } = packet;
      const findings = cited.get(capture)?.get(packet.frame) ?? [];
      written += 1;
      for (const { number } of findings) placed[number - 1]?.frames.push(written);
      writer.packet({
        interfaceId: interfaces.of(capture, packet),
        time,
        data: options.rewrite?.(linkType, data, data.length, originalLength) ?? data,
        originalLength,
        comments: frameComments(labels.get(capture) ?? capture, packet, findings),
      });
      yield* pieces;
      pieces = [];
    }
    // Known only now, and a file is not written twice: a section without packets, whose comment Wireshark shows after the first's.
    if (stalls.leftOut > 0) writer.section({ comments: [explainLeftOut(stalls.leftOut)] });
    yield* pieces;
  }

  return {
    chunks: chunks(),
    findings: placed,
    get written() {
      return written;
    },
    get leftOut() {
      return stalls.leftOut;
    },
  };
}

function frameComments(label: string, packet: StreamedPacket, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const said = findings.map((one) => `${label} #${packet.frame}: ${one.text} ${tagOf(one)}`);
  if (!packet.hasTime)
    return [...said, 'the capture has no time for this frame; it has that of the frame before'];
  return packet.ownTime === packet.time ? said : [...said, `by its own clock: ${utc(packet.ownTime)}`];
}

/** One sentence, the same in the file and after writing it. */
export const explainLeftOut = (frames: number): string =>
  `${count(frames, 'frame')} of long stalls left out: of each stall, a capture's first ${MOST_OF_A_STALL.toLocaleString('en-US')} are here. For every frame: --frames all, or Export > Annotated capture, every frame`;

function sectionComments(
  { headline, captures }: Report,
  findings: readonly Finding[],
  frames: FrameChoice,
): string[] {
  const listed = findings.slice(0, MOST_LISTED).map((one) => `${commentFilter(one)}\n    ${one.text}`);
  const more = findings.length - listed.length;
  const most = MOST_OF_A_STALL.toLocaleString('en-US');
  const chosen =
    frames === 'all'
      ? ''
      : `: those that the report cites, and the first ${most} of each stall (a last section says how many that left out)`;
  return [
    headline,
    `Frames of ${captures.length === 1 ? 'one capture' : `${captures.length} captures, on one clock`}${chosen}. Display filter for all findings: frame.comment`,
    ...(listed.length > 0 ? [listed.join('\n')] : []),
    ...(more > 0 ? [`and ${more} more findings, in the comments of their frames`] : []),
  ];
}

/** Those of the new file; a vantage has as many as its captures have kinds of them. */
class Interfaces {
  readonly #writer: PcapngWriter;
  readonly #report: Report;
  readonly #unredacted: Report;
  readonly #ids = new Map<string, number>();

  constructor(writer: PcapngWriter, report: Report, unredacted: Report) {
    this.#writer = writer;
    this.#report = report;
    this.#unredacted = unredacted;
  }

  /** Begun when its first packet comes. */
  of(id: string, { captured, linkType, data }: StreamedPacket): number {
    const capture = this.#report.captures.find((one) => one.id === id);
    const vantage = capture === undefined ? id : vantageName(capture);
    // A capture may hold more of a packet than it said it would.
    const snaplen = data.length > captured.snaplen ? 0 : captured.snaplen;
    // By the report, not by the packet's file: that may be one whose names are to be kept out.
    const places = capture?.interfaces ?? [];
    const named = this.#unredacted.captures.find((one) => one.id === id)?.interfaces ?? [];
    const at = places.length > 1 ? named.findIndex(({ name }) => name === (captured.name ?? null)) : -1;
    const own = at < 0 ? '' : ` ${places[at]?.name ?? at}`;
    const key = JSON.stringify([id, own, linkType, snaplen]);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const added = this.#writer.addInterface({
      linkType,
      snaplen,
      resolution: NANOSECONDS,
      name: `${vantage}${own}`,
      description: capture?.file ?? id,
      comments: [this.#clockOf(capture, id)],
    });
    this.#ids.set(key, added);
    return added;
  }

  #clockOf(capture: Capture | undefined, id: string): string {
    const clocks = this.#report.clocks.filter((one) => one.capture === id);
    const reference = this.#report.captures.find((one) => one.id === clocks[0]?.reference);
    if (capture === undefined || clocks.length === 0 || reference === undefined)
      return 'times as in the capture';
    return describeClock(clocks, vantageName(reference));
  }
}

function describeClock(clocks: readonly Clock[], reference: string): string {
  const [first, ...others] = clocks;
  if (first === undefined || (first.error === null && first.pairs === 0))
    return 'nothing ties this clock to the others: times as in the capture';
  const error =
    first.error === null
      ? 'error not known'
      : `at most ${(first.error * 1000).toFixed(3)} ms off where it is tied`;
  const by = `times moved by ${(-first.offset).toFixed(6)} s to the clock of ${reference}, ${error}`;
  return others.length === 0 ? by : `${by}; in ${clocks.length} stretches, this is the first`;
}

/** ISO 8601 with ns. */
function utc(time: bigint): string {
  const second = new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(time % 1_000_000_000n).padStart(9, '0')}Z`;
}

interface Head {
  readonly from: number;
  readonly packet: StreamedPacket;
  /** The latest time that the stream has reached. */
  readonly reached: bigint;
}

/** By time, and by the order of the streams where times are equal. All streams are ended when it ends: they may be open files. */
export async function* merged(
  streams: readonly AsyncIterator<StreamedPacket>[],
): AsyncGenerator<{ from: number; packet: StreamedPacket }> {
  const heads: Head[] = [];
  const advance = async (from: number, before: bigint | null): Promise<void> => {
    const next = await streams[from]?.next();
    if (next === undefined || next.done === true) return;
    const { time } = next.value;
    heads.push({ from, packet: next.value, reached: before !== null && before > time ? before : time });
  };
  try {
    for (const from of streams.keys()) await advance(from, null);
    for (;;) {
      const [first, ...rest] = heads;
      if (first === undefined) return;
      const least = rest.reduce((a, b) => (isBefore(b, a) ? b : a), first);
      heads.splice(heads.indexOf(least), 1);
      yield { from: least.from, packet: least.packet };
      await advance(least.from, least.reached);
    }
  } finally {
    for (const stream of streams) await stream.return?.();
  }
}

const isBefore = (a: Head, b: Head): boolean =>
  a.reached < b.reached || (a.reached === b.reached && a.from < b.from);
