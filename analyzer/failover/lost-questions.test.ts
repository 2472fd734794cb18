import { describe, expect, it } from 'vitest';
import { seconds } from '../../packet/time.ts';
import { lastLostQuestion, type Question } from './lost-questions.ts';

/** One question every 100 ms from 0 on; `+` was answered, `-` was not. */
const asked = (row: string): Question[] =>
  [...row].map((c, i) => ({ time: seconds(i / 10), frame: i, answered: c === '+' }));

const lastLost = (row: string, after: number, until: number): number | null =>
  lastLostQuestion(asked(row), seconds(after), seconds(until))?.frame ?? null;

describe('the last question in vain', () => {
  it('is the last of a row between two that were answered', () => {
    expect(lastLost('+++-----+++', 0.25, 0.95)).toBe(7);
  });

  it('may stand right before the return, and the answered one after it', () => {
    expect(lastLost('+++-----+++', 0.25, 0.75)).toBe(7);
  });

  it('is of the newest row, where one that was answered after the loss began stands before it', () => {
    expect(lastLost('++++---+---++', 0.25, 1.15)).toBe(10);
    expect(lastLost('+++---+++++++', 0.15, 1.15)).toBe(5);
  });

  it('is none where so few were lost as UDP loses', () => {
    expect(lastLost('+++--+++', 0.25, 0.65)).toBeNull();
    expect(lastLost('+++--+--+++', 0.25, 0.95)).toBeNull();
  });

  it('is none where nobody answers after it, or not until the path was long back: the server is down', () => {
    expect(lastLost('+++-----', 0.25, 0.95)).toBeNull();
    expect(lastLost('+++------+', 0.25, 0.55)).toBeNull();
  });

  it('is none where nobody answered long before the loss', () => {
    const down = `+${'-'.repeat(30)}++`;
    expect(lastLost(down, 2.05, 3.15)).toBeNull();
    // The newest answers may have been lost themselves.
    expect(lastLost(down, 0.15, 3.15)).toBe(30);
  });

  it('is none without questions', () => {
    expect(lastLost('', 0, 1)).toBeNull();
    expect(lastLost('+++', 0.25, 1)).toBeNull();
  });
});
