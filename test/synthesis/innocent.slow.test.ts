/**
 * Traffic that no failover touched, with pauses that look like one: nothing in
 * it may be blamed on a failover. Sizes, ports, systems and snap lengths vary.
 */
import { expect, test } from 'vitest';
import { millis as ms, seconds as s } from '../../packet/time.ts';
import { diagnose, inWords } from './diagnosis.ts';
import { GET, okHead, tlsHello } from './messages.ts';
import { Network } from './network.ts';

const at = (n: Network, until?: number, o = {}) =>
  inWords(diagnose(n, { ...(until === undefined ? {} : { until }), ...o }));

/** A long wait for an answer stays open where no counter shows that its sender rested; it is no failover in any case. */
const innocent = (system: string): RegExp =>
  system === 'counter' ? /^unaffected$/ : /^(unaffected|resumed, cause open)$/;

for (const size of [20_000, 100_000, 500_000, 2_000_000]) {
  test(`HTTP ${size} complete body, full frames, then 75 s idle to the end`, () => {
    const n = new Network();
    n.flow()
      .handshake()
      .client.sends(GET)
      .server.streams(size, { head: okHead(size) });
    expect(at(n, s(90))).toBe('unaffected');
  });
  test(`HTTP ${size} complete body, snaplen 68, then 75 s idle to the end`, () => {
    const n = new Network({ snaplen: 68 });
    n.flow()
      .handshake()
      .client.sends(GET)
      .server.streams(size, { head: okHead(size) });
    expect(at(n, s(90))).toBe('unaffected');
  });
  test(`TLS ${size} answer, then 75 s idle to the end`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size);
    expect(at(n, s(90))).toBe('unaffected');
  });
  test(`TLS ${size} answer, then keepalives answered 60 s`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .client.probesEvery(s(15), 5, true);
    expect(at(n)).toBe('unaffected');
  });
  test(`TLS ${size} answer, then 60 s idle and another request`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(60))
      .client.sends(300)
      .server.streams(3000);
    expect(at(n)).toBe('unaffected');
  });
  test(`TLS ${size} random IP ID, then 60 s idle and another request`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443, ipId: 'random' } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(60))
      .client.sends(300)
      .server.streams(3000);
    expect(at(n)).toBe('unaffected');
  });
  test(`IPv6 TLS ${size}, then 60 s idle, client closes, server FINs`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ client: { address: '2001:db8:1::10' }, server: { port: 443, address: '2001:db8:2::10' } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(60))
      .client.fin()
      .server.fin()
      .client.acks();
    expect(at(n)).toBe('unaffected');
  });
  test(`TLS ${size}, then 65 s idle, server closes (nginx keepalive_timeout)`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(65))
      .server.fin()
      .client.fin()
      .server.acks();
    expect(at(n)).toBe('unaffected');
  });
  test(`TLS ${size}, then 60 s idle, client sends RST (pool eviction), server alive`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(60))
      .client.rst();
    expect(at(n)).toBe('unaffected');
  });
  test(`TLS ${size}, idle 60 s, close_notify + FIN, server RST`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200)
      .client.sends(300)
      .server.streams(size)
      .after(s(60))
      .client.sends(24)
      .client.fin()
      .server.rst({ flags: 'RST' });
    expect(at(n)).toBe('unaffected');
  });
}

