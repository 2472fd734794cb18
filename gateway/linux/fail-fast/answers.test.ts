import { expect, it } from 'vitest';
import { parseAnswers } from './answers.ts';
import { legKey } from './legs.ts';

const element = (concat: (string | number)[]) => ({ elem: { val: { concat }, timeout: 180, expires: 179 } });
const V4 = ['10.0.1.10', 4000, '10.0.2.10', 80];
const V6 = ['fd00::10', 4000, 'fd00::20', 80];
const key = (source: string, destination: string): string =>
  legKey({ address: source, port: 4000 }, { address: destination, port: 80 });

const table = (...sets: { name: string; elem?: object[] }[]): string =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6', json_schema_version: 1 } },
      { table: { family: 'inet', name: 'stallscope_failfast', handle: 1 } },
      ...sets.map((set) => ({ set })),
      { chain: { name: 'arriving' } },
    ],
  });

it('says by end, in both families, who was told; takes no note of rules and of empty sets', () => {
  const text = table(
    { name: 'lost4', elem: [element(V4)] },
    { name: 'told4' },
    { name: 'told6', elem: [element(V6)] },
    { name: 'lost6', elem: [element(V6)] },
  );
  expect(parseAnswers(text)).toEqual(
    new Map([
      [key('10.0.1.10', '10.0.2.10'), 'silent'],
      [key('fd00::10', 'fd00::20'), 'told'],
    ]),
  );
});

it('still knows who was told when that end has reset the connection itself since', () => {
  const told = parseAnswers(table({ name: 'lost4' }, { name: 'told4', elem: [element(V4)] }));
  expect(told).toEqual(new Map([[key('10.0.1.10', '10.0.2.10'), 'told']]));
});

it('refuses what nft never prints', () => {
  expect(() => parseAnswers('{"nftables":[{"set":{"elem":[{"elem":{"val":"10.0.0.1"}}]}}]}')).toThrow();
});
