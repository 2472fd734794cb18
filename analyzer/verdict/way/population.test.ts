import { describe, expect, it } from 'vitest';
import { lost, opened, outBecause, refused, rungs, verdictOn } from '../../test-stories.ts';

describe('node-capacity', () => {
  it('is out where all new connections pass', () => {
    const flow = verdictOn([rungs(lost(), 'b.out'), opened({ port: 42_000 }), opened({ port: 42_001 })]);
    expect(outBecause(flow, 'node-capacity')).toBe(
      'all 2 connections opened after the takeover passed node-b',
    );
  });

  it('is found where some of one kind pass and some do not', () => {
    const some = [
      refused({ port: 42_000 }),
      refused({ port: 42_002 }),
      opened({ port: 42_001 }),
      opened({ port: 42_003 }),
    ];
    const flow = verdictOn([rungs(lost(), 'b.out'), ...some]);
    expect([flow.cause, flow.confidence]).toEqual(['node-capacity', 'medium']);
  });
});

describe('offload-blind-spot', () => {
  it('is out where the old node’s captures hold what passed it', () => {
    const flow = verdictOn([rungs(lost(), 'b.out')]);
    expect(outBecause(flow, 'offload-blind-spot')).toBe('the captures of node-a hold what passed it');
  });

  it('is possible where segments passed the old node unseen', () => {
    const t = lost();
    // Arrived before the loss, though A's captures have nothing of them.
    const unseen = {
      take: { misses: { 'a.in': (at: number) => at > 0.9, 'a.out': (at: number) => at > 0.9 } },
    };
    const flow = verdictOn([rungs(t, 'b.out'), opened({ port: 42_000 })], unseen);
    expect(flow.candidates.concat(flow.cause ?? [])).toContain('offload-blind-spot');
  });
});