for (const size of [100_000, 2_000_000]) {
  test(`pooled: five answers of ${size}, idle 10 s between, idle 60 s at the end`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200);
    for (let i = 0; i < 5; i++)
      f.client
        .sends(300)
        .server.streams(size + i * 9000)
        .after(s(10));
    expect(at(n, s(150))).toBe('unaffected');
  });
  test(`pooled: answers growing 3-fold up to ${size}, idle 60 s`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow({ server: { port: 443 } })
      .handshake()
      .client.sends(tlsHello())
      .server.sends(4200);
    for (let i = 0; i < 3; i++)
      f.client
        .sends(300)
        .server.streams(Math.round((size * 3 ** i) / 9))
        .after(s(2));
    expect(at(n, s(90))).toBe('unaffected');
  });
  test(`chunked ${size} full frames, complete with last chunk, idle 60 s`, () => {
    const n = new Network();
    const f = n
      .flow()
      .handshake()
      .client.sends(GET)
      .server.streams(size, { head: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', push: false });
    f.server.sends('\r\n0\r\n\r\n').client.acks();
    expect(at(n, s(90))).toBe('unaffected');
  });
}

test('HEAD with Content-Length, idle', () => {
  const n = new Network();
  n.flow()
    .handshake()
    .client.sends(GET.replace('GET', 'HEAD'))
    .server.sends(okHead(10_000_000))
    .client.acks();
  expect(at(n, s(60))).toBe('unaffected');
});
test('304 with Content-Length, idle', () => {
  const n = new Network();
  n.flow()
    .handshake()
    .client.sends(GET)
    .server.sends(okHead(10_000_000).replace('200 OK', '304 Not Modified'))
    .client.acks();
  expect(at(n, s(60))).toBe('unaffected');
});
test('pipelined GETs, answers in order, idle', () => {
  const n = new Network();
  n.flow()
    .handshake()
    .client.sends(GET)
    .client.sends(GET)
    .client.sends(GET)
    .server.streams(30_000, { head: okHead(30_000) })
    .server.streams(200_000, { head: okHead(200_000) })
    .server.streams(50_000, { head: okHead(50_000) });
  expect(at(n, s(90))).toBe('unaffected');
});
test('100-continue upload', () => {
  const n = new Network();
  n.flow()
    .handshake()
    .client.sends('POST /u HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n')
    .server.sends('HTTP/1.1 100 Continue\r\n\r\n')
    .client.streams(200_000)
    .server.sends(`${okHead(2)}ok`)
    .client.acks();
  expect(at(n, s(60))).toBe('unaffected');
});
for (const [name, server] of Object.entries({
  counter: {},
  random: { ipId: 'random' as const },
  zero: { ipId: 'zero' as const },
  v6: { address: '2001:db8::2' },
  noTs: { ipId: 'random' as const, timestamps: false, windowScale: -1, mss: 1380, dontFragment: false },
})) {
  const client = name === 'v6' ? { address: '2001:db8::1' } : {};
  for (const port of [80, 443, 8443, 5432]) {
    test(`long poll: think 45 s then answer, ${name} ${port}`, () => {
      const n = new Network({ snaplen: 96 });
      const f = n.flow({ client, server: { ...server, port } }).handshake();
      if (port === 443) f.client.sends(tlsHello()).server.sends(4200);
      f.client
        .sends(port === 80 ? GET : 200)
        .server.acks()
        .after(s(45))
        .server.sends(300)
        .client.acks();
      expect(at(n)).toMatch(innocent(name));
    });
    test(`long poll repeated: 4 x 25 s, ${name} ${port}`, () => {
      const n = new Network({ snaplen: 96 });
      const f = n.flow({ client, server: { ...server, port } }).handshake();
      if (port === 443) f.client.sends(tlsHello()).server.sends(4200);
      for (let i = 0; i < 4; i++)
        f.client
          .sends(port === 80 ? GET : 200)
          .server.acks()
          .after(s(25))
          .server.sends(300)
          .client.acks();
      expect(at(n)).toMatch(innocent(name));
    });
  }
  test(`SSE: event every 20 s, no request after, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow({ client, server })
      .handshake()
      .client.sends(GET)
      .server.sends('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
      .client.acks();
    for (let i = 0; i < 6; i++) f.after(s(20)).server.sends(120).client.acks();
    expect(at(n, s(150))).toBe('unaffected');
  });
  test(`websocket: quiet, pings every 30 s, ${name}`, () => {
    const n = new Network();
    const f = n
      .flow({ client, server })
      .handshake()
      .client.sends(`GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n`)
      .server.sends('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')
      .client.acks();
    for (let i = 0; i < 5; i++) f.after(s(30)).server.sends(2).client.sends(6).server.acks();
    expect(at(n, s(190))).toBe('unaffected');
  });
  test(`ssh-like typing with pauses, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow({ client, server: { ...server, port: 22 } })
      .handshake()
      .server.sends(41)
      .client.sends(41)
      .server.sends(1100)
      .client.sends(1500)
      .server.sends(500)
      .client.acks();
    for (let i = 0; i < 12; i++)
      f.after(s(1 + (i % 5) * 4))
        .client.sends(36)
        .server.sends(36)
        .client.acks();
    f.client.sends(36).server.sends(9000).client.acks();
    expect(at(n, s(200))).toBe('unaffected');
  });
  test(`server push with no request, sparse (telemetry), ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n.flow({ client, server: { ...server, port: 9000 } }).handshake();
    for (let i = 0; i < 20; i++) f.after(s(7)).server.sends(3000).client.acks();
    expect(at(n, s(200))).toBe('unaffected');
  });
  test(`app pause of 3 s in a download, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ client, server })
      .handshake()
      .client.sends(GET)
      .server.streams(300_000, { head: okHead(600_000) })
      .after(s(3))
      .server.streams(300_000)
      .server.fin()
      .client.fin()
      .server.acks();
    expect(at(n)).toBe('unaffected');
  });
  test(`download ended, 50 s idle, KA answered (seq = RCV.NXT), closes, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ client, server })
      .handshake()
      .client.sends(GET)
      .server.streams(800_000)
      .client.probesEvery(s(15), 3, true)
      .client.fin()
      .server.fin()
      .client.acks();
    expect(at(n)).toBe('unaffected');
  });
  test(`DB: queries, idle 10 min with keepalives each 60 s, query, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow({ client, server: { ...server, port: 5432 } })
      .handshake()
      .client.sends(80)
      .server.sends(400)
      .client.sends(60)
      .server.sends(9000)
      .client.acks();
    f.client.probesEvery(s(60), 10, true).client.sends(60).server.sends(3000).client.acks();
    expect(at(n)).toBe('unaffected');
  });
  test(`upload 1 MB, answer after 8 s of server work, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ client, server })
      .handshake()
      .client.streams(1_000_000, { head: 'POST /u HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n' })
      .after(s(8))
      .server.sends(`${okHead(2)}ok`)
      .client.acks();
    expect(at(n)).toMatch(innocent(name));
  });
  test(`client half-close, server sends rest after 5 s, ${name}`, () => {
    const n = new Network({ snaplen: 96 });
    n.flow({ client, server: { ...server, port: 8000 } })
      .handshake()
      .client.sends(200)
      .client.fin()
      .server.acks()
      .after(s(5))
      .server.streams(200_000)
      .server.fin()
      .client.acks();
    expect(at(n)).toBe('unaffected');
  });
}

for (const win of [501, 5]) {
  test(`slow reader: zero window 12 s with probes answered, then opened, window ${win}`, () => {
    const n = new Network({ snaplen: 96 });
    const f = n
      .flow()
      .handshake()
      .client.sends(GET)
      .server.streams(300_000, { head: okHead(900_000) });
    f.server.sends(14480).window(win).client.window(0).acks();
    for (const w of [0.2, 0.4, 0.8, 1.6, 3.2, 6.4]) {
      f.after(s(w)).server.probes();
      f.client.acks();
    }
    f.after(s(0.5)).client.window(501).acks().server.streams(590_000).server.fin().client.fin().server.acks();
    expect(at(n)).toBe('unaffected');
  });
}
test('10 % loss without failover', () => {
  const n = new Network({ snaplen: 96 });
  const f = n.flow().handshake().client.sends(GET);
  for (let i = 0; i < 200; i++) {
    f.server.sends(1448);
    if (i % 10 === 5) {
      f.lost();
      f.server
        .sends(1448)
        .client.acks()
        .server.sends(1448)
        .client.acks()
        .server.sends(1448)
        .client.acks()
        .after(ms(12))
        .server.retransmits();
    }
    f.client.acks().after(ms(2));
  }
  for (let i = 0; i < 3; i++) {
    f.server
      .sends(1448)
      .lost()
      .after(ms(210))
      .server.retransmits()
      .lost()
      .after(ms(420))
      .server.retransmits()
      .lost()
      .after(ms(840))
      .server.retransmits()
      .client.acks();
    f.server.streams(20_000);
  }
  f.server.fin().client.fin().server.acks();
  expect(at(n)).toBe('unaffected');
});
test('bufferbloat: RTT grows to 2.5 s, spurious RTO', () => {
  const n = new Network({ snaplen: 96 });
  const f = n
    .flow()
    .handshake()
    .client.sends(GET)
    .server.streams(100_000, { head: okHead(400_000) });
  for (let i = 0; i < 20; i++)
    f.after(ms(100 * i))
      .server.sends(2896)
      .client.acks();
  f.server
    .streams(400_000 - 100_000 - 2896 * 20)
    .server.fin()
    .client.fin()
    .server.acks();
  expect(at(n)).toBe('unaffected');
});
test('server pause exactly on a rung (6.3 s) without loss, IP ID counts', () => {
  const n = new Network({ snaplen: 96 });
  n.flow()
    .handshake()
    .client.sends(GET)
    .server.streams(300_000)
    .after(s(6.3))
    .server.streams(300_000)
    .server.fin()
    .client.fin()
    .server.acks();
  expect(at(n)).toBe('unaffected');
});
test('50 flows all idle after small exchanges', () => {
  const n = new Network({ snaplen: 96 });
  for (let i = 0; i < 50; i++)
    n.flow({ start: ms(i * 37) })
      .handshake()
      .client.sends(GET)
      .server.sends(okHead(1000))
      .server.sends(1000)
      .client.acks();
  expect(at(n, s(120))).toBe('unaffected');
  const r = diagnose(n, { until: s(120) });
  expect(r.summary.byOutcome).toEqual({ unaffected: 50 });
});
