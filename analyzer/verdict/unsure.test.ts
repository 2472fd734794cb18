import { describe, expect, it } from 'vitest';
import { HTTP_GET, judge, Talk } from '../test-frames.ts';
import type { Place } from '../vantage/vantage.ts';
import type { Case } from './case.ts';
import type { Verdict } from './decide.ts';
import { type Unsure, unsureOf, unsureVerdict } from './unsure.ts';

const caseOf = (talk: Talk, place: Place = 'node'): Case => judge([talk], { place, until: 60 })[0]!.case;
const unsure = (talk: Talk, place?: Place): Unsure | null => unsureOf(caseOf(talk, place), false);

const stamps = (value: number, echo: number) => ({ options: { timestamps: { value, echo } } });
/** Met in mid-stream: the server's segment echoes what the client had sent at `echoed`, and the client's next says `now` (ms). */
const met = (echoed: number, now: number): Talk =>
  new Talk()
    .server(10, { seq: 50_000, ack: 700, payload: 1000, ...stamps(900_000, echoed) })
    .client(10.01, { seq: 700, ack: 51_000, ...stamps(now, 900_000) })
    .server(10.02, { seq: 51_000, ack: 700, payload: 1000, ...stamps(900_020, now) })
    .client(10.03, { seq: 700, ack: 52_000, ...stamps(now + 20, 900_020) });

describe('a connection that a node met in mid-stream', () => {
  it('is not sure to be unaffected where its first segment answers what is long past', () => {
    const found = unsure(met(100_000, 113_300));
    expect(found?.outcome).toBe('undecided');
    expect(found?.candidates[0]).toBe('rto-backoff');
    expect(found?.claims.map((c) => c.text).join()).toContain('13.30 s before');
  });

  it('is unaffected where it answers at once', () => {
    expect(unsure(met(113_290, 113_300))).toBeNull();
  });

  it('is unaffected across the point where timestamps begin anew', () => {
    expect(unsure(met(4_294_967_290, 4))).toBeNull();
    expect(unsure(met(4_294_960_000, 6000))?.outcome).toBe('undecided');
  });

  it('is not sure without timestamps', () => {
    const bare = new Talk()
      .server(10, { seq: 50_000, ack: 700, payload: 1000 })
      .client(10.01, { seq: 700, ack: 51_000 });
    expect(unsure(bare)?.outcome).toBe('undecided');
  });

  it('is what it is where its opening was seen, or the capture is an end’s', () => {
    const whole = new Talk()
      .handshake()
      .client(1, { payload: HTTP_GET })
      .server(1.02, { payload: 700 })
      .client(1.03);
    expect(unsure(whole)).toBeNull();
    expect(unsure(met(100_000, 113_300), 'client')).toBeNull();
    expect(unsure(met(100_000, 113_300), 'server')).toBeNull();
  });
});

describe('a connection of which a node saw little but an RST', () => {
  it('was reset, where it goes in the server’s name', () => {
    const t = new Talk().client(10, { seq: 700, ack: 9 }).server(10.01, { seq: 9, ack: 700, flags: 'RST' });
    const found = unsure(t);
    expect(found?.outcome).toBe('reset');
    expect(found?.candidates).toContain('no-state-reject');
    expect(found?.claims[0]).toMatchObject({ kind: 'observed', shows: { from: 'server', what: 'rst' } });
  });

  it('was given up, where the client alone was heard; else nobody knows', () => {
    const alone = new Talk()
      .client(10, { seq: 700, ack: 9 })
      .client(10.5, { seq: 700, ack: 9, flags: 'RST ACK' });
    expect(unsure(alone)?.outcome).toBe('gave-up');
    const answer = new Talk()
      .server(10, { seq: 9, ack: 700, payload: 1000 })
      .client(10.001, { seq: 700, flags: 'RST' });
    expect(unsure(answer)?.outcome).toBe('undecided');
  });

  it('was alive where much went before', () => {
    const t = met(113_290, 113_300);
    for (const at of [11, 11.1, 11.2, 11.3, 11.4]) t.client(at, { payload: 5 }).server(at + 0.01);
    expect(unsure(t.client(11.5, { flags: 'RST' }))).toBeNull();
  });
});

describe('a connection that its client has replaced', () => {
  const idle = (): Talk =>
    new Talk().handshake().client(1, { payload: HTTP_GET }).server(1.02, { payload: 700 }).client(1.03);

  it('may be dead, though nothing here shows it', () => {
    const found = unsureOf(caseOf(idle(), 'server'), true);
    expect(found?.outcome).toBe('undecided');
    expect(found?.candidates).toContain('delayed-victim');
  });

  it('is none of that from the client’s own capture', () => {
    expect(unsureOf(caseOf(idle(), 'client'), true)).toBeNull();
  });
});

describe('the verdict on an unsure connection', () => {
  it('is open, of low confidence, and asks for what would split it', () => {
    const c = caseOf(met(100_000, 113_300));
    const before: Verdict = {
      cause: 'outage',
      candidates: [],
      contributing: [],
      confidence: 'high',
      claims: [],
      ruledOut: [],
      splitBy: [],
      failed: [],
    };
    const after = unsureVerdict(c, unsureOf(c, false) as Unsure, before);
    expect([after.cause, after.confidence, after.candidates[0]]).toEqual([null, 'low', 'rto-backoff']);
    expect(after.splitBy.length).toBeGreaterThan(0);
    expect(after.claims.length).toBe(2);
  });
});
