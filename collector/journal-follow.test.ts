/** A journal as it is found, as it grows, and as it is cut, moved away and made anew. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followJournal, type JournalFollower, parseTakeover, type Takeover } from './journal-follow.ts';

const line = (to: string, from: string | null = 'standby', time = '1795345622601000000'): string =>
  `${JSON.stringify({ time, node: 'node-b', event: 'role', from, to })}\n`;

describe('a line of a journal', () => {
  it('is a takeover where a node takes the role', () => {
    const takeover = { node: 'node-b', at: 1795345622601000000n, why: 'node-b takes over' };
    expect(parseTakeover(line('taking-over'), 'node-x')).toEqual(takeover);
  });

  it('is one where a node gives the role up', () => {
    expect(parseTakeover(line('releasing', 'active'), 'node-x')?.why).toBe('node-b gives the role up');
    expect(parseTakeover(line('standby', 'active'), 'node-x')?.why).toBe('node-b gives the role up');
  });

  it.each([
    ['the end of a takeover', line('active', 'taking-over')],
    ['the end of a release', line('standby', 'releasing')],
    ['a start', line('standby', null)],
    ['another event', '{"event":"note","text":"\\"role\\" taking-over"}'],
    ['no object', '"role"'],
    ['null', 'null'],
    ['no JSON', '{"event":"role","to":"taking-over"'],
    ['nothing', ''],
  ])('is none: %s', (_what, text) => {
    expect(parseTakeover(text, 'node-x')).toBeNull();
  });

  it('is one of the journal where it names no node, and of now where it has no time', () => {
    expect(parseTakeover('{"event":"role","to":"taking-over","time":5}', 'node-x')).toEqual({
      node: 'node-x',
      at: null,
      why: 'node-x takes over',
    });
  });
});

describe('a journal that is followed', () => {
  let folder: string;
  let file: string;
  let found: Takeover[];
  let follower: JournalFollower | null;
  let longLines: number;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-journal-'));
    file = path.join(folder, 'node-b.jsonl');
    [found, longLines] = [[], 0];
    follower = null;
  });
  afterEach(() => {
    follower?.close();
    rmSync(folder, { recursive: true });
  });
  const follow = (): JournalFollower => {
    follower = followJournal(
      { node: 'node-b', file },
      (takeover) => found.push(takeover),
      () => {
        longLines += 1;
      },
    );
    return follower;
  };
  const seen = (): number => {
    follower?.look();
    return found.length;
  };

  it('tells what is appended, not what was there', () => {
    writeFileSync(file, line('taking-over'));
    follow();
    expect(seen()).toBe(0);
    appendFileSync(file, line('active', 'taking-over') + line('taking-over') + line('taking-over'));
    expect(seen()).toBe(2);
    expect(seen()).toBe(2);
  });

  it('may come later, and is then read from its beginning', () => {
    follow();
    expect(seen()).toBe(0);
    writeFileSync(file, line('taking-over'));
    expect(seen()).toBe(1);
  });

  it('may come in pieces, also within a character', () => {
    writeFileSync(file, '');
    follow();
    const bytes = Buffer.from(line('taking-over').replace('node-b', 'nœud-b'));
    const middle = bytes.indexOf('œ') + 1;
    appendFileSync(file, bytes.subarray(0, middle));
    expect(seen()).toBe(0);
    appendFileSync(file, bytes.subarray(middle));
    expect(seen()).toBe(1);
    expect(found[0]?.node).toBe('nœud-b');
  });

  it('may be cut to nothing and go on', () => {
    writeFileSync(file, `${'x'.repeat(200)}\n`);
    follow();
    truncateSync(file, 0);
    expect(seen()).toBe(0);
    appendFileSync(file, line('taking-over'));
    expect(seen()).toBe(1);
  });

  it('may be moved away after a last line, and be made anew', () => {
    writeFileSync(file, '');
    follow();
    appendFileSync(file, line('taking-over'));
    renameSync(file, `${file}.1`);
    writeFileSync(file, line('releasing', 'active'));
    expect(seen()).toBe(1);
    expect(seen()).toBe(2);
    rmSync(file);
    expect(seen()).toBe(2);
    writeFileSync(file, line('taking-over'));
    expect(seen()).toBe(3);
  });

  it('holds no line that never ends, and says so once; its end is no line', () => {
    writeFileSync(file, '');
    follow();
    const piece = Buffer.alloc(1_000_000, 'x');
    const before = process.memoryUsage().rss;
    for (let mb = 0; mb < 100; mb += 1) {
      appendFileSync(file, piece);
      expect(seen()).toBe(0);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
    appendFileSync(file, line('taking-over'));
    expect(seen()).toBe(0);
    appendFileSync(file, line('taking-over'));
    expect([seen(), longLines]).toEqual([1, 1]);
  });

  it('may be a folder, which is no journal', () => {
    file = folder;
    follow();
    expect(seen()).toBe(0);
  });
});
