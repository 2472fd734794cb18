/**
 * Rewrites captures frame by frame: other sequence numbers, one connection
 * alone. What the connection does stays the same, so what is said of it must
 * stay the same, or say less.
 * The trap: acknowledgements and SACK blocks count the peer's bytes and must
 * move with them.
 */
import type { PcapFile, WrittenRecord } from './pcap-records.ts';
import { fromClient, fromServer, optionsOf, type Ports, readSegment } from './raw-segment.ts';

/** Moves the numbers of both ends of one connection. */
export function moveSequence(
  file: PcapFile,
  ports: Ports,
  by: { client: number; server: number },
): WrittenRecord[] {
  return file.records.map((record) => {
    const segment = readSegment(record, file.linkType);
    if (segment === null) return record;
    const client = fromClient(segment, ports);
    if (!client && !fromServer(segment, ports)) return record;
    const [own, peer] = client ? [by.client, by.server] : [by.server, by.client];
    // Not `slice`: of a Buffer that is a view of the same bytes.
    const data = new Uint8Array(record.data);
    const view = new DataView(data.buffer);
    view.setUint32(segment.tcpAt + 4, segment.seq + own);
    if ((segment.flags & 0x10) !== 0) view.setUint32(segment.tcpAt + 8, segment.ack + peer);
    for (const { kind, at, length } of optionsOf(segment)) {
      if (kind !== 5) continue;
      for (let edge = at; edge + 4 <= at + length; edge += 4)
        view.setUint32(edge, view.getUint32(edge) + peer);
    }
    return { ...record, data };
  });
}

/** Leaves out every other TCP connection. ARP and the like stay. */
export function onlyConnection(file: PcapFile, ports: Ports): WrittenRecord[] {
  return file.records.filter((record) => {
    const segment = readSegment(record, file.linkType);
    return segment === null || fromClient(segment, ports) || fromServer(segment, ports);
  });
}
