/** The words of `diagnose collect`: flags to a configuration, the example, events and state as text, the line of a terminal. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfig, configJsonSchema, parseConfig } from '../collector/config.ts';
import type { CollectorStatus } from '../collector/control-words.ts';
import { CollectorError } from '../collector/words.ts';
import { pairs } from './collect-commands.ts';
import { configOf, hostVantage } from './collect-config.ts';
import { createDisplay, type DisplayTarget } from './collect-display.ts';
import { eventText, formatBytes, openingText, progressText, statusText } from './collect-text.ts';
import { UserError } from './user-error.ts';

const EXAMPLE = readFileSync(new URL('../docs/collector.example.yaml', import.meta.url), 'utf8');
const MINIMAL = { folder: '/var/lib/stallscope', captures: [{ interface: 'eth0', vantage: 'node-a.in' }] };

const STATUS: CollectorStatus = {
  pid: 4711,
  host: 'alpha',
  folder: '/var/lib/stallscope',
  since: '1795345622601000000',
  engine: 'tcpdump 4.99.3',
  snaplen: 256,
  interfaces: [
    {
      vantage: 'node-a.in',
      interface: 'eth0',
      state: 'capturing',
      packets: 12_345,
      bytes: 3_400_000,
      dropped: 0,
      gaps: 0,
    },
    {
      vantage: 'node-a.out',
      interface: 'eth1',
      state: 'waiting',
      packets: 1,
      bytes: 60,
      dropped: null,
      gaps: 2,
    },
  ],
  ring: { files: 3, bytes: 120_000_000, keep: 2_000_000_000 },
  pins: { pins: 1, bytes: 5_000_000, keep: 4_000_000_000 },
  ship: {
    server: 'http://s:7878',
    state: 'not reached',
    waitingFiles: 2,
    waitingBytes: 5_000_000,
    acknowledged: null,
  },
  trouble: { at: '1795345623000000000', what: 'the disk is full' },
};

describe('the example', () => {
  it('is a configuration that holds, with nothing but defaults', () => {
    const config = parseConfig(EXAMPLE);
    expect(config).toEqual(checkConfig({ folder: config.folder, captures: config.captures }));
  });

  it('shows every default as it is', () => {
    // A comment that holds a key, down to where examples begin, in its place.
    const shown = EXAMPLE.split('# Examples from here on')[0]!
      .replace(/^# (engine|buffer|snaplen|keep|rotate|pin|filter): /gm, '$1: ')
      .replace(/^# {3}(?=\S)/gm, '  ');
    const keys = Object.keys(parse(shown) as object);
    expect(keys).toEqual(
      expect.arrayContaining(['engine', 'buffer', 'snaplen', 'filter', 'keep', 'rotate', 'pin']),
    );
    expect(parseConfig(shown)).toEqual(parseConfig(EXAMPLE));
  });

  it('has every key, and what it shows beside defaults holds', () => {
    const whole = EXAMPLE.replace(/^( *)# (?=[a-zA-Z]+: |journals:|ship:| {2})/gm, '$1').replace(
      /^# (journals|ship):/gm,
      '$1:',
    );
    const config = parseConfig(whole);
    const { properties } = configJsonSchema() as { properties: object };
    expect(Object.keys(config).sort()).toEqual(Object.keys(properties).sort());
    expect(config).toMatchObject({
      captures: [{}, { filter: 'tcp port 443 or arp or icmp', snaplen: 128 }],
      journals: [{ node: 'node-a' }],
      ship: { what: 'pinned', incident: 'Captures', ca: '/etc/stallscope/ca.pem' },
      metrics: '127.0.0.1:9109',
      user: 'stallscope',
    });
  });
});

describe('a configuration', () => {
  it.each([
    [{ captures: [] }, 'captures: '],
    [
      { captures: [{ interface: 'eth0;reboot', vantage: 'a' }] },
      'captures.0.interface: the name of an interface',
    ],
    [
      { captures: [{ interface: 'eth0', vantage: 'a.side' }] },
      'captures.0.vantage: a host, or host.in or host.out',
    ],
    [
      { captures: [MINIMAL.captures[0], MINIMAL.captures[0]] },
      'captures: an interface is there twice for one vantage',
    ],
    [{ keep: '2 apples' }, 'keep: '],
    [{ keep: 0 }, 'keep: 1MB at least'],
    [{ rotate: { size: 0 } }, 'rotate.size: 100KB at least'],
    [{ rotate: { age: 0 } }, 'rotate.age: 500ms at least'],
    [{ metrics: 'localhost' }, 'metrics: '],
    [{ metrics: '127.0.0.1:99999' }, 'metrics: a port of at most 65535'],
    [{ colour: 'blue' }, 'Unrecognized key: "colour"'],
  ])('does not hold: %j', (change, message) => {
    expect(() => checkConfig({ ...MINIMAL, ...change })).toThrow(message);
  });

  it.each([
    ['captures: *nowhere', /no YAML: Unresolved alias/],
    [
      [
        'a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0]',
        'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]',
        'c: [*b, *b, *b]',
      ].join('\n'),
      /no YAML: Excessive alias count|Unrecognized key/,
    ],
  ])('is no bug of the command where its aliases do not hold: %j', (text, message) => {
    expect(() => parseConfig(text)).toThrow(CollectorError);
    expect(() => parseConfig(text)).toThrow(message);
  });

  it('has a port of loopback for metrics, as a number or as text', () => {
    expect(checkConfig({ ...MINIMAL, metrics: 9109 }).metrics).toBe('9109');
    expect(checkConfig({ ...MINIMAL, metrics: '[::1]:9109' }).metrics).toBe('[::1]:9109');
  });
});

describe('flags', () => {
  it('pair each interface with its vantage, in either order', () => {
    const said = (...words: ['interface' | 'vantage', string][]) => {
      const add = pairs();
      return words.map(([key, text]) => add(key, text)).at(-1);
    };
    const [a, b] = [
      { interface: 'eth0', vantage: 'node-a.in' },
      { interface: 'eth1', vantage: 'node-a.out' },
    ];
    expect(
      said(['interface', 'eth0'], ['vantage', 'node-a.in'], ['interface', 'eth1'], ['vantage', 'node-a.out']),
    ).toEqual([a, b]);
    expect(
      said(['vantage', 'node-a.in'], ['interface', 'eth0'], ['vantage', 'node-a.out'], ['interface', 'eth1']),
    ).toEqual([a, b]);
    expect(said(['interface', 'eth0'], ['interface', 'eth1'], ['vantage', 'node-a.out'])).toEqual([
      { interface: 'eth0' },
      b,
    ]);
  });

  it('make the configuration that a file would', () => {
    const options = {
      interface: [MINIMAL.captures[0]!],
      folder: MINIMAL.folder,
      keep: '500MB',
      ship: 'http://s',
      tokenFile: 't',
    };
    expect(configOf(options)).toEqual(
      checkConfig({ ...MINIMAL, keep: 500_000_000, ship: { url: 'http://s', tokenFile: 't' } }),
    );
    expect(configOf({ interface: [{ interface: 'lo' }] }).folder).toBe('./stallscope-captures');
  });

  it.each([
    [{}, 'collect captures what it is told'],
    [{ vantage: [{ vantage: 'node-a' }] }, '--vantage node-a: no --interface goes with it'],
    [{ interface: [{ interface: 'lo' }], tokenFile: 't' }, '--token-file is of no use without --ship'],
    [{ interface: [{ interface: 'lo' }], keep: 'all' }, 'keep: '],
    [{ config: '/nowhere/at/all' }, '/nowhere/at/all: no such file'],
  ])('are refused in one line: %j', (options, message) => {
    expect(() => configOf(options)).toThrow(UserError);
    expect(() => configOf(options)).toThrow(message);
  });

  it('take the host for the vantage, without its domain', () => {
    expect(hostVantage('node-a.example.net')).toBe('node-a');
    expect(hostVantage('-Web Server_1')).toBe('Web-Server_1');
    expect(hostVantage('...')).toBe('host');
    for (const name of ['node-a.example.net', '-x', '', 'ü'])
      expect(() =>
        checkConfig({ ...MINIMAL, captures: [{ interface: 'lo', vantage: hostVantage(name) }] }),
      ).not.toThrow();
  });
});

describe('the words of a collector', () => {
  const config = checkConfig(MINIMAL);

  it('say at the start what is kept, by what, where, and how to pin', () => {
    const text = openingText(config, 'tcpdump 4.99.3');
    expect(text).not.toContain('\n');
    for (const words of [
      'first 256 bytes of each packet',
      'cuts the payload',
      'tcpdump 4.99.3',
      MINIMAL.folder,
      '2 GB',
      'diagnose collect trigger',
    ])
      expect(text).toContain(words);
    expect(openingText({ ...config, snaplen: 0 }, '')).toContain('whole packets, with all that is in them');
    expect(openingText({ ...config, folder: "a'b c" }, '')).toContain("--folder 'a'\\''b c'");
  });

  it('tell a gap when it begins and when it ends', () => {
    const gap = {
      event: 'gap',
      vantage: 'node-a',
      interface: 'eth0',
      from: 1795345622601000000n,
      why: 'eth0 is down',
    } as const;
    expect(eventText({ ...gap, to: null })).toBe(
      'node-a: nothing is captured on eth0 since 11:07:02.601 UTC: eth0 is down',
    );
    expect(eventText({ ...gap, to: 1795345624601000000n })).toBe(
      'node-a: nothing was captured on eth0 for 2.00 s, from 11:07:02.601 UTC: eth0 is down',
    );
    expect(eventText({ event: 'forgotten', file: 'x', bytes: 1 })).toBeNull();
  });

  it('fit one line while it runs, and tell all when asked', () => {
    expect(progressText(STATUS)).toBe(
      'node-a.in 12,345 packets, 0 lost, 3.4 MB | node-a.out 1 packet, 60 B, eth1 waiting | ring 120 MB of 2 GB | 1 pin | server: not reached',
    );
    const text = statusText(STATUS);
    expect(text).toContain('node-a.out    eth1: waiting, 1 packet, 60 B, losses not told, 2 gaps\n');
    expect(text).toContain(
      'server        http://s:7878: not reached, 2 files of 5 MB to go; acknowledged: nothing yet\n',
    );
    expect(text).toContain('2026-11-22 11:07:03.000 UTC: the disk is full\n');
  });

  it('have sizes of three digits', () => {
    expect([0, 999, 1000, 12_345, 999_499, 999_500, 2e9, 64e6, 1.5e13].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1 kB',
      '12.3 kB',
      '999 kB',
      '1 MB',
      '2 GB',
      '64 MB',
      '15 TB',
    ]);
  });
});

describe('the terminal', () => {
  function screen(change: Partial<DisplayTarget> = {}, json = false) {
    const written = { out: '', err: '' };
    const target: DisplayTarget = {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
      isTerminal: true,
      columns: () => 40,
      hasColor: false,
      ...change,
    };
    return { written, display: createDisplay(target, json, () => 1795345622601000000n) };
  }
  const capturing = { event: 'capturing', vantage: 'a', interface: 'eth0' } as const;

  it('has a line that is written over, below what happened', () => {
    const { written, display } = screen();
    display.progress(STATUS);
    const line = progressText(STATUS).slice(0, 39);
    expect(written.err).toBe(`\r${line}\x1b[K`);
    written.err = '';
    display.event(capturing);
    expect(written.err).toBe(`\r\x1b[K11:07:02.601 UTC  a: captures on eth0\n${line}`);
    written.err = '';
    display.end();
    expect(written.err).toBe('\r\x1b[K');
  });

  it('that is none has what happens, and nothing else', () => {
    const { written, display } = screen({ isTerminal: false });
    display.progress(STATUS);
    display.event({ event: 'trouble', what: 'a\x1b[31m', hint: 'look' });
    expect(written.err).toBe('11:07:02.601 UTC  a\\x1b[31m (look)\n');
  });

  it('has colour where it may, and only then', () => {
    const { written, display } = screen({ hasColor: true });
    display.event({ event: 'trouble', what: 'x', hint: '' });
    expect(written.err).toContain('\x1b[33mx\x1b[0m');
  });

  it('of a program is JSON, an object a line, times as text', () => {
    const { written, display } = screen({}, true);
    display.event({ event: 'pinned', pin: 'p', from: 1n, to: 2n, why: 'w' });
    expect(written).toEqual({
      out: '{"time":"1795345622601000000","event":"pinned","pin":"p","from":"1","to":"2","why":"w"}\n',
      err: '',
    });
  });
});
