import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Journal, nodeFromName, parseJournal } from './journal.ts';

const ns = (iso: string): bigint => BigInt(Date.parse(iso)) * 1_000_000n;
const SECOND = 1_000_000_000n;

const fixture = (scenario: string, node: string): string =>
  readFileSync(
    new URL(`../../test/fixtures/captures/${scenario}/conntrackd-${node}.log`, import.meta.url),
    'utf8',
  );

const lines = (...some: string[]): string => some.map((line) => `${line}\n`).join('');
const gateway = (...objects: object[]): string => lines(...objects.map((o) => JSON.stringify(o)));
const kinds = ({ events }: Journal): string[] => events.map(({ kind }) => kind);

describe('the gateway journal', () => {
  const base = { time: '1795345622601000001', node: 'node-b' };

  test('an event of every id, with what it says', () => {
    const { events, problems } = parseJournal(
      gateway(
        { ...base, event: 'role', from: 'standby', to: 'active' },
        { ...base, event: 'adapter-attached', adapter: 'eni-1' },
        { ...base, event: 'address-announced', address: '10.0.1.1' },
        { ...base, event: 'state-committed', entries: 212, took: 0.25 },
        { ...base, event: 'reset-sent', tuple: '10.0.1.10:4000-10.0.2.10:80', toward: 'client' },
        { ...base, event: 'counter', name: 'nf_conntrack_invalid', value: 17 },
        { ...base, event: 'forwarding-on' },
      ),
      'journal.jsonl',
    );
    expect(problems).toEqual([]);
    const where = { node: 'node-b', from: 1_795_345_622_601_000_001n, until: 1_795_345_622_601_000_002n };
    expect(events).toEqual(
      [
        { kind: 'role', role: { from: 'standby', to: 'active' } },
        { kind: 'adapter-attached', adapter: 'eni-1' },
        { kind: 'address-announced', address: '10.0.1.1' },
        { kind: 'state-committed', entries: 212, took: 0.25 },
        { kind: 'reset-sent', tuple: '10.0.1.10:4000-10.0.2.10:80', toward: 'client' },
        { kind: 'counter', name: 'nf_conntrack_invalid', value: 17 },
        { kind: 'forwarding-on' },
      ].map((event, i) => ({ ...event, ...where, file: 'journal.jsonl', line: i + 1 })),
    );
  });

  test('an event of a later version is a note, and so is one that only logs have', () => {
    const { events, problems } = parseJournal(
      gateway(
        { ...base, event: 'quorum-lost', entries: 3, text: 'two of three' },
        { ...base, event: 'state-flushed' },
      ),
      'x',
    );
    expect(problems).toEqual([]);
    expect(events).toMatchObject([
      { kind: 'note', text: 'quorum-lost: two of three', entries: 3 },
      { kind: 'note', text: 'state-flushed' },
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', '{"time": "1795345622601000001", "event"', /no JSON object/],
    ['nested beyond reason', `{"a":${'['.repeat(30_000)}`, /no JSON object/],
    ['a time as a number', '{"time": 1795345622601000001, "event": "note"}', /"time" is no string of ns/],
    ['a time with a fraction', '{"time": "1795345622.6", "event": "note"}', /"time" is no string of ns/],
    [
      'a time longer than any',
      `{"time": "${'9'.repeat(5000)}", "event": "note"}`,
      /"time" is no string of ns/,
    ],
    ['no event', '{"time": "1"}', /"event" is no string/],
    ['a node that is none', '{"time": "1", "event": "note", "node": {}}', /"node" is no string/],
    ['a prototype for an object', '{"__proto__": {"time": "1", "event": "note"}}', /"time" is no string/],
    [
      'a line as long as a file',
      `{"time": "1", "event": "note", "text": "${'x'.repeat(70_000)}"}`,
      /longer than/,
    ],
  ])('%s is a problem of its line, and the rest is read', (_, bad, why) => {
    const text = `${bad}\n${gateway({ ...base, event: 'forwarding-on' })}`;
    const { events, problems } = parseJournal(text, 'x');
    expect(events).toMatchObject([{ kind: 'forwarding-on', line: 2 }]);
    expect(problems).toEqual([{ code: 'journal-line', message: expect.stringMatching(why), line: 1 }]);
  });

  test('a field that is wrong is left out, and the event stays', () => {
    const text = `{"time":"5","event":"state-committed","entries":"many","took":-1,"constructor":{"x":1}}\n`;
    const { events, problems } = parseJournal(text, 'x');
    expect(events).toEqual([
      { kind: 'state-committed', node: null, from: 5n, until: 6n, file: 'x', line: 1 },
    ]);
    expect(problems.map(({ code, message }) => [code, message.split(' ')[0]])).toEqual([
      ['journal-field', '"entries"'],
      ['journal-field', '"took"'],
    ]);
  });

  test('what is inherited is no field, and what is set on a prototype reaches nobody', () => {
    const { events } = parseJournal(
      '{"time":"5","event":"counter","__proto__":{"value":7,"polluted":1}}',
      'x',
    );
    expect(events[0]).not.toHaveProperty('value');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('long words are cut', () => {
    const { events } = parseJournal(gateway({ ...base, event: 'note', text: 'x'.repeat(5000) }), 'x');
    expect(events[0]?.text).toHaveLength(201);
  });
});

describe("conntrackd's log", () => {
  test('a commit is one event, at the second in which its entries were in the kernel', () => {
    const { events, problems, zoneAssumed } = parseJournal(
      fixture('h-race-commit7', 'b'),
      'incident/conntrackd-b.log',
    );
    expect(problems).toEqual([]);
    expect(zoneAssumed).toBe(true);
    const from = ns('2026-11-22T11:10:59Z');
    expect(events.at(-1)).toEqual({
      kind: 'state-committed',
      node: 'node-b',
      from,
      until: from + SECOND,
      file: 'incident/conntrackd-b.log',
      line: 6,
      entries: 1,
      took: 0.000172,
    });
  });

  test('the daemon that started and never committed', () => {
    const journal = parseJournal(fixture('h-nocommit', 'b'), 'conntrackd-b.log');
    expect(kinds(journal)).toEqual(['note', 'note', 'note', 'sync-started']);
  });

  test('two runs in one file', () => {
    const { events } = parseJournal(fixture('nat-synced', 'b'), 'conntrackd-b.log');
    const said = events.filter(({ kind }) => kind !== 'note').map(({ kind, line }) => [kind, line]);
    expect(said).toEqual([
      ['sync-started', 4],
      ['state-committed', 6],
      ['state-resync', 8],
      ['sync-started', 12],
      ['state-committed', 14],
      ['state-resync', 16],
    ]);
  });

  const say = (...messages: string[]): Journal =>
    parseJournal(
      lines(...messages.map((m, i) => `[Sun Nov  1 11:10:${10 + i} 2026] (pid=100) [notice] ${m}`)),
      'fw1.log',
    );

  test('a commit that took long, left entries out, and went on with expectations', () => {
    const { events } = say(
      'committing all external caches',
      'Committed 4000 new entries',
      "12 entries can't be committed",
      'commit has taken 3.250000 seconds',
      'Committed 2 new expectations',
      'commit has taken 0.000010 seconds',
    );
    expect(events.map(({ kind, line }) => [kind, line])).toEqual([
      ['state-committed', 2],
      ['note', 5],
      ['note', 6],
    ]);
    expect(events[0]).toMatchObject({ entries: 4000, failed: 12, took: 3.25, node: 'fw1' });
  });

  test('a commit whose end is missing is only begun; one whose beginning was rotated away is whole', () => {
    expect(say('committing conntrack cache').events).toMatchObject([{ kind: 'commit-started', line: 1 }]);
    expect(kinds(say('committing all external caches', '---- shutdown received ----'))).toEqual([
      'commit-started',
      'sync-stopped',
    ]);
    expect(say('Committed 9 new entries').events).toMatchObject([{ kind: 'state-committed', entries: 9 }]);
    expect(say('Committed 9 new entries').events[0]).not.toHaveProperty('took');
  });

  test('what else it says of the table', () => {
    expect(
      kinds(
        say(
          'disabling external cache',
          'flushing conntrack table in 60 secs',
          'flushing kernel conntrack table (scheduled)',
          'flushing caches',
          'resync with master table',
          "device `eth2' becomes dedicated link",
        ),
      ),
    ).toEqual([
      'external-cache-off',
      'flush-scheduled',
      'state-flushed',
      'state-flushed',
      'state-resync',
      'note',
    ]);
  });

  test('errors, by their level or by their words', () => {
    const journal = parseJournal(
      lines(
        '[Sun Nov 22 11:10:59 2026] (pid=100) [ERROR] commit-create: File exists',
        'Sun Nov 22 11:10:59 2026\ttcp      6 src=10.0.1.10 dst=10.0.2.10 sport=33180 dport=80',
        '2026-11-22T11:10:59Z fw1 conntrackd[7]: inject-add2: Operation not permitted',
      ),
      'x',
    );
    expect(kinds(journal)).toEqual(['error', 'note', 'error']);
  });
});

describe('times', () => {
  const message = 'conntrack-tools[100]: Committed 1 new entries';
  const timeOf = (head: string, options = {}): [bigint, bigint] | undefined => {
    const [event] = parseJournal(`${head} fw1 ${message}`, 'x', options).events;
    return event && [event.from, event.until - event.from];
  };

  test('a zone that is written counts; the digits that are written bound the event', () => {
    expect(timeOf('2026-11-22T12:10:59+01:00')).toEqual([ns('2026-11-22T11:10:59Z'), SECOND]);
    expect(timeOf('2026-11-22T05:40:59.123456-0530')).toEqual([
      ns('2026-11-22T11:10:59.123Z') + 456_000n,
      1000n,
    ]);
  });

  test('without a zone it is UTC, or what the caller says', () => {
    const own = '[Sun Nov 22 12:10:59 2026] (pid=1) [notice] flushing caches';
    const hour = 3600n * SECOND;
    const assumed = parseJournal(own, 'x');
    expect([assumed.events[0]?.from, assumed.zoneAssumed]).toEqual([ns('2026-11-22T12:10:59Z'), true]);
    const told = parseJournal(own, 'x', { zone: hour });
    expect([told.events[0]?.from, told.zoneAssumed]).toEqual([ns('2026-11-22T11:10:59Z'), false]);
    const zoned = parseJournal(`2026-11-22T12:10:59Z fw1 ${message}`, 'x', { zone: hour });
    expect([zoned.events[0]?.from, zoned.zoneAssumed]).toEqual([ns('2026-11-22T12:10:59Z'), false]);
  });

  test('a year that is not written is that of the captures, also across New Year', () => {
    const near = ns('2027-01-01T00:00:10Z');
    expect(timeOf('Dec 31 23:59:58', { near })).toEqual([ns('2026-12-31T23:59:58Z'), SECOND]);
    expect(timeOf('Jan  1 00:00:02.250', { near })).toEqual([ns('2027-01-01T00:00:02.250Z'), 1_000_000n]);
    expect(timeOf('Feb 29 12:00:00', { near: ns('2028-03-01T00:00:00Z') })?.[0]).toBe(
      ns('2028-02-29T12:00:00Z'),
    );
    expect(timeOf('Feb 29 12:00:00', { near: ns('2026-03-01T00:00:00Z') })).toBeUndefined();
    expect(timeOf('Dec 31 23:59:58')).toBeUndefined();
    const other = 'flushing caches';
    const text = lines(
      `Dec 31 23:59:58 fw1 ${message}`,
      `[Sun Nov 22 12:10:59 2026] (pid=1) [notice] ${other}`,
    );
    expect(parseJournal(text, 'x').problems).toMatchObject([{ message: /without a year/, line: 1 }]);
  });

  test.each([
    'Nov 31 10:00:00',
    'Foo 12 10:00:00',
    'Nov 22 24:00:00',
    'Nov 22 10:61:00',
    '2026-13-01T10:00:00Z',
  ])('no time: %s', (head) => {
    expect(timeOf(head, { near: ns('2026-11-22T11:10:59Z') })).toBeUndefined();
  });

  test('a day of the first century is no day of the last', () => {
    const { events } = parseJournal('[Sun Nov 22 12:10:59 0026] (pid=1) [notice] flushing caches', 'x');
    expect(events[0]?.from).toBeLessThan(-60_000_000_000n * SECOND);
  });
});

describe('keepalived', () => {
  test('roles, addresses and announcements, of old versions and new', () => {
    const { events } = parseJournal(
      lines(
        'Nov 22 11:10:50 fw2 Keepalived_vrrp[59094]: VRRP_Instance(VI_1) Transition to MASTER STATE',
        'Nov 22 11:10:51 fw2 Keepalived_vrrp[59094]: VRRP_Instance(VI_1) Entering MASTER STATE',
        'Nov 22 11:10:51 fw2 Keepalived_vrrp[59094]: VRRP_Instance(VI_1) setting protocol VIPs.',
        'Nov 22 11:10:51 fw2 Keepalived_vrrp[59094]: Sending gratuitous ARP on eth1 for 10.0.1.1',
        'Nov 22 11:10:51 fw2 Keepalived_healthcheckers[59093]: Netlink reflector reports IP 10.0.1.1 added',
        'Sun Nov 22 11:10:52 2026: (VI_1) Entering BACKUP STATE (init)',
        '2026-11-22T11:10:53Z fw2 Keepalived_vrrp[1]: VRRP_Instance(VI_1) Entering FAULT STATE',
        '2026-11-22T11:10:53Z fw2 Keepalived_vrrp[1]: VRRP_Instance(VI_1) removing protocol VIPs.',
      ),
      'keepalived-b.log',
      { near: ns('2026-11-22T11:00:00Z') },
    );
    expect(events.map(({ kind, role, address, line }) => [line, kind, role?.to ?? address])).toEqual([
      [1, 'note', undefined],
      [2, 'role', 'master'],
      [3, 'address-up', undefined],
      [4, 'address-announced', '10.0.1.1'],
      [6, 'role', 'backup'],
      [7, 'role', 'fault'],
      [8, 'address-down', undefined],
    ]);
    expect(new Set(events.map(({ node }) => node))).toEqual(new Set(['node-b']));
  });
});

describe('whose it is', () => {
  test.each([
    ['conntrackd-b.log', 'node-b'],
    ['/var/tmp/incident 7/conntrackd_a.log.1.gz', 'node-a'],
    ['node-a.jsonl', 'node-a'],
    ['node-b.journal', 'node-b'],
    ['C:\\logs\\fw1-keepalived.log', 'fw1'],
    ['syslog-gw2.log-20261122', 'gw2'],
    ['conntrackd.log', null],
    ['journal.jsonl', null],
    ['client.log', null],
    ['monday.log', null],
    ['b.log', null],
    ['', null],
  ])('%s: %s', (file, node) => {
    expect(nodeFromName(file)).toBe(node);
  });

  const json = (node: string): string => gateway({ time: '1', node, event: 'note' });
  const log = (host: string): string => lines(`2026-11-22T11:10:59Z ${host} conntrackd[1]: flushing caches`);
  const nodes = (text: string, file: string, node?: string): (string | null)[] =>
    parseJournal(text, file, { node }).events.map((e) => e.node);

  test('what the user says wins; then the line; a host only where the file names no node', () => {
    expect(nodes(json('gw-east-1'), 'node-b.jsonl', 'node-a')).toEqual(['node-a']);
    expect(nodes(json('gw-east-1'), 'node-b.jsonl')).toEqual(['gw-east-1']);
    expect(nodes(log('ip-10-0-0-7'), 'conntrackd-b.log')).toEqual(['node-b']);
    expect(nodes(log('ip-10-0-0-7'), 'monday.log')).toEqual(['ip-10-0-0-7']);
    expect(nodes('[Sun Nov 22 11:10:59 2026] (pid=1) [notice] x', 'monday.log')).toEqual([null]);
  });

  test('a file of several nodes keeps them, and says so', () => {
    const two = json('node-a') + json('node-b');
    const { events, problems } = parseJournal(two, 'x', { node: 'node-c' });
    expect(events.map((e) => e.node)).toEqual(['node-a', 'node-b']);
    expect(problems).toMatchObject([{ code: 'journal-several-nodes', line: null }]);
    expect(nodes(log('fw1') + log('fw2'), 'conntrackd-b.log')).toEqual(['fw1', 'fw2']);
  });

  test('commits of two hosts in one file are told apart', () => {
    const head = (host: string): string => `2026-11-22T11:10:59Z ${host} conntrack-tools[1]:`;
    const { events } = parseJournal(
      lines(
        `${head('fw1')} committing all external caches`,
        `${head('fw2')} committing all external caches`,
        `${head('fw2')} Committed 2 new entries`,
        `${head('fw2')} commit has taken 0.000002 seconds`,
      ),
      'syslog',
    );
    expect(events).toMatchObject([
      { kind: 'commit-started', node: 'fw1', line: 1 },
      { kind: 'state-committed', node: 'fw2', line: 3, took: 0.000002 },
    ]);
  });
});

describe('files', () => {
  test('any line end, byte order, empty lines, marks of journalctl', () => {
    const text = '\r\n-- Boot 5b0f --\r\n{"time":"2","event":"note"}\r\n\n  {"time":"1","event":"note"}';
    const { events, problems } = parseJournal(text, 'x');
    expect(problems).toEqual([]);
    expect(events.map(({ from, line }) => [from, line])).toEqual([
      [1n, 5],
      [2n, 3],
    ]);
  });

  test('a file that is something else is one problem, not one a line', () => {
    for (const text of ['', 'Dear all,\n'.repeat(500), lines('Nov 22 11:10:59 fw1 sshd[7]: bye')]) {
      const { events, problems } = parseJournal(text, 'x', { near: ns('2026-11-22T11:10:59Z') });
      expect(events).toEqual([]);
      expect(problems[0]).toMatchObject({ code: 'journal-unknown', line: null });
      expect(problems.length).toBeLessThanOrEqual(2);
    }
  });

  test('many bad lines are counted, not listed', () => {
    const { problems } = parseJournal(`{"time":"2","event":"note"}\n${'nonsense\n'.repeat(1000)}`, 'x');
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toMatchObject({ message: '980 more lines have problems', line: null });
  });

  test('of more events than anybody can use the latest are kept', () => {
    const text = Array.from({ length: 250_000 }, (_, i) => `{"time":"${i}","event":"note"}`).join('\n');
    const { events, problems } = parseJournal(text, 'x');
    expect(events).toHaveLength(100_000);
    expect(events[0]).toMatchObject({ from: 150_000n, line: 150_001 });
    expect(problems).toMatchObject([{ code: 'journal-cut' }]);
  });

  test('a log of thousands of hosts is bounded, and read', () => {
    const text = Array.from(
      { length: 5000 },
      (_, i) => `2026-11-22T11:10:59Z h${i} conntrackd[1]: committing all external caches`,
    ).join('\n');
    expect(parseJournal(text, 'x').events).toHaveLength(5000);
  });
});
