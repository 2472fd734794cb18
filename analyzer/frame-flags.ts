/**
 * `diagnose frames`: the bytes of a capture in, for every TCP frame the
 * `tcp.stream` and the `tcp.analysis.*` flags of Wireshark 4.0.17 out
 * (docs/tshark-flags.md).
 * The trap: Wireshark counts as TCP also a frame that only quotes a segment (an
 * ICMP error). Such frames, and fragments, get a stream but are not judged.
 */
import { createCaptureReader } from '../packet/file/reader.ts';
import type { CaptureReader, PacketRecord, RecordSink } from '../packet/file/record.ts';
import { LinkType } from '../packet/link-type.ts';
import type { Problem } from '../packet/problem.ts';
import { decodeFrame } from '../packet/wire/decode.ts';
import { Frame, FrameKind } from '../packet/wire/frame.ts';
import { flagNames } from './tcp/tshark/flags.ts';
import { TsharkAnalysis } from './tcp/tshark/tshark-analysis.ts';

/**
 * Called once a TCP frame, in file order.
 * @param frame 1-based, equals `frame.number`
 * @param stream equals `tcp.stream`
 * @param flags names without `tcp.analysis.`; a shared list, not to be changed
 */
export type FrameFlagsSink = (frame: number, stream: number, flags: string[]) => void;

/** Takes the (decompressed) bytes of one capture, in chunks of any size. */
export interface FrameFlags {
  push(chunk: Uint8Array): void;
  end(): void;
  /** What was wrong with the file, as the reader told it. */
  readonly problems: readonly Problem[];
}

export function createFrameFlags(onLine: FrameFlagsSink): FrameFlags {
  return new FrameFlagsPipe(onLine);
}

const TCP = 6;
const MIN_TCP_HEADER = 20;

class FrameFlagsPipe implements FrameFlags, RecordSink {
  readonly problems: Problem[] = [];
  readonly #reader: CaptureReader = createCaptureReader(this);
  readonly #frame = new Frame();
  readonly #quoted = new Frame();
  readonly #analysis = new TsharkAnalysis();
  readonly #onLine: FrameFlagsSink;

  constructor(onLine: FrameFlagsSink) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  end(): void {
    this.#reader.end();
  }

  packet(record: PacketRecord): void {
    const frame = this.#frame;
    decodeFrame(record, frame);
    if (frame.kind === FrameKind.Tcp) this.#segment(record);
    else if (frame.kind === FrameKind.Icmp && frame.quotedProtocol === TCP) this.#quote(record);
  }

  problem(problem: Problem): void {
    this.problems.push(problem);
  }

  #segment(record: PacketRecord): void {
    const frame = this.#frame;
    if (frame.isFragment) {
      if (isLoneFragment(frame)) this.#glimpse(frame);
    } else if (contradictsItself(record, frame)) {
      this.#glimpse(frame);
    } else {
      this.#analysis.accept(frame);
      this.#show(frame);
    }
  }

  #quote(record: PacketRecord): void {
    const offset = findQuote(record, this.#frame);
    if (offset < 0) return;
    const capturedLength = record.offset + record.capturedLength - offset;
    const quote = {
      ...record,
      linkType: LinkType.Raw,
      offset,
      capturedLength,
      originalLength: capturedLength,
    };
    decodeFrame(quote, this.#quoted);
    if (this.#quoted.kind === FrameKind.Tcp) this.#glimpse(this.#quoted);
  }

  #glimpse(frame: Frame): void {
    this.#analysis.glimpse(frame);
    this.#show(frame);
  }

  /** Wireshark gives up at a header that is not all there before it shows what it found out. */
  #show(frame: Frame): void {
    this.#onLine(
      frame.number,
      this.#analysis.stream,
      flagNames(frame.tcpHeaderCut ? 0 : this.#analysis.flags),
    );
  }
}

/**
 * A first fragment that can never be put together, because the capture cut it: Wireshark shows what is
 * there. A whole one waits for the others, and is shown nowhere by us (docs/tshark-flags.md).
 */
function isLoneFragment(frame: Frame): boolean {
  return frame.ipVersion === 4 && frame.capturedPayload < frame.payloadLength;
}

/** The header says that it is longer than its packet, or shorter than any; a cut by the snap length is no such thing. */
function contradictsItself(record: PacketRecord, frame: Frame): boolean {
  if (!frame.tcpHeaderCut) return false;
  return frame.headerLength < MIN_TCP_HEADER || record.capturedLength >= record.originalLength;
}

/** Where the packet begins that an ICMP error quotes, by its two addresses; -1 where it is not found. */
function findQuote(record: PacketRecord, frame: Frame): number {
  const { view, quotedAddress } = frame;
  const [addresses, words] = frame.ipVersion === 6 ? [8, [0, 1, 2, 3, 4, 5, 6, 7]] : [12, [0, 4]];
  const last = record.offset + record.capturedLength - addresses - 4 * words.length;
  for (let at = record.offset; at <= last; at++) {
    if (words.every((word, i) => view.getUint32(at + addresses + 4 * i) === quotedAddress[word])) return at;
  }
  return -1;
}
