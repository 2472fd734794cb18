/** A node's file: the example is right, defaults are those that it shows, and mistakes are told by their keys. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, duration, parseNodeConfig } from './config.ts';

const EXAMPLE = readFileSync(new URL('../docs/gateway-node.example.yaml', import.meta.url), 'utf8');

function problemsOf(text: string): readonly string[] {
  try {
    parseNodeConfig(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
const changed = (from: string, to: string): string => {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replace(from, to);
};

describe('the configuration of a node', () => {
  it('is that of the example', () => {
    expect(parseNodeConfig(EXAMPLE)).toMatchObject({ node: 'node-a', start: 'active', failFast: false });
  });

  it('has the defaults that the example shows', () => {
    // A comment that holds a key, alone or after `# `, in its place.
    const whole = EXAMPLE.replace(/^# (?:forwarding|move):\n(?:# {3}.*\n)*/gm, '').replace(
      /^( *)# ([a-zA-Z]+: )/gm,
      '$1$2',
    );
    expect(whole).toContain('\n  rules: strict');
    expect(parseNodeConfig(whole)).toEqual(parseNodeConfig(EXAMPLE));
  });

  it('may be a proxy’s whose addresses move, as the example shows', () => {
    const other = EXAMPLE.replace(/^(?:forwarding|move):.*\n(?: {2}.*\n)*/gm, '').replace(
      /^# (forwarding:\n|move:\n| {2}\S)/gm,
      '$1',
    );
    expect(parseNodeConfig(other)).toMatchObject({
      forwarding: { forwarder: 'proxy', source: 'node', intercept: { ports: [443] } },
      move: { by: 'address', priority: 150, advertiseEvery: 1000, preempt: false },
    });
  });

  it.each(['0', '60s'])('has advertisements as VRRP can tell them: not every %s', (every) => {
    const move = `move: { by: address, priority: 1, advertiseEvery: ${every} }`;
    const text = EXAMPLE.replace(/^move:.*\n(?: {2}.*\n)*/m, `${move}\n`);
    expect(problemsOf(text)).toEqual(['move.advertiseEvery: from 10ms to 40.95s (RFC 5798, 5.2.7)']);
  });

  it.each([
    ['start: active', 'start: up', 'start: Invalid option: expected one of "active"|"standby"'],
    ['interface: in', 'interface: in;reboot', 'inside.interface: the name of an interface'],
    ['10.0.1.1/24,', '10.0.1.1,', 'inside.addresses[0]: Invalid input'],
    ['start: active', 'start: active\nstarts: active', 'Unrecognized key: "starts"'],
    ['peer: node-b', 'peer: node-a', 'peer: is this node itself'],
    ['interface: out', 'interface: in', 'outside.interface: is that of inside'],
    [
      'interface: sync',
      'interface: in',
      'sync.interface: carries packets of clients; a takeover would cut it',
    ],
    [
      'peerAddress: 10.255.0.2',
      'peerAddress: fd00::2',
      'sync.peerAddress: is of another family than sync.address',
    ],
    ['peerAddress: 10.255.0.2', 'peerAddress: 10.255.0.1', 'sync.peerAddress: is this node’s own'],
    ['peerNamespace: node-b', 'peerNamespace: node-a', 'move.peerNamespace: is the namespace of this node'],
    [
      '# heartbeat: { every: 500ms, deadAfter: 2s, takeOver: true }',
      'heartbeat: { every: 1s, deadAfter: 1500ms }',
      'heartbeat.deadAfter: one lost heartbeat is no dead peer: at least twice heartbeat.every',
    ],
    [
      '# heartbeat: { every: 500ms, deadAfter: 2s, takeOver: true }',
      'heartbeat: { every: 0, deadAfter: 0 }',
      'heartbeat.every: 10ms at least',
    ],
    [
      'to: 0.0.0.0/0, via: 10.0.2.254',
      'to: "::/0", via: 10.0.2.254',
      'outside.routes[0].via: is of another family than the route',
    ],
    ['stateFolder: /run/', 'stateFolder: /var/log #', 'journal: is in stateFolder, which is emptied'],
    [
      'stateFolder: /run/',
      'stateFolder: /etc/stallscope #',
      'sync.keyFile: is in stateFolder, which is emptied',
    ],
  ])('%s, changed to %s, is told by its key', (from, to, problem) => {
    expect(problemsOf(changed(from, to))).toEqual([problem]);
  });

  it('tells of all mistakes at once, and of what is no YAML', () => {
    const text = changed('start: active', 'start: up').replace('peer: node-b', 'peer: B!');
    expect(problemsOf(text)).toHaveLength(2);
    expect(problemsOf('node: a\npeer: [')).toEqual([expect.stringMatching(/^line 2: /)]);
    expect(problemsOf('node: a\n- peer: "a\nb"')).toHaveLength(1);
    expect(problemsOf('')).not.toEqual([]);
  });

  it.each([
    ['500ms', 500],
    ['1.5s', 1500],
    ['2m', 120_000],
    [15, 15_000],
  ])('%s is a duration', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });

  it.each(['5', '5h', '-1s', '1e3s', ''])('%o is none', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });
});
