import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testConfig } from '../test-config.ts';
import { createAddressMover } from './address-mover.ts';
import { type AddressMove, claimText, keepalivedText, parseNotice, quietText } from './keepalived-config.ts';

const move = (given: Partial<AddressMove> = {}): AddressMove => ({
  by: 'address',
  routerId: 51,
  priority: 100,
  advertiseEvery: 500,
  preempt: false,
  ...given,
});
const files = { config: '/s/conf', fifo: '/s/fifo', claim: '/s/claim', pid: '/s/pid', vrrpPid: '/s/vrrp' };

/** As keepalived reckons: the sum, within 1 and 254. */
const effective = (standing: Parameters<typeof claimText>[0], priority: number): number =>
  Math.min(254, Math.max(1, Math.min(priority, 252) + Number(claimText(standing, move({ priority })))));

describe('the priority on the wire', () => {
  it('of a claim is above a holder\u2019s, that above any candidate\u2019s, and that not below a released one\u2019s', () => {
    const priority = fc.integer({ min: 1, max: 254 });
    fc.assert(
      fc.property(priority, priority, (one, other) => {
        expect(effective('claiming', one)).toBeGreaterThan(effective('holding', other));
        expect(effective('holding', one)).toBeGreaterThan(effective('candidate', other));
        expect(effective('candidate', one)).toBeGreaterThanOrEqual(effective('released', other));
        // Below -253: keepalived gives up.
        expect(Number(claimText('withdrawn', move({ priority: one })))).toBeLessThan(-253);
      }),
    );
  });

  it('of a candidate is the configured one', () => {
    expect(effective('candidate', 100)).toBe(100);
  });
});

describe('keepalived\u2019s configuration', () => {
  it('has no folder in it that would be more than a word', () => {
    const config = testConfig({
      stateFolder: '/run/a\n}\nvrrp_script',
      move: { by: 'address', priority: 100 },
    });
    const journal = { write: () => {}, close: () => {} };
    expect(() => createAddressMover({ config, journal, onTrouble: () => {} }, () => {})).toThrow(
      'keepalived cannot have its files in ',
    );
  });

  it('has an instance a side and family, all in the group that follows the claim', () => {
    const text = keepalivedText(testConfig(), move(), files);
    expect(text.match(/^vrrp_instance .*(?= {)/gm)).toEqual(
      ['inside-ipv4', 'inside-ipv6', 'outside-ipv4', 'outside-ipv6'].map((name) => `vrrp_instance ${name}`),
    );
    expect(text).toContain('advert_int 0.5\n');
    expect(text).toContain('    fd00:0:0:1::1/64 dev in\n');
    expect(text.match(/native_ipv6/g)).toHaveLength(2);
    expect(text).not.toContain('virtual_routes');
  });

  it('leaves out a family that has no addresses, and raises routes with the addresses of theirs', () => {
    const outside = {
      interface: 'out',
      addresses: ['10.0.2.1/24'],
      routes: [{ to: '0.0.0.0/0', via: '10.0.2.254' }],
    };
    const text = keepalivedText(testConfig({ outside }), move(), files);
    expect(text).not.toContain('outside-ipv6');
    expect(text).toContain('virtual_routes {\n    0.0.0.0/0 via 10.0.2.254 dev out\n  }');
  });

  it('is silent about announcements on both sides, but for what bears the mark', () => {
    const text = quietText(testConfig(), 7);
    expect(text.match(/hook egress device/g)).toHaveLength(2);
    expect(text.match(/ drop$/gm)).toHaveLength(4);
    expect(text.match(/meta mark 7 accept/g)).toHaveLength(2);
  });
});

it.each([
  ['GROUP "gateway" MASTER 0', 'master'],
  ['GROUP "gateway" BACKUP 0', 'backup'],
  ['GROUP "gateway" FAULT 0', 'fault'],
  ['GROUP "gateway" STOP 0', null],
  ['INSTANCE "inside-ipv4" MASTER 100', null],
  ['', null],
])('of keepalived\u2019s notices, those about the whole count: %s', (line, state) => {
  expect(parseNotice(line)).toBe(state);
});
