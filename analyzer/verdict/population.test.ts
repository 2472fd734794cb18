import { describe, expect, it } from 'vitest';
import { cleanSplit, type Member } from './population.ts';

const member = (more: Partial<Member>): Member => ({
  age: 100,
  port: 443,
  owed: 'server',
  idle: false,
  outcome: 'hung',
  proxied: false,
  refused: false,
  passed: false,
  answerKept: false,
  largeKept: false,
  halfPassed: false,
  ...more,
});
const refused = (more: Partial<Member> = {}): Member => member({ refused: true, ...more });
const passed = (more: Partial<Member> = {}): Member => member({ passed: true, outcome: 'resumed', ...more });

describe('a clean split', () => {
  it('is by age: the refused are all younger than the others', () => {
    const members = [refused({ age: 3 }), refused({ age: 12.34 }), passed({ age: 30 }), passed({ age: 500 })];
    expect(cleanSplit(members)).toEqual({
      trait: 'age',
      affected: 'at most 12.3 s old',
      others: 'at least 30.0 s old',
      counts: { affected: 2, others: 2 },
    });
  });

  it('is by port', () => {
    const members = [
      refused({ port: 80 }),
      refused({ port: 80 }),
      passed({ port: 443 }),
      passed({ port: 22 }),
      passed({ port: 443 }),
    ];
    expect(cleanSplit(members)).toEqual({
      trait: 'port',
      affected: 'to port 80',
      others: 'to port 443, to port 22',
      counts: { affected: 2, others: 3 },
    });
  });

  it('is by whether they were idle, or by what was outstanding', () => {
    const idle = [refused({ idle: true }), refused({ idle: true }), passed(), passed()];
    expect(cleanSplit(idle)).toMatchObject({ trait: 'idle', affected: 'idle', others: 'busy' });
    const owed = [refused(), refused(), passed({ owed: 'client' }), passed({ owed: 'nothing' })];
    expect(cleanSplit(owed)).toMatchObject({
      trait: 'owed',
      affected: 'with bytes of the server outstanding',
      others: 'with bytes of the client outstanding, with nothing outstanding',
    });
  });
});

describe('there is no split', () => {
  it('with fewer than two on either side', () => {
    expect(cleanSplit([refused({ age: 1 }), passed(), passed()])).toBeNull();
    expect(cleanSplit([refused({ age: 1 }), refused({ age: 2 }), passed()])).toBeNull();
    expect(cleanSplit([])).toBeNull();
  });

  it('with one exception', () => {
    const members = [refused({ age: 3 }), refused({ age: 31 }), passed({ age: 30 }), passed({ age: 500 })];
    expect(cleanSplit(members)).toBeNull();
    const ports = [refused({ port: 80 }), refused({ port: 443 }), passed(), passed()];
    expect(cleanSplit(ports)).toBeNull();
  });

  it('by an age that is not known of all', () => {
    const members = [refused({ age: 3 }), refused({ age: null }), passed({ age: 30 }), passed({ age: 500 })];
    expect(cleanSplit(members)).toBeNull();
  });

  it('by age the other way round: who lived longer was copied if anybody was', () => {
    const members = [refused({ age: 300 }), refused({ age: 400 }), passed({ age: 3 }), passed({ age: 4 })];
    expect(cleanSplit(members)).toBeNull();
  });

  it('by those that were neither refused nor passed, or both', () => {
    const members = [refused({ age: 3 }), refused({ age: 4 }), passed({ age: 30 }), passed({ age: 40 })];
    expect(cleanSplit([...members, member({ age: 1 }), member({ age: 99 })])).toMatchObject({ trait: 'age' });
    expect(cleanSplit([...members, passed({ age: 99, refused: true })])).toBeNull();
  });
});
