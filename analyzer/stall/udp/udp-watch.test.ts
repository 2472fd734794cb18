import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../packet/time.ts';
import { buildIcmp, buildUdp, recordOf, type UdpFrame } from '../../../packet/wire/build.ts';
import { decodeFrame } from '../../../packet/wire/decode.ts';
import { writeDns } from '../../../packet/wire/dns.ts';
import { Frame } from '../../../packet/wire/frame.ts';
import { QuicType, writeQuicLong, writeQuicShort } from '../../../packet/wire/quic.ts';
import type { DnsExchange } from './dns-exchange.ts';
import { UdpWatch } from './udp-watch.ts';

const CLIENT = '10.0.0.9';
const SERVER = '10.0.0.2';

class Feed {
  readonly watch = new UdpWatch();
  private frames = 0;
  private readonly frame = new Frame();

  send(at: number, fields: UdpFrame): this {
    return this.raw(at, buildUdp(fields));
  }

  raw(at: number, bytes: Uint8Array, icmp = false): this {
    decodeFrame(recordOf(bytes, { time: seconds(at) }), this.frame);
    this.frames += 1;
    if (icmp) this.watch.observeIcmp(this.frame, this.frames);
    else this.watch.observe(this.frame, this.frames);
    return this;
  }

  asks(at: number, id: number, name: string, port = 5000, server = SERVER): this {
    return this.send(at, {
      source: CLIENT,
      destination: server,
      sourcePort: port,
      destinationPort: 53,
      payload: writeDns({ id, name }),
    });
  }

  answers(at: number, id: number, name: string, port = 5000, server = SERVER): this {
    return this.send(at, {
      source: server,
      destination: CLIENT,
      sourcePort: 53,
      destinationPort: port,
      payload: writeDns({ id, name, code: 0, records: 16 }),
    });
  }

  up(at: number, payload: Uint8Array, port = 5000): this {
    return this.send(at, {
      source: CLIENT,
      destination: SERVER,
      sourcePort: port,
      destinationPort: 443,
      payload,
    });
  }

  down(at: number, payload: Uint8Array, port = 5000): this {
    return this.send(at, {
      source: SERVER,
      destination: CLIENT,
      sourcePort: 443,
      destinationPort: port,
      payload,
    });
  }

  get questions(): DnsExchange[] {
    return [...this.watch.dnsRecords()].map((r) => r.exchange).sort((a, b) => a.first.time - b.first.time);
  }

  get flows() {
    return [...this.watch.quicRecords()]
      .filter((r) => r.flow.isBelievable)
      .sort((a, b) => a.flow.firstTime - b.flow.firstTime);
  }
}

describe('DNS', () => {
  it('counts a question asked again under the same id as one, and names it then', () => {
    const [one, ...more] = new Feed()
      .asks(0, 7, 'a.example')
      .asks(5, 7, 'A.Example')
      .answers(5.1, 7, 'a.example').questions;
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      tryCount: 2,
      answerCount: 1,
      name: 'a.example',
      onePort: true,
      isTroubled: true,
    });
    expect(one?.firstAnswer?.frame).toBe(3);
  });

  it('knows it under another id, from another port, and takes the answer to either', () => {
    for (const [id, port] of [
      [7, 5000],
      [8, 5001],
    ] as const) {
      const feed = new Feed()
        .asks(0, 7, 'a.example')
        .asks(2, 8, 'a.example', 5001)
        .answers(2.1, id, 'a.example', port);
      expect(feed.questions.map((x) => [x.tryCount, x.answerCount, x.onePort])).toEqual([[2, 1, false]]);
    }
  });

  it('does not take a copy for a repeat, nor a question asked anew for one that waits', () => {
    expect(
      new Feed()
        .asks(0, 7, 'a')
        .asks(0.001, 7, 'a')
        .questions.map((x) => x.tryCount),
    ).toEqual([1]);
    const later = new Feed().asks(0, 7, 'a').asks(31, 7, 'a').asks(70, 9, 'a', 5002).questions;
    expect(later.map((x) => [x.tryCount, x.askedAnew?.frame])).toEqual([
      [1, 2],
      [1, 3],
      [1, undefined],
    ]);
  });

  it('does not take another answer for its own: other id, other question, other port', () => {
    const feed = new Feed().asks(0, 7, 'a');
    feed.answers(1, 8, 'a').answers(1, 7, 'b').answers(1, 7, 'a', 5001).asks(1, 7, 'b');
    expect(feed.questions.map((x) => x.answerCount)).toEqual([0, 0]);
  });

  it('sees that the client turned to another server', () => {
    const feed = new Feed()
      .asks(0, 7, 'a')
      .asks(5, 7, 'a', 5000, '10.0.0.3')
      .answers(5.1, 7, 'a', 5000, '10.0.0.3');
    const [one, two] = feed.questions;
    expect([one?.turnedTo === two, two?.answerCount, two?.turnedTo]).toEqual([true, 1, null]);
  });

  it('is no trouble where every try was answered, or the first one late', () => {
    const twice = new Feed().asks(0, 7, 'a').asks(5, 7, 'a').answers(6, 7, 'a').answers(6.5, 7, 'a');
    const late = new Feed().asks(0, 7, 'a').answers(9, 7, 'a');
    expect([...twice.questions, ...late.questions].map((x) => x.isTroubled)).toEqual([false, false]);
  });
});

