import { expect, it } from 'vitest';
import { FLAG_NAMES, flagNames, TsharkFlag } from './flags.ts';

it('names every bit, in the order of the bits', () => {
  const camel = (name: string) =>
    name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  expect(FLAG_NAMES.map(camel)).toEqual(Object.keys(TsharkFlag));
  expect(Object.values(TsharkFlag).map((bit) => flagNames(bit))).toEqual(FLAG_NAMES.map((name) => [name]));
});

it('lists several in that order, and none as none', () => {
  expect(flagNames(TsharkFlag.ZeroWindow | TsharkFlag.Retransmission)).toEqual([
    'retransmission',
    'zero_window',
  ]);
  expect(flagNames(0)).toEqual([]);
});
