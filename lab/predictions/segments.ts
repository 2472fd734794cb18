/**
 * One connection's segments in one capture, with their times, for whoever wants to predict from frames.
 * The trap: predictions may look at nothing that came after the path was back, so the caller says until when.
 */
import { createProgress } from '../../cli/progress.ts';
import { readCapture } from '../../cli/read-capture.ts';
import { createCaptureReader } from '../../packet/file/reader.ts';
import { decodeFrame } from '../../packet/wire/decode.ts';
import { Frame, FrameKind } from '../../packet/wire/frame.ts';

export interface LabSegment {
  /** s since the epoch. */
  readonly time: number;
  /** Whether the client sent it. */
  readonly fromClient: boolean;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly length: number;
}

export interface Connection {
  readonly clientPort: number;
  readonly serverPort: number;
}

/** In the order of the file. `until`: s since the epoch. @throws UserError where the file cannot be read */
export async function readSegments(
  file: string,
  { clientPort, serverPort }: Connection,
  until: number,
): Promise<LabSegment[]> {
  const found: LabSegment[] = [];
  const frame = new Frame();
  const reader = createCaptureReader({
    packet(record) {
      decodeFrame(record, frame);
      if (frame.kind !== FrameKind.Tcp) return;
      const fromClient = frame.sourcePort === clientPort && frame.destinationPort === serverPort;
      const fromServer = frame.sourcePort === serverPort && frame.destinationPort === clientPort;
      const time = Number(reader.origin) / 1e9 + record.time / 1e9;
      if ((!fromClient && !fromServer) || time > until) return;
      const { seq, ack, flags, payloadLength } = frame;
      found.push({ time, fromClient, seq, ack, flags, length: payloadLength });
    },
    problem() {},
  });
  const sink = {
    push: (chunk: Uint8Array) => reader.push(chunk),
    end: () => reader.end(),
    problem() {},
    get format() {
      return reader.format;
    },
  };
  await readCapture({ path: file, input: { file } }, sink, createProgress({ write() {} }));
  return found;
}
