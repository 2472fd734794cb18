import { describe, expect, it } from 'vitest';
import { buildUdp } from '../../packet/wire/build.ts';
import { writeDns } from '../../packet/wire/dns.ts';
import { HTTP_GET, judge, type Packet, type Source, Talk } from '../test-frames.ts';
import { backoffOf, stallParts } from './backoff.ts';
import type { Case, JudgedStall } from './case.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const BODY = 1 + HEAD.length;
/** Hears its last at 1.1 s, acknowledges it at 1.11 s; the server sends the body in vain at 1.2 s. */
const downloading = (): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11)
    .server(1.2, { payload: 9000, lost: true });
const resumed = (talk: Talk, at: number): Talk =>
  talk.server(at, { seq: BODY, payload: 9000 }).client(at + 0.01);
/** A keepalive probe of the client. */
const probe = { seq: HTTP_GET.length, flags: 'ACK' };
/** An upload whose second segment is tried in vain from 1.5 s on. */
const uploading = (): Talk =>
  new Talk().handshake().client(1, { payload: 1000 }).server(1.02).client(1.3, { payload: 1448 });
const again = { seq: 1001, payload: 1448 };

/** Questions every half second from `from` on, as a capture of the client sees them: `+` is answered, `-` is not. */
function questions(row: string, from: number): Source {
  const ends = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 5000, destinationPort: 53 };
  const back = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 53, destinationPort: 5000 };
  const packets: Packet[] = [];
  for (const [id, c] of [...row].entries()) {
    const at = from + id / 2;
    const question = { id, name: `n${id}.example` };
    packets.push({ at, data: buildUdp({ ...ends, payload: writeDns(question) }) });
    const payload = writeDns({ ...question, code: 0 });
    if (c === '+') packets.push({ at: at + 0.02, data: buildUdp({ ...back, payload }) });
  }
  return { packets };
}

const caseOf = (...talks: Source[]): Case => judge(talks)[0]!.case;
const range = (c: Case): string => {
  const { least, most, likelyLong, frames } = backoffOf(c);
  return `${least.toFixed(2)} to ${most.toFixed(2)}${likelyLong ? ' (long)' : ''}: ${frames.join(' ')}`;
};

describe('backoffOf', () => {
  it('is nothing to the length of the stall, where only its end shows the path', () => {
    expect(range(caseOf(resumed(downloading(), 5)))).toBe('0.00 to 3.89: 7 8');
  });

  it('was likely long where the stall was: a sender had tried half of it ago', () => {
    expect(range(caseOf(resumed(downloading(), 11.1)))).toBe('0.00 to 9.99: 7 8');
    expect(range(caseOf(resumed(downloading(), 11.12)))).toBe('0.00 to 10.01 (long): 7 8');
  });

  it('is at least the time since a probe was answered', () => {
    const talk = downloading().client(5, probe).client(15, probe).server(15.02);
    expect(range(caseOf(resumed(talk, 20)))).toBe('4.98 to 18.89 (long): 10');
  });

  it('is at least the time since another flow got through', () => {
    const other = new Talk({ client: '10.0.0.1 40001' }).handshake(12);
    expect(range(caseOf(resumed(downloading(), 20), other))).toBe('7.98 to 18.89 (long): 9');
  });

  it('is at most the time since a SYN went unanswered', () => {
    const syn = new Talk({ client: '10.0.0.1 40001' })
      .client(17, { flags: 'SYN' })
      .client(18, { seq: 0, flags: 'SYN' });
    syn.client(20, { seq: 0, flags: 'SYN' }).server(20.02, { flags: 'SYN ACK' });
    expect(range(caseOf(resumed(downloading(), 20.1), syn))).toBe('0.08 to 2.10: 7 12');
  });

  it('is at most the time since the try before the one that got through', () => {
    const talk = uploading().client(1.5, again).client(1.9, again).client(2.7, again).client(4.3, again);
    expect(range(caseOf(talk.server(4.32, { ack: 2449 })))).toBe('0.00 to 1.62: 9 11');
  });

  it('is at most the time since a question to the same server, in a row of them, went unanswered', () => {
    const c = caseOf(resumed(downloading(), 4.1), questions('++-----+', 0.3));
    expect(range(c)).toBe('0.00 to 0.80: 16 19');
    expect(backoffOf(c).because).toBe(
      'a DNS question to the same server, 800 ms earlier, went unanswered, and the next one was answered; the path came back in between',
    );
    expect(range(caseOf(resumed(downloading(), 4.1), questions('++-+-+-+', 0.3)))).toBe(
      '0.00 to 2.99: 11 21',
    );
  });

  it('does not begin with what the sender repeated and this end already had: that came, and was answered', () => {
    const old = { seq: 1, payload: HEAD };
    const talk = downloading().client(19, probe).server(19.02).server(19.9, old).client(19.91);
    expect(range(caseOf(resumed(talk, 20)))).toBe('0.98 to 18.89 (long): 9');
  });

  it('is nothing where the stall did not end', () => {
    expect(backoffOf(caseOf(downloading()))).toEqual({
      least: 0,
      most: 0,
      likelyLong: false,
      seen: false,
      because: 'the stall did not end',
      frames: [],
    });
  });
});

describe('stallParts', () => {
  const parts = (c: Case) => {
    const found = stallParts(c.main as JudgedStall);
    return found === null
      ? null
      : Object.fromEntries(Object.entries(found).map(([name, s]) => [name, Math.round(s * 1000) / 1000]));
  };

  it('are outage and back-off, where a probe shows when the path was back', () => {
    const talk = downloading().client(15, probe).server(15.02);
    expect(parts(caseOf(resumed(talk, 20)))).toEqual({
      outage: 13.91,
      backoff: 4.98,
      recovery: 0,
      within: 13.91,
    });
  });

  it('leave to the recovery what came after the sender’s first try', () => {
    const other = new Talk({ client: '10.0.0.1 40001' }).handshake(12);
    const talk = uploading()
      .client(5, again)
      .client(14, again)
      .client(16, again)
      .server(16.02, { ack: 2449 });
    // The try at 5 s was in vain.
    expect(parts(caseOf(talk, other))).toEqual({
      outage: 10.72,
      backoff: 1.98,
      recovery: 2.02,
      within: 7.02,
    });
  });

  it('add up to the stall', () => {
    const c = caseOf(resumed(downloading().client(15, probe).server(15.02), 20));
    const { outage, backoff, recovery } = stallParts(c.main as JudgedStall)!;
    expect(outage + backoff + recovery).toBeCloseTo(c.main!.stall.duration / 1e9, 9);
  });

  it('are not known where only the stall’s own end shows the path', () => {
    expect(parts(caseOf(resumed(downloading(), 20)))).toBeNull();
    expect(parts(caseOf(downloading().client(15, probe).server(15.02)))).toBeNull();
  });
});
