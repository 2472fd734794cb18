import { describe, expect, it } from 'vitest';
import { seconds } from '../../../packet/time.ts';
import { QuicRun, type QuicSilence } from './quic-silence.ts';

/** `0@1.5`: end 0 sends at 1.5 s; frames count from 1. */
function run(...sent: string[]): { run: QuicRun; ended: QuicSilence[] } {
  const one = new QuicRun();
  const ended = sent.flatMap((text, i) => {
    const [end, at] = text.split('@') as [string, string];
    return one.take(Number(end) as 0 | 1, seconds(Number(at)), i + 1, 40) ?? [];
  });
  return { run: one, ended };
}
const brief = (s: QuicSilence | null) =>
  s === null
    ? null
    : {
        waiting: s.waiting,
        start: s.start / 1e9,
        tries: s.tries.map((t) => t.frame),
        end: (s.end?.time ?? -1e9) / 1e9,
      };

describe('a silence that ended', () => {
  it('begins when the other end was last heard, and lists the tries after it', () => {
    const { ended } = run('0@0', '1@0.02', '0@0.5', '0@1', '0@2', '0@4', '1@4.02');
    expect(ended.map(brief)).toEqual([{ waiting: 0, start: 0.02, tries: [4, 5, 6], end: 4.02 }]);
    expect(ended[0]?.heard.frame).toBe(2);
  });

  it('begins with the first try where nothing had been said for a while', () => {
    const { ended } = run('0@0', '1@0.02', '0@0.03', '0@15', '0@15.5', '0@16.5', '1@16.6');
    expect(ended.map(brief)).toEqual([{ waiting: 0, start: 15, tries: [4, 5, 6], end: 16.6 }]);
  });

  it('is none below a second, or with fewer than three tries', () => {
    expect(run('0@0', '1@0.02', '0@0.4', '0@0.6', '0@0.9', '1@0.95').ended).toEqual([]);
    expect(run('0@0', '1@0.02', '0@0.03', '0@5', '0@8', '1@8.1').ended).toEqual([]);
  });

  it('is none where what was sent are acknowledgements on their way', () => {
    // Seen far from the end that acknowledges: they come for a round trip after the last data.
    const { ended } = run('1@0', '0@0.05', '0@0.1', '0@0.15', '0@0.2', '0@0.25', '0@9', '1@9.05');
    expect(ended).toEqual([]);
  });

  it('counts two datagrams at once as one try', () => {
    const { ended } = run(
      '0@0',
      '1@0.02',
      '0@0.5',
      '0@0.501',
      '0@1',
      '0@1.001',
      '0@2',
      '0@4',
      '0@4.001',
      '1@4.1',
    );
    expect(ended.map((s) => s.tryCount)).toEqual([3]);
  });
});

describe('a silence that lasts', () => {
  it('is one once tries were spread over it', () => {
    const { run: one } = run('0@0', '1@0.02', '0@0.03', '0@1.5', '0@2', '0@4');
    expect(brief(one.silence(null, seconds(60)))).toEqual({
      waiting: 0,
      start: 1.5,
      tries: [4, 5, 6],
      end: -1,
    });
  });

  it('is none after a last word, and none while both rest', () => {
    const { run: one } = run('0@0', '1@0.02', '0@0.03', '0@20');
    expect(one.silence(null, seconds(600))).toBeNull();
    expect(run('0@0', '1@0.02', '0@0.03').run.silence(null, seconds(600))).toBeNull();
  });

  it('of an end that was never heard begins with the first datagram', () => {
    const { run: one } = run('0@1', '0@2', '0@4');
    expect(brief(one.silence(null, seconds(60)))).toMatchObject({ start: 1, tries: [1, 2, 3] });
  });
});

it('keeps the first and the newest tries of very many, and counts all', () => {
  const sent = Array.from({ length: 500 }, (_, i) => `0@${2 + i}`);
  const { run: one } = run('0@0', '1@0.02', ...sent);
  const silence = one.silence(null, seconds(900)) as QuicSilence;
  expect(silence.tryCount).toBe(500);
  expect(silence.tries.length).toBeLessThanOrEqual(25);
  expect([silence.tries[0]?.frame, silence.tries.at(-1)?.frame]).toEqual([3, 502]);
});
