/**
 * TCP written down as text, one segment a line, with the marks expected of it:
 *
 *     12.5 C PSH-ACK 101+10 ack 501 win 1000 scale 2 | #1 lost_segment window_full
 *
 * is, at 12.5 ms, from the client, 10 bytes from number 101 on; `ack` is 0,
 * `win` 1000 and `scale` none where left out. `#1` is the stream, counted from
 * the first of the transcript, 0 where left out.
 */
import { FLAG_NAMES } from '../analyzer/tcp/tshark/flags.ts';
import { flagBits } from '../packet/wire/tcp.ts';
import type { Segment } from './tcp-segment.ts';

const LINE =
  /^(?<ms>-?[\d.]+) (?<who>[CS]) (?<flags>[A-Z-]+) (?<seq>\d+)(\+(?<length>\d+))?( ack (?<ack>\d+))?( win (?<window>\d+))?( scale (?<scale>\d+))? \|(?<expected>.*)$/;

export interface Transcript {
  segments: Segment[];
  /** `stream \t flags` a segment, flags as tshark orders them. */
  expected: string[];
}

/** Time 0 of a transcript, ns since the epoch. */
const START = 1_700_000_000_000_000_000n;

/** Reads a transcript; empty lines are skipped. Throws on a line that it does not understand. */
export function parseTranscript(text: string, clientPort = 1000): Transcript {
  const lines = text.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  const transcript: Transcript = { segments: [], expected: [] };
  for (const line of lines.filter(Boolean)) {
    const fields = LINE.exec(line)?.groups;
    if (!fields) throw new Error(`not a line of a transcript: ${line}`);
    transcript.segments.push(segmentOf(fields, clientPort));
    transcript.expected.push(expectedOf(fields.expected ?? ''));
  }
  return transcript;
}

function segmentOf(fields: Record<string, string | undefined>, clientPort: number): Segment {
  return {
    ipVersion: 4,
    sender: fields.who === 'C' ? 0 : 1,
    clientPort,
    seq: Number(fields.seq),
    ack: Number(fields.ack ?? 0),
    flags: flagBits((fields.flags ?? '').replaceAll('-', ' ')),
    window: Number(fields.window ?? 1000),
    length: Number(fields.length ?? 0),
    scale: Number(fields.scale ?? -1),
    time: START + BigInt(Math.round(Number(fields.ms) * 1e6)),
  };
}

function expectedOf(text: string): string {
  const words = text.trim().split(' ').filter(Boolean);
  const stream = words[0]?.startsWith('#') ? words.shift()?.slice(1) : '0';
  const unknown = words.find((word) => !FLAG_NAMES.includes(word));
  if (unknown) throw new Error(`no flag of tshark: ${unknown}`);
  return `${stream}\t${FLAG_NAMES.filter((name) => words.includes(name)).join(',')}`;
}
