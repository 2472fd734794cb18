/** Types of packages that come without: only what is used of them. */

declare module 'lz4js' {
  const lz4: {
    /** Decodes one block of `length` bytes at `from`; writes at `at`, may refer to bytes before it, returns where it ended. Checks nothing. */
    decompressBlock(
      this: void,
      source: Uint8Array,
      target: Uint8Array,
      from: number,
      length: number,
      at: number,
    ): number;
  };
  export default lz4;
}

declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events';
  import type { Readable } from 'node:stream';

  export interface PacketHeader {
    timestampSeconds: number;
    timestampMicroseconds: number;
    capturedLength: number;
    originalLength: number;
  }
  export function parse(input: string | Readable): EventEmitter;
}
