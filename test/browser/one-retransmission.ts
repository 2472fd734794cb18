/**
 * A capture of one long download in which exactly one segment is sent twice, and nothing else is out of the
 * ordinary: what must be found among a million. Beside the server, so that both segments are in it.
 * The trap: no pause may be long enough to be a stall, and no ACK may repeat one before it.
 */
import { type Connection, Flag, type Packet, PcapStream } from '../../bench/pcap-stream.ts';

export interface OneRetransmission {
  readonly frames: number;
  /** Number of the frame that is sent again. */
  readonly frame: number;
}

const MSS = 1448;
/** Between two frames: a million take 100 s. */
const STEP = 100_000;
/** Headers only: link, IPv4, TCP with timestamps. */
const SNAPLEN = 66;
/** Part of the whole after which it happens: on no boundary of anything. */
const WHERE = 0.617;
const CONNECTION: Connection = { ipVersion: 4, host: 7, port: 40_000 };
const { Syn, Ack, Psh, Fin } = Flag;
const REQUEST = new TextEncoder().encode('GET /image HTTP/1.1\r\nHost: www.example.net\r\n\r\n');

/** Writes it to `path`: `frames` frames, or a few more. */
export function writeOneRetransmission(path: string, frames: number): OneRetransmission {
  const stream = new PcapStream(path, SNAPLEN);
  const ends = { client: 1000, server: 5000 };
  const send = (fromClient: boolean, flags: number, payload = 0, again = 0): void => {
    const [own, other] = fromClient ? [ends.client, ends.server] : [ends.server, ends.client];
    const packet: Packet = {
      connection: CONNECTION,
      fromClient,
      time: stream.packets * STEP,
      seq: (own - again) >>> 0,
      ack: other,
      flags,
      payload,
      text: fromClient && payload > 0 ? REQUEST : null,
      sack: null,
    };
    stream.write(packet);
    if (again > 0) return;
    const moved = payload + ((flags & (Syn | Fin)) === 0 ? 0 : 1);
    if (fromClient) ends.client += moved;
    else ends.server = (ends.server + moved) >>> 0;
  };
  send(true, Syn);
  send(false, Syn | Ack);
  send(true, Ack);
  send(true, Ack | Psh, REQUEST.length);
  let frame = 0;
  while (stream.packets < frames) {
    send(false, Ack, MSS);
    send(false, Ack, MSS);
    if (frame === 0 && stream.packets >= frames * WHERE) {
      // Sent again before the client could say that both had arrived.
      send(false, Ack, MSS, MSS);
      frame = stream.packets;
    }
    send(true, Ack);
  }
  send(false, Ack | Fin);
  send(true, Ack | Fin);
  send(false, Ack);
  const written = stream.packets;
  stream.close();
  return { frames: written, frame };
}
