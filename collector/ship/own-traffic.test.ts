/** Which filters leave the shipping out, and that they are filters. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { type CollectorConfigInput, checkConfig } from '../config.ts';
import type { CollectorEvent } from '../words.ts';
import { withoutOwnTraffic } from './own-traffic.ts';

type Ship = NonNullable<CollectorConfigInput['ship']>;

async function filtersOf(ship: Ship, captures: object[], addresses = ['10.0.0.5', 'fd00::5']) {
  const events: CollectorEvent[] = [];
  const all = captures.map((capture) => ({ interface: 'lo', vantage: 'client', ...capture }));
  const config = checkConfig({ folder: 'x', captures: all, ship, filter: 'tcp' });
  const changed = await withoutOwnTraffic(
    config,
    (event) => events.push(event),
    async () => addresses,
  );
  return { filters: changed.captures.map(({ filter }) => filter ?? changed.filter), events };
}

const OWN = 'not (tcp port 7878 and (host 10.0.0.5 or host fd00::5))';

it.each<[string, Ship, object, string]>([
  ['over HTTP, always: it has the token', { url: 'http://s:7878' }, {}, `(tcp) and ${OWN}`],
  [
    'of a capture with its own filter',
    { url: 'http://s:7878' },
    { filter: 'tcp or arp' },
    `(tcp or arp) and ${OWN}`,
  ],
  ['of a capture of everything', { url: 'http://s:7878' }, { filter: '' }, OWN],
  ['at the port of HTTP', { url: 'http://s' }, {}, `(tcp) and ${OWN.replace('7878', '80')}`],
  ['over HTTPS, not', { url: 'https://s', what: 'all' }, {}, 'tcp'],
  [
    'over HTTPS, where all is shipped and whole',
    { url: 'https://s', what: 'all' },
    { snaplen: 0 },
    `(tcp) and ${OWN.replace('7878', '443')}`,
  ],
  ['over HTTPS, not where only pinned windows are', { url: 'https://s' }, { snaplen: 0 }, 'tcp'],
])('the shipping is left out %s', async (_name, ship, capture, expected) => {
  expect(await filtersOf(ship, [capture])).toEqual({ filters: [expected], events: [] });
});

it('a name without an address stops no capture, and is told', async () => {
  const { filters, events } = await filtersOf({ url: 'http://s:7878' }, [{}], []);
  expect(filters).toEqual(['tcp']);
  expect(events).toEqual([expect.objectContaining({ what: expect.stringContaining('token') })]);
});

it('a name that nobody knows is looked up, and that is all', async () => {
  const config = checkConfig({
    folder: 'x',
    captures: [{ interface: 'lo', vantage: 'a' }],
    ship: { url: 'http://x.invalid' },
  });
  expect(await withoutOwnTraffic(config, () => {})).toBe(config);
  const local = await withoutOwnTraffic(
    { ...config, ship: { url: 'http://[::1]:1', what: 'all', incident: 'x' } },
    () => {},
  );
  expect(local.captures[0]?.filter).toMatch(/and not \(tcp port 1 and \(host ::1\)\)$/);
});

const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;

it.skipIf(!hasTcpdump)('libpcap takes it, with the default filter (tcpdump)', async () => {
  const config = checkConfig({
    folder: 'x',
    captures: [{ interface: 'lo', vantage: 'a' }],
    ship: { url: 'http://s:7878' },
  });
  const changed = await withoutOwnTraffic(
    config,
    () => {},
    async () => ['10.0.0.5', 'fd00::5'],
  );
  const compiled = spawnSync('tcpdump', ['-d', '-y', 'EN10MB', changed.captures[0]?.filter ?? ''], {
    encoding: 'utf8',
  });
  expect(compiled.stderr).not.toMatch(/error/);
  expect(compiled.stdout).toMatch(/ret/);
});
