/**
 * A scenario's captures as a collector would have left them: rings of numbered pcapng files that say who wrote them,
 * named so that only that tells where they were taken.
 */
import { createAnalysis, type Report } from '../../analyzer/index.ts';
import { type CollectorNote, type FileNote, writeNote } from '../../packet/file/collector-note.ts';
import { inFeedingOrder, readHead } from '../../packet/file/feeding-order.ts';
import { createPcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { recordsOf } from './capture-cache.ts';
import type { Scenario } from './scenario.ts';

export interface RingFile {
  readonly source: string;
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface Ring {
  /** Files of each capture. */
  readonly files: number;
  /** Besides who wrote it, in the first file. */
  readonly notes?: (source: string, begin: bigint) => readonly CollectorNote[];
  readonly stamps?: FileNote['stamps'];
}

/** Cut where so many packets are in each. */
export function ringOf(scenario: Scenario, source: string, ring: Ring): RingFile[] {
  const { records, linkType, snaplen } = recordsOf(scenario, source);
  const vantage = source.replace(/\.pcap\.gz$/, '');
  const size = Math.ceil(records.length / ring.files);
  return Array.from({ length: ring.files }, (_, i) => {
    const own = records.slice(i * size, (i + 1) * size);
    const note: FileNote = {
      note: 'file',
      v: 1,
      collector: `c-${vantage.split('.')[0]}`,
      host: `host-${vantage.split('.')[0]}`,
      vantage,
      number: 7 + i,
      engine: 'tcpdump 4.99.3',
      stamps: ring.stamps ?? 'kernel',
    };
    const chunks: Uint8Array[] = [];
    const writer = createPcapngWriter((chunk) => chunks.push(chunk), { comments: [writeNote(note)] });
    writer.addInterface({ linkType, snaplen, resolution: 9, name: 'eth1' });
    const begin = own[0]?.time ?? 0n;
    const said = i === 0 ? (ring.notes?.(source, begin) ?? []) : [];
    writer.statistics({ time: begin, comments: said.map(writeNote) });
    for (const record of own) writer.packet(record);
    const end = own.at(-1)?.time ?? begin;
    writer.statistics({ time: end, endTime: end });
    return { source, number: note.number, bytes: Buffer.concat(chunks) };
  });
}

/** As the command and the server give them to the analysis: each file's beginning says where it belongs. */
export async function diagnoseRing(files: readonly RingFile[]): Promise<Report> {
  const headed = [];
  for (const file of files) headed.push({ file, head: await readHead(chunksOf(file.bytes)) });
  const analysis = createAnalysis({ tool: { name: 'stallscope', version: '0.0.0' } });
  for (const [i, { file, head }] of inFeedingOrder(headed, () => null).entries()) {
    const feed = analysis.addCapture({
      file: `${i}.pcapng`,
      ...(head.note !== null && { collected: head.note }),
    });
    feed.push(file.bytes);
    feed.end();
  }
  return analysis.finish();
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
