/**
 * What tshark shows of every frame of a capture: the independent reader that
 * the evidence of a report is held against.
 * The traps: tshark repeats a field for every layer that has it (an ICMP error
 * quotes a packet); the outermost is meant, and comes first. And it takes longer
 * to start than to read most captures, so those of a scenario are read as one.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type MergedCapture, mergeCaptures, type NamedCapture, TURNED } from '../merge-captures.ts';

const run = promisify(execFile);

export interface ReadFrame {
  readonly frame: number;
  /** ns since the epoch. */
  readonly time: bigint;
  readonly source: string;
  readonly destination: string;
  /** -1 for a frame without TCP. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly length: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly ttl: number;
  /** IP identification; -1 where there is none. */
  readonly ipId: number;
  /** `tcp.stream`; -1 for a frame without TCP. */
  readonly stream: number;
  /** As tshark writes it; '' where the link has none. */
  readonly macSource: string;
  /** Of an ARP message: whose address it tells; '' for others. */
  readonly arpSender: string;
  /** `sll.pkttype`; -1 for a capture that is not cooked. */
  readonly packetType: number;
  /** Names of `tcp.analysis.*` that tshark sets. */
  readonly analysis: readonly string[];
  readonly isArp: boolean;
  readonly isVrrp: boolean;
  readonly isIcmp: boolean;
}

const ANALYSIS = ['retransmission', 'fast_retransmission', 'spurious_retransmission', 'keep_alive'];
const FLAG = 'tcp.analysis.';
const FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'ip.dst',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.flags',
  'tcp.len',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.window_size_value',
  'ip.ttl',
  'ip.id',
  'tcp.stream',
  'eth.src',
  'sll.src.eth',
  'arp.src.proto_ipv4',
  'sll.pkttype',
  'arp.opcode',
  'vrrp.prio',
  'icmp.type',
  ...ANALYSIS.map((name) => FLAG + name),
];
const COLUMN = new Map(FIELDS.map((field, i) => [field, i]));
const FLAGS = ANALYSIS.map((name) => ({ name, at: FIELDS.indexOf(FLAG + name) }));

export type Frames = ReadonlyMap<number, ReadFrame>;

/** All frames of each capture by number, by the capture's name. */
export async function readWithTshark(captures: readonly NamedCapture[]): Promise<Map<string, Frames>> {
  const folder = await mkdtemp(join(tmpdir(), 'stallscope-evidence-'));
  try {
    const read = new Map<string, Frames>();
    for (const merged of mergeCaptures(captures, TURNED)) {
      const file = join(folder, 'merged.pcap');
      await writeFile(file, merged.bytes);
      for (const [name, frames] of takenApart(merged, await rowsOf(file))) read.set(name, frames);
    }
    return read;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function rowsOf(file: string): Promise<string[]> {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const args = ['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=f', ...fields];
  const { stdout } = await run('tshark', args, { maxBuffer: 1 << 30 });
  return stdout.split('\n').slice(0, -1);
}

/** Frames, streams and addresses as each capture has them on its own. */
function* takenApart({ parts }: MergedCapture, rows: readonly string[]): Generator<[string, Frames]> {
  let base = { frame: 0, stream: 0 };
  for (const [i, { name, frames: count }] of parts.entries()) {
    const frames = new Map<number, ReadFrame>();
    let stream = base.stream;
    const turned = new Map<string, string>();
    const back = (address: string): string => {
      const known = turned.get(address) ?? turnedBack(address, i + 1);
      turned.set(address, known);
      return known;
    };
    for (const row of rows.slice(base.frame, base.frame + count)) {
      const read = toFrame(row.split('\t'));
      stream = Math.max(stream, read.stream + 1);
      const own = {
        ...read,
        frame: read.frame - base.frame,
        stream: read.stream < 0 ? -1 : read.stream - base.stream,
        source: back(read.source),
        destination: back(read.destination),
      };
      frames.set(own.frame, own);
    }
    yield [name, frames];
    base = { frame: base.frame + count, stream };
  }
}

function turnedBack(address: string, capture: number): string {
  const [first, ...rest] = address.split('.');
  return address === '' ? '' : [TURNED(Number(first), capture), ...rest].join('.');
}

function toFrame(cells: readonly string[]): ReadFrame {
  const text = (field: string): string => cells[COLUMN.get(field) ?? -1] ?? '';
  const number = (field: string): number => (text(field) === '' ? -1 : Number(text(field)));
  return {
    frame: number('frame.number'),
    time: toNanos(text('frame.time_epoch')),
    source: text('ip.src'),
    destination: text('ip.dst'),
    sourcePort: number('tcp.srcport'),
    destinationPort: number('tcp.dstport'),
    flags: number('tcp.flags'),
    length: number('tcp.len'),
    seq: number('tcp.seq_raw'),
    ack: number('tcp.ack_raw'),
    window: number('tcp.window_size_value'),
    ttl: number('ip.ttl'),
    ipId: number('ip.id'),
    stream: number('tcp.stream'),
    macSource: text('eth.src') || text('sll.src.eth'),
    arpSender: text('arp.src.proto_ipv4'),
    packetType: number('sll.pkttype'),
    analysis: FLAGS.flatMap(({ name, at }) => (cells[at] === '' ? [] : name)),
    isArp: text('arp.opcode') !== '',
    isVrrp: text('vrrp.prio') !== '',
    isIcmp: text('icmp.type') !== '',
  };
}

/** `1795344819.899987000`. */
function toNanos(epoch: string): bigint {
  const [seconds = '0', fraction = ''] = epoch.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}
