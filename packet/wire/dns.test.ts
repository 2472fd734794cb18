import { describe, expect, test } from 'vitest';
import { viewOf } from './bytes.ts';
import { DnsHead, dnsName, dnsTypeName, readDns, writeDns } from './dns.ts';

const NAME = 'www.Example.com';
const query = writeDns({ id: 0x1a2b, name: NAME, type: 28 });
const answer = writeDns({ id: 0x1a2b, name: 'www.example.com', type: 28, code: 3, records: 20 });

function read(bytes: Uint8Array, length = bytes.length): DnsHead | null {
  const head = new DnsHead();
  return readDns(viewOf(bytes), 0, length, head) ? head : null;
}
const changed = (at: number, ...bytes: number[]): Uint8Array => {
  const copy = query.slice();
  copy.set(bytes, at);
  return copy;
};

describe('readDns', () => {
  test('a query and its answer have id, kind, code and type', () => {
    expect(read(query)).toMatchObject({ id: 0x1a2b, isAnswer: false, code: 0, type: 28 });
    expect(read(answer)).toMatchObject({ id: 0x1a2b, isAnswer: true, code: 3, type: 28 });
  });

  test('a question is the same in any case of letters, and in the answer', () => {
    const question = read(query)?.question;
    expect(question).toBeGreaterThan(0);
    expect(read(writeDns({ id: 1, name: 'WWW.eXAMPLE.COM', type: 28 }))?.question).toBe(question);
    expect(read(answer)?.question).toBe(question);
  });

  test('another name, type or cut of labels is another question', () => {
    const others = [
      { name: 'www.example.org', type: 28 },
      { name: 'www.example.com', type: 1 },
      { name: 'www.exa.mplecom', type: 28 },
    ].map((q) => read(writeDns({ id: 1, ...q }))?.question);
    expect(new Set([...others, read(query)?.question]).size).toBe(4);
  });

  test('a question that the snap length cut leaves the id', () => {
    for (let length = 12; length < query.length; length++) {
      expect(read(query, length)).toMatchObject({ id: 0x1a2b, question: 0, type: 0 });
    }
    for (let length = 0; length < 12; length++) expect(read(query, length)).toBeNull();
  });

  test('what is no query is none', () => {
    expect(read(changed(2, 0x28))).toBeNull(); // UPDATE
    expect(read(changed(2, 0x01, 0x40))).toBeNull(); // the bit that must be 0
    expect(read(changed(2, 0x01, 0x03))).toBeNull(); // a response code
    expect(read(changed(4, 0, 2))).toBeNull(); // two questions
    expect(read(changed(4, 0, 0))).toBeNull(); // no question
    expect(read(changed(7, 1))).toBeNull(); // an answer in a query
    expect(read(changed(12, 0xc0))).toBeNull(); // a pointer to nothing
    expect(read(changed(12, 64))).toBeNull(); // a label of 64 bytes
  });

  test('an answer without its question is one', () => {
    const bare = answer.slice(0, 12);
    bare.set([0, 0], 4);
    expect(read(bare)).toMatchObject({ id: 0x1a2b, isAnswer: true, question: 0 });
  });
});

describe('dnsName', () => {
  const name = (bytes: Uint8Array, length = bytes.length): string => dnsName(viewOf(bytes), 0, length);

  test('is in lower case, as far as it was captured', () => {
    expect(name(query)).toBe('www.example.com');
    expect(name(query, 20)).toBe('www');
    expect(name(query, 12)).toBe('');
  });

  test('holds nothing that a terminal would take for a command, and is short', () => {
    expect(name(writeDns({ id: 1, name: '\u001b[31m<b>.x y' }))).toMatch(/^[a-z0-9_.?-]+$/);
    expect(name(writeDns({ id: 1, name: Array(5).fill('a'.repeat(40)).join('.') })).length).toBe(67);
  });
});

test('types have their names', () => {
  expect([1, 28, 65, 257, 0].map(dnsTypeName)).toEqual(['A', 'AAAA', 'HTTPS', 'TYPE257', '']);
});
