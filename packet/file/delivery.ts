/**
 * The side of a reader that looks at its sink: the one reused record, frame
 * numbers, the origin of time, and problems, each kind once.
 * Both formats fill it; its public fields are what `CaptureReader` shows.
 * The trap: `frames` counts what was delivered, `lastFrame` numbers as
 * Wireshark does, which also numbers blocks that are no packets.
 */
import { grouped } from '../grouped.ts';
import type { Problem, ProblemKind } from '../problem.ts';
import { NANOS_PER_MILLI, type Nanos, NOT_SMALL } from '../time.ts';
import type { CaptureFormat, CaptureInterface, CaptureNotes, PacketRecord, RecordSink } from './record.ts';

/**
 * Captures that gather several CPUs or queues are out of order by microseconds, which is normal.
 * A clock that was set back, or files pasted together, jump by more than this.
 */
export const BACKWARDS_TOLERANCE: Nanos = NANOS_PER_MILLI;

const BILLION = 1_000_000_000n;

export type MutableNotes = { -readonly [K in keyof CaptureNotes]: CaptureNotes[K] };

export class Delivery {
  readonly sink: RecordSink;
  readonly record: PacketRecord;
  readonly interfaces: CaptureInterface[] = [];
  readonly notes: MutableNotes = { comments: [], collector: [], packetComments: [], names: new Map() };
  format: CaptureFormat | null = null;
  frames = 0;
  lastFrame = 0;
  truncated = false;

  /** ns since the epoch, and the same as whole seconds and the ns beyond them. */
  origin = 0n;
  originKnown = false;
  originSeconds = NOT_SMALL;
  originNanos = NOT_SMALL;

  readonly #reported = new Set<string>();

  constructor(sink: RecordSink, origin: bigint | undefined) {
    this.sink = sink;
    this.record = {
      frame: 0,
      time: NOT_SMALL,
      hasTime: true,
      interfaceIndex: 0,
      linkType: 0,
      view: new DataView(new ArrayBuffer(0)),
      offset: 0,
      capturedLength: 0,
      originalLength: 0,
    };
    if (origin !== undefined) this.#setOrigin(origin);
  }

  /** The first known time decides: its whole second becomes the origin, unless one was given. */
  firstTime(epoch: bigint): void {
    if (this.originKnown) return;
    const beyond = ((epoch % BILLION) + BILLION) % BILLION;
    this.#setOrigin(epoch - beyond);
  }

  #setOrigin(origin: bigint): void {
    this.origin = origin;
    this.originKnown = true;
    this.originSeconds = Number(origin / BILLION);
    this.originNanos = Number(origin % BILLION);
  }

  /** Only the first of a code is told: a damaged file can repeat the same with every packet. */
  problem(
    kind: ProblemKind,
    code: string,
    message: string,
    at: Problem['at'] = this.lastFrame > 0 ? { frame: this.lastFrame } : {},
  ): void {
    if (this.#reported.has(code)) return;
    this.#reported.add(code);
    this.sink.problem({ code, message, kind, at });
  }

  /** Called in the rare case, so that the walk over the packets stays small. */
  reportBackwards(previous: Nanos, time: Nanos, frame: number): void {
    const back = ((previous - time) / 1e9).toFixed(3);
    this.problem(
      'malformed',
      'time-backwards',
      `Time runs backwards: frame ${frame} is ${back} s earlier than the frame before it. Durations across it are not reliable.`,
      { frame },
    );
  }

  reportLongerThanOriginal(frame: number): void {
    this.problem(
      'malformed',
      'captured-exceeds-original',
      `Frame ${frame} says that more of it was captured than there was; the captured bytes are used.`,
      { frame },
    );
  }

  reportCut(what: string, position: number, there: number, frame?: number): void {
    this.truncated = true;
    const at = frame === undefined ? { offset: position } : { offset: position, frame };
    this.problem(
      'truncated',
      'record-cut',
      `The file ends inside ${what} (${grouped(there)} bytes of it are there). Frames read before it: ${grouped(this.frames)}.`,
      at,
    );
  }
}
