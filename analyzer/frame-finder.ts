/**
 * Some frames of one capture, each taken apart for people. Bytes are pushed in
 * as they were for the analysis; nothing of the file is kept.
 * The trap: frames are numbered as Wireshark does, which also numbers blocks of
 * a pcapng that are no packets: such a number is never found.
 */

import { createCaptureReader } from '../packet/file/reader.ts';
import type { CaptureReader, PacketRecord } from '../packet/file/record.ts';
import { grouped } from '../packet/grouped.ts';
import { linkTypeName } from '../packet/link-type.ts';
import { toEpoch } from '../packet/time.ts';
import type { DecodedLayer } from '../packet/wire/decoded-layer.ts';
import { dissectFrame } from '../packet/wire/dissect.ts';
import type { NanosString } from './report/report.ts';

export interface FoundFrame {
  readonly frame: number;
  /** ns since the epoch by the capture's own clock; null where the file says none. */
  readonly time: NanosString | null;
  /** As tcpdump names it. */
  readonly linkType: string;
  readonly capturedLength: number;
  readonly originalLength: number;
  /** `Frame` first, then `Comment` where the file has one, then the headers from the outside in. */
  readonly layers: DecodedLayer[];
}

export interface FrameFinder {
  /** Takes the (decompressed) bytes of the capture, in chunks of any size. */
  push(chunk: Uint8Array): void;
  end(): void;
  /** All that can be found was found, or the rest cannot be read: no more bytes are wanted. */
  readonly done: boolean;
  /** In the order of the file. */
  readonly found: readonly FoundFrame[];
}

/** Looks for frames by their numbers. */
export function createFrameFinder(frames: readonly number[]): FrameFinder {
  const wanted = new Set(frames);
  const last = frames.reduce((a, b) => Math.max(a, b), 0);
  const found: FoundFrame[] = [];
  let isPast = last === 0;
  const reader = createCaptureReader({
    packet(record) {
      if (isPast) return;
      if (wanted.has(record.frame)) found.push(toFound(record, reader));
      isPast = record.frame >= last;
    },
    problem() {},
  });
  return {
    push(chunk) {
      if (!isPast) reader.push(chunk);
    },
    end() {
      if (!isPast) reader.end();
    },
    get done() {
      return isPast || reader.stopped;
    },
    found,
  };
}

function toFound(record: PacketRecord, reader: CaptureReader): FoundFrame {
  const { frame, time, hasTime, linkType, capturedLength, originalLength } = record;
  const comments = reader.notes.packetComments.filter((c) => c.frame === frame);
  return {
    frame,
    time: hasTime ? toEpoch(reader.origin, time).toString() : null,
    linkType: linkTypeName(linkType),
    capturedLength,
    originalLength,
    layers: [frameLayer(record, reader), ...comments.map(commentLayer), ...dissectFrame(record)],
  };
}

const bytes = (n: number): string => `${grouped(n)} B`;

function frameLayer(record: PacketRecord, { interfaces }: CaptureReader): DecodedLayer {
  const { frame, linkType, capturedLength, originalLength, interfaceIndex } = record;
  const name = interfaces[interfaceIndex]?.name;
  return {
    name: 'Frame',
    fields: [
      { name: 'Number', value: String(frame) },
      { name: 'Length', value: bytes(originalLength) },
      { name: 'Captured', value: bytes(capturedLength) },
      { name: 'Link type', value: linkTypeName(linkType) },
      ...(name === undefined ? [] : [{ name: 'Interface', value: printable(name) }]),
    ],
  };
}

const commentLayer = ({ text }: { text: string }): DecodedLayer => ({
  name: 'Comment',
  fields: [{ name: 'Text', value: printable(text) }],
});

/** Whoever wrote the capture wrote this: nothing of it may act on a terminal, nor turn the text around it. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c === '\n' ? '\\n' : `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
