/**
 * Words for packets that were sent again where the report's ladder has none:
 * those that never reached the view that the flow was judged by.
 */
import type { CrossPacket } from '../failover/crossing.ts';
import { seconds } from '../verdict/words.ts';

const SYN_OR_FIN = 0x03;

/** Only what one vantage saw twice was sent twice; elsewhere the bytes may be cut otherwise. */
export function repeats(packets: readonly CrossPacket[]): Map<CrossPacket, string> {
  const before = new Map<string, { packet: CrossPacket; times: number }>();
  const labels = new Map<CrossPacket, string>();
  for (const packet of packets) {
    if (packet.length === 0 && (packet.flags & SYN_OR_FIN) === 0) continue;
    const key = `${packet.from} ${packet.seq}`;
    const known = before.get(key);
    const isAgain = known !== undefined && sharesVantage(known.packet, packet);
    const times = isAgain ? known.times + 1 : 0;
    if (isAgain) {
      const nth = times > 1 ? ` (${times})` : '';
      labels.set(packet, `sent again${nth} after ${seconds(packet.time - known.packet.time)}`);
    }
    before.set(key, { packet, times });
  }
  return labels;
}

/** A node's two links in one capture show what it forwards twice, the second time with another TTL. */
const sharesVantage = (a: CrossPacket, b: CrossPacket): boolean =>
  a.seen.some((s) =>
    b.seen.some((o) => o.vantage === s.vantage && o.point.at === s.point.at && o.row.ttl === s.row.ttl),
  );
