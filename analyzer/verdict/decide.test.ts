import { afterEach, describe, expect, it, vi } from 'vitest';
import { CAUSE_IDS, OUTCOMES } from '../report/report.ts';
import { HTTP_GET, judge, Talk } from '../test-frames.ts';
import type { Case } from './case.ts';
import { RULES } from './catalogue.ts';
import { decide } from './decide.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n';
const downloading = (): Talk =>
  new Talk()
    .handshake()
    .client(1, { payload: HTTP_GET })
    .server(1.02)
    .server(1.1, { payload: HEAD })
    .client(1.11);
const probe = { seq: HTTP_GET.length, flags: 'ACK' };
/** The body, sent again. */
const BODY = { seq: 1 + HEAD.length, payload: 9000 };
const syn = { flags: 'SYN', seq: 0 };

const caseOf = (talk: Talk, until?: number): Case =>
  judge([talk], until === undefined ? {} : { until })[0]!.case;

/** One case an outcome. */
const CASES: Record<string, Case> = {
  unaffected: caseOf(new Talk().handshake()),
  resumed: caseOf(downloading().server(1.2, { payload: 9000, lost: true }).server(20, BODY).client(20.01)),
  hung: caseOf(downloading(), 60),
  reset: caseOf(downloading().client(9, probe).server(9.02, { flags: 'RST' })),
  'gave-up': caseOf(downloading().client(30, { flags: 'FIN ACK' })),
  'cut-short': caseOf(downloading().server(20, { flags: 'FIN ACK' })),
  'connect-delayed': caseOf(
    new Talk().client(0, syn).client(1, syn).server(1.02, { flags: 'SYN ACK' }).client(1.03),
  ),
  'not-connected': caseOf(new Talk().client(0, syn).client(1, syn), 5),
  undecided: caseOf(downloading(), 5),
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the catalogue', () => {
  it('has exactly one rule for every cause', () => {
    expect(RULES.map((r) => r.id).sort()).toEqual([...CAUSE_IDS].sort());
  });

  it('says in a sentence what each means', () => {
    expect(RULES.filter((r) => r.meaning.length < 10 || r.meaning.endsWith('.'))).toEqual([]);
  });
});

describe('decide', () => {
  it('meets every outcome in these tests', () => {
    expect(Object.entries(CASES).map(([name, c]) => [name, c.outcome])).toEqual(OUTCOMES.map((o) => [o, o]));
  });

  it.each(Object.entries(CASES).filter(([name]) => name !== 'unaffected'))(
    '%s: with a cause nothing else is left, without one every cause is a candidate or ruled out',
    (_, c) => {
      const v = decide(c);
      const out = v.ruledOut.map((r) => r.cause);
      expect(v.failed).toEqual([]);
      expect(v.ruledOut.filter((r) => r.because.length < 10)).toEqual([]);
      if (v.cause === null) {
        expect([...v.candidates, ...out].sort()).toEqual([...CAUSE_IDS].sort());
        expect(v.candidates.length).toBeGreaterThan(0);
        expect(v.splitBy.length).toBeGreaterThan(0);
      } else {
        expect({ candidates: v.candidates, splitBy: v.splitBy }).toEqual({ candidates: [], splitBy: [] });
        expect(out).not.toContain(v.cause);
        expect(v.claims.length).toBeGreaterThan(0);
      }
    },
  );

  it('says nothing of a flow that was not affected', () => {
    expect(decide(CASES.unaffected as Case)).toEqual({
      cause: null,
      candidates: [],
      contributing: [],
      confidence: 'high',
      claims: [],
      ruledOut: [],
      splitBy: [],
      failed: [],
    });
  });

  it('survives a rule that throws, and reports it', () => {
    const hung = CASES.hung as Case;
    const whole = decide(hung);
    const broken = RULES.find((r) => r.id === 'no-state-drop')!;
    vi.spyOn(broken, 'judge').mockImplementation(() => {
      throw new Error('a bug');
    });
    expect(whole.candidates).toContain('no-state-drop');
    expect(decide(hung)).toEqual({
      ...whole,
      candidates: whole.candidates.filter((id) => id !== 'no-state-drop'),
      failed: ['no-state-drop: a bug'],
      splitBy: expect.any(Array),
    });
  });

  it('survives all rules throwing', () => {
    for (const rule of RULES) {
      vi.spyOn(rule, 'judge').mockImplementation(() => {
        throw new Error('a bug');
      });
    }
    const { cause, candidates, ruledOut, failed } = decide(CASES.hung as Case);
    expect({ cause, candidates, ruledOut, failed: failed.length }).toEqual({
      cause: null,
      candidates: [],
      ruledOut: [],
      failed: CAUSE_IDS.length,
    });
  });

  it('names candidates by weight', () => {
    for (const [i, rule] of RULES.entries()) {
      vi.spyOn(rule, 'judge').mockReturnValue({ is: 'possible', weight: i });
    }
    const reversed = RULES.map((r) => r.id).reverse();
    expect(decide(CASES.hung as Case).candidates).toEqual(reversed);
  });

  it('takes the first of two rules that found their cause, and drops all candidates', () => {
    for (const id of ['peer-gave-up', 'loss'] as const) {
      const rule = RULES.find((r) => r.id === id)!;
      vi.spyOn(rule, 'judge').mockReturnValue({ is: 'found', confidence: 'medium', claims: [] });
    }
    const { cause, candidates, confidence } = decide(CASES.hung as Case);
    expect({ cause, candidates, confidence }).toEqual({
      cause: 'peer-gave-up',
      candidates: [],
      confidence: 'medium',
    });
  });

  it('names what made an end close, where the fault lay elsewhere', () => {
    const rule = RULES.find((r) => r.id === 'one-way-path')!;
    vi.spyOn(rule, 'judge').mockReturnValue({ is: 'found', confidence: 'high', claims: [] });
    const dead = downloading()
      .client(5, probe)
      .client(6, probe)
      .client(7, probe)
      .client(8, { flags: 'RST ACK' });
    expect(decide(CASES['gave-up'] as Case).contributing).toEqual(['client-timeout']);
    expect(decide(caseOf(dead)).contributing).toEqual(['keepalive-expired']);
    expect(decide(CASES.hung as Case).contributing).toEqual([]);
  });
});
