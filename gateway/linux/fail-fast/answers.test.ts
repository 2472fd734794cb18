import { expect, it } from 'vitest';
import { parseAnswers } from './answers.ts';
import { legKey } from './legs.ts';

const element = (concat: (string | number)[], packets: number) => ({
  elem: { val: { concat }, timeout: 180, expires: 179, counter: { packets, bytes: 40 * packets } },
});

it('counts by end, in both families, and takes no note of rules and of empty sets', () => {
  const text = JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6', json_schema_version: 1 } },
      { table: { family: 'inet', name: 'stallscope_failfast', handle: 1 } },
      { set: { name: 'lost4', elem: [element(['10.0.1.10', 4000, '10.0.2.10', 80], 3)] } },
      { set: { name: 'lost6', elem: [element(['fd00::10', 4000, 'fd00::20', 80], 0)] } },
      { set: { name: 'other' } },
      { chain: { name: 'arriving' } },
    ],
  });
  expect(parseAnswers(text)).toEqual(
    new Map([
      [legKey({ address: '10.0.1.10', port: 4000 }, { address: '10.0.2.10', port: 80 }), 3],
      [legKey({ address: 'fd00::10', port: 4000 }, { address: 'fd00::20', port: 80 }), 0],
    ]),
  );
});

it('refuses what nft never prints', () => {
  expect(() => parseAnswers('{"nftables":[{"set":{"elem":[{"elem":{"val":"10.0.0.1"}}]}}]}')).toThrow();
});
