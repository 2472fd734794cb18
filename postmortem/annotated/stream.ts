/**
 * One capture as a stream of packets, each with its time by its own clock and by that of the report.
 * The trap: records are reused, so what is handed on is copied; a chunk's packets are held, never the file's.
 */
import { type Clock, toReferenceTime } from '../../analyzer/index.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';
import type { CaptureInterface, PacketRecord } from '../../packet/file/record.ts';
import { toEpoch } from '../../packet/time.ts';

export interface StreamedPacket {
  readonly frame: number;
  /** By the capture's own clock, ns since the epoch. */
  readonly ownTime: bigint;
  /** False where the file says no time; then it has that of the packet before. */
  readonly hasTime: boolean;
  /** By the clock of the report. */
  readonly time: bigint;
  readonly linkType: number;
  readonly captured: CaptureInterface;
  readonly data: Uint8Array;
  readonly originalLength: number;
}

export interface StreamOptions {
  /** `Capture.id`. */
  readonly capture: string;
  readonly clocks: readonly Clock[];
  readonly wants: (record: PacketRecord, time: bigint) => boolean;
}

/** The packets that are wanted, in the order of the file; of a damaged file as far as it can be read. */
export async function* streamPackets(
  chunks: AsyncIterable<Uint8Array>,
  { capture, clocks, wants }: StreamOptions,
): AsyncGenerator<StreamedPacket> {
  const own = clocks.filter((clock) => clock.capture === capture);
  let ready: StreamedPacket[] = [];
  const reader = createCaptureReader({
    packet(record) {
      const ownTime = toEpoch(reader.origin, record.time);
      const time = own.length === 0 ? ownTime : BigInt(toReferenceTime(own, capture, String(ownTime)));
      const captured = reader.interfaces[record.interfaceIndex];
      if (captured === undefined || !wants(record, time)) return;
      const { frame, hasTime, linkType, view, offset, capturedLength, originalLength } = record;
      const data = new Uint8Array(view.buffer, view.byteOffset + offset, capturedLength).slice();
      ready.push({ frame, ownTime, hasTime, time, linkType, captured, data, originalLength });
    },
    problem() {},
  });
  const take = (): StreamedPacket[] => {
    const taken = ready;
    ready = [];
    return taken;
  };
  for await (const chunk of chunks) {
    reader.push(chunk);
    yield* take();
    if (reader.stopped) return;
  }
  reader.end();
  yield* take();
}
