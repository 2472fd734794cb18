/** The rules one by one, as transcripts (test/tshark-rules.ts). */
import { describe, expect, it } from 'vitest';
import type { Segment } from '../../../test/tcp-segment.ts';
import { parseTranscript } from '../../../test/transcript.ts';
import { RULES } from '../../../test/tshark-rules.ts';
import { flagNames } from './flags.ts';
import { TsharkAnalysis, type TsharkSegment } from './tshark-analysis.ts';

describe('rules of tshark', () => {
  for (const { rule, what, lines } of RULES) {
    it(`${rule}: ${what}`, () => {
      const { segments, expected } = parseTranscript(lines);
      const analysis = new TsharkAnalysis();
      const marks = segments.map((segment) => {
        analysis.accept(asTsharkSegment(segment));
        return `${analysis.stream}\t${flagNames(analysis.flags).join(',')}`;
      });
      expect(marks).toEqual(expected);
    });
  }
});

function asTsharkSegment(segment: Segment): TsharkSegment {
  const ports = [segment.clientPort, 80];
  return {
    ipVersion: 4,
    address: Uint32Array.of(1 + segment.sender, 0, 0, 0, 2 - segment.sender, 0, 0, 0),
    sourcePort: ports[segment.sender]!,
    destinationPort: ports[1 - segment.sender]!,
    seq: segment.seq,
    ack: segment.ack,
    flags: segment.flags,
    window: segment.window,
    windowScale: segment.scale,
    payloadLength: segment.length,
    tcpHeaderCut: false,
    time: Number(segment.time - 1_700_000_000_000_000_000n),
  };
}
