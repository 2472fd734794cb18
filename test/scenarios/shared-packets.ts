/**
 * The same packet in two captures, found by brute force: a key that stands once
 * in each of them. What it says of the clocks is the measure for what the
 * analysis says.
 * The trap: a cooked capture holds a forwarded packet twice. The copy that came
 * in is nearer to its sender, the copy that left nearer to its receiver.
 */
import type { PcapFile } from './pcap-records.ts';
import { optionsOf, type RawSegment, readSegment } from './raw-segment.ts';

/** What the packets tell that are seen once at both places. Times are true ones, in ns. */
export interface Shared {
  readonly toServer: OneWay;
  readonly toClient: OneWay;
  /** At the first place; null where no packet is shared. */
  readonly firstTime: bigint | null;
  readonly lastTime: bigint | null;
}

export interface OneWay {
  packets: number;
  /** From one place to the other, whichever came first. */
  shortest: bigint;
}

const SLL2 = 276;
const OUTGOING = 4;
const TIMESTAMPS = 8;

/** A capture, and where it was taken. */
export interface Place {
  readonly file: PcapFile;
  /** How far from the client. */
  readonly distance: number;
}

const distances: Readonly<Record<string, number>> = {
  in: 1,
  out: 2,
  'node-a': 1.5,
  'node-b': 1.5,
  server: 3,
};

/** How far from the client a capture was taken, by the name of its file; only the order counts. */
export function distanceOf(file: string): number {
  const [host = '', side = ''] = file.split('.');
  return distances[side] ?? distances[host] ?? 0;
}

/** Compares the captures of two places. `serverPort` tells the direction of a packet. */
export function sharedPackets(a: Place, b: Place, serverPort: number): Shared {
  let firstTime: bigint | null = null;
  let lastTime: bigint | null = null;
  const compare = (toServer: boolean): OneWay => {
    const way: OneWay = { packets: 0, shortest: 0n };
    const sendsFirst = a.distance < b.distance === toServer;
    const there = timesByKey(b.file, { serverPort, toServer, left: !sendsFirst });
    for (const [key, here] of timesByKey(a.file, { serverPort, toServer, left: sendsFirst })) {
      const other = there.get(key);
      if (here === null || !other) continue;
      const took = here < other ? other - here : here - other;
      if (way.packets === 0 || took < way.shortest) way.shortest = took;
      way.packets += 1;
      if (firstTime === null || here < firstTime) firstTime = here;
      if (lastTime === null || here > lastTime) lastTime = here;
    }
    return way;
  };
  return { toServer: compare(true), toClient: compare(false), firstTime, lastTime };
}

interface Wanted {
  readonly serverPort: number;
  readonly toServer: boolean;
  /** Of two copies in a cooked capture, that which left; else that which came. */
  readonly left: boolean;
}

/** Times by key; null where the key stands more than once. */
type Times = ReadonlyMap<string, bigint | null>;

const known = new WeakMap<PcapFile, Map<string, Times>>();

function timesByKey(file: PcapFile, wanted: Wanted): Times {
  let ofFile = known.get(file);
  if (ofFile === undefined) {
    ofFile = new Map();
    known.set(file, ofFile);
  }
  const name = JSON.stringify(wanted);
  const times = ofFile.get(name) ?? readTimes(file, wanted);
  ofFile.set(name, times);
  return times;
}

function readTimes(file: PcapFile, { serverPort, toServer, left }: Wanted): Times {
  const found = new Map<string, bigint | null>();
  for (const record of file.records) {
    if (file.linkType === SLL2 && (record.data[10] === OUTGOING) !== left) continue;
    const segment = readSegment(record, file.linkType);
    if (segment === null || (segment.destinationPort === serverPort) !== toServer) continue;
    const key = keyOf(segment);
    found.set(key, found.has(key) ? null : record.time);
  }
  return found;
}

/** Without ports and addresses, which address translation changes. */
function keyOf(segment: RawSegment): string {
  const { seq, ack, flags, length, window, record } = segment;
  const at = optionsOf(segment).find((o) => o.kind === TIMESTAMPS)?.at;
  const stamps = at === undefined ? '' : Buffer.from(record.data.subarray(at, at + 8)).toString('hex');
  return `${seq} ${ack} ${flags} ${length} ${window} ${stamps}`;
}