const serverCid = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const none = new Uint8Array(0);
let noise = 0;
function random(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => {
    noise = (noise * 73 + 41) & 0xffff;
    return noise >>> 5;
  });
}
const short = (cid: Uint8Array, n = 60): Uint8Array => writeQuicShort(cid, ++noise, random(n));
const initial = (): Uint8Array => writeQuicLong({ destination: random(8), source: none }, random(1200));
const answer = (): Uint8Array => writeQuicLong({ destination: none, source: serverCid }, random(1200));

describe('QUIC', () => {
  const opened = (): Feed => new Feed().up(0, initial()).down(0.02, answer()).up(0.03, short(serverCid));

  it('is known by the long header, with client and server', () => {
    const [record] = opened().flows;
    expect(record?.ends).toEqual({
      client: { address: CLIENT, port: 5000 },
      server: { address: SERVER, port: 443 },
    });
    expect(record?.flow).toMatchObject({ opened: true, certain: true, established: true });
  });

  it('goes on under another port as kin, by the connection ID', () => {
    const feed = opened()
      .up(20, short(serverCid), 6000)
      .up(21, short(Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9)), 7000);
    const kin = feed.flows.map(({ flow, ends }) => [ends.client.port, flow.kin !== null]);
    expect(kin.slice(0, 2)).toEqual([
      [5000, false],
      [6000, true],
    ]);
    expect(feed.flows.some(({ ends }) => ends.client.port === 7000)).toBe(false);
  });

  it('follows the ID that the client changes to', () => {
    const other = Uint8Array.of(8, 8, 8, 8, 1, 2, 3, 4);
    const feed = opened().up(5, short(other)).up(9, short(other), 6000);
    expect(feed.flows.map(({ flow }) => flow.kin !== null)).toEqual([false, true]);
  });

  it('finds an ID of unknown length in what short headers share', () => {
    const feed = new Feed();
    for (let i = 0; i < 6; i++) feed.up(i, short(serverCid)).down(i + 0.02, short(none));
    feed.up(9, short(serverCid), 6000);
    expect(feed.flows.map(({ flow, ends }) => [ends.client.port, flow.certain, flow.kin !== null])).toEqual([
      [5000, false, false],
      [6000, true, true],
    ]);
    expect(feed.flows[0]?.flow.cids).toEqual([serverCid]);
  });

  it('does not take other protocols on port 443 for QUIC', () => {
    const feed = new Feed();
    for (let i = 0; i < 20; i++) {
      feed.up(i, Uint8Array.of(0x48, ...random(60))); // OpenVPN
      feed.up(i, Uint8Array.of(0x17, ...random(60)), 5001); // DTLS
      feed.up(i, Uint8Array.of(4, 0, 0, 0, ...random(60)), 5002); // WireGuard
    }
    expect(feed.flows).toEqual([]);
  });

  it('keeps an end on port 443 as the server where the capture begins with its answer', () => {
    const [record] = new Feed().down(
      0,
      writeQuicLong({ type: QuicType.Handshake, destination: none, source: serverCid }, random(60)),
    ).flows;
    expect(record?.ends.server.port).toBe(443);
    expect(record?.flow.opened).toBe(false);
  });
});

it('passes by what is for many, multicast DNS, and heartbeats of nodes', () => {
  const feed = new Feed();
  const payload = writeDns({ id: 1, name: 'a' });
  const many: UdpFrame[] = [
    { destination: '224.0.0.251', destinationPort: 53 },
    { destination: '255.255.255.255', destinationPort: 53 },
    { source: 'fd00::1', destination: 'ff02::fb', destinationPort: 53 },
    { destinationMac: 'ff:ff:ff:ff:ff:ff', destination: '10.0.0.255', destinationPort: 53 },
    { sourcePort: 5353, destinationPort: 53 },
    { sourcePort: 49_402, destinationPort: 3780 },
  ];
  for (const fields of many) feed.send(0, { payload, ...fields });
  feed.send(1, { sourcePort: 49_402, destinationPort: 3780, payload: Uint8Array.of(0x50, 1, 2, 3) });
  expect([feed.questions, feed.flows]).toEqual([[], []]);
});

it('keeps ICMP errors that refuse a datagram, not those that only say that the host is gone', () => {
  const quoted = buildUdp({ link: 'raw', source: CLIENT, destination: SERVER, sourcePort: 5000, payload: 9 });
  const feed = new Feed();
  for (const code of [1, 3, 13]) feed.raw(0, buildIcmp({ type: 3, code, body: quoted }), true);
  expect(feed.watch.refusals.map((r) => [r.icmp, r.from, r.to])).toEqual(
    ['3/3', '3/13'].map((icmp) => [icmp, { address: CLIENT, port: 5000 }, { address: SERVER, port: 53 }]),
  );
});

it('stays bounded, and says what it left out', () => {
  const feed = new Feed();
  const frame = new Frame();
  const bytes = buildUdp({ payload: writeDns({ id: 1, name: 'aaaa.example' }) });
  for (let i = 0; i < 60_000; i++) {
    decodeFrame(recordOf(bytes, { time: i * millis(0.001) }), frame);
    frame.view.setUint16(frame.payloadOffset + 13, 0x6161 + i);
    frame.address[0] = 0x0a000000 + i;
    feed.watch.observe(frame, i + 1);
  }
  expect(feed.questions.length).toBe(32_768);
  expect(feed.watch.unfollowed).toBe(60_000 - 32_768);
});
