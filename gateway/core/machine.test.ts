/** The takeover as conversations: what the machine is told, what it asks for, when. `playbook.ts` says how they are read. */
import { describe, expect, it } from 'vitest';
import { linesOf, Playbook } from './playbook.ts';
import type { MachineOptions } from './words.ts';

function plays(options: Partial<MachineOptions>, ...scripts: string[]): void {
  const script = scripts.join('\n');
  expect(new Playbook(options).play(script)).toEqual(linesOf(script));
}

/** A node that stands by, of a peer that is active. */
const STANDBY = `
  > started
  < role standby
  > heartbeat active 1`;

const TAKEOVER = `
  < detach-adapters
  > done
  < attach-adapters
  > done
  < commit-state
  > done
  < raise-addresses
  > done
  < announce
  > done
  < start-forwarding
  > done
  < role active`;

/** A node that is active with term 1, of a peer that stands by. */
const ACTIVE = `
  > started
  < role standby
  > heartbeat standby 0
  < role taking-over
  ${TAKEOVER}`;

const RELEASE = `
  < role releasing
  < stop-forwarding
  > done
  < lower-addresses
  > done
  < role standby`;

describe('a takeover', () => {
  it('of a dead peer: state is committed before the address is up, and packets come last', () => {
    plays(
      {},
      STANDBY,
      `
      > 1999 ms
      > 1 ms
      ! peer-dead
      < role taking-over`,
      TAKEOVER,
    );
  });

  it('by an operator asks the peer first, and goes on as soon as it stands by', () => {
    plays(
      {},
      STANDBY,
      `
      > take-over
      < role taking-over
      < ask-release 2
      > heartbeat releasing 1
      > heartbeat standby 1`,
      TAKEOVER,
    );
  });

  it('asks again with each heartbeat, and goes on without an answer after a while', () => {
    plays(
      { deadAfter: 600 },
      STANDBY,
      `
      > take-over
      < role taking-over
      < ask-release 2
      > 500 ms
      < ask-release 2
      > heartbeat active 1
      > 500 ms
      < ask-release 2
      > heartbeat active 1
      > 200 ms
      ! peer-release`,
      TAKEOVER,
    );
  });

  it('goes on at once where the peer dies while it is asked', () => {
    plays(
      {},
      STANDBY,
      `
      > take-over
      < role taking-over
      < ask-release 2
      > 2000 ms
      < ask-release 2
      < ask-release 2
      < ask-release 2
      ! peer-dead`,
      TAKEOVER,
    );
  });

  it('by force asks nobody', () => {
    plays({}, STANDBY, '> take-over force\n< role taking-over', TAKEOVER);
  });

  it('with the fault of a split brain leaves the adapters at the peer', () => {
    plays(
      { splitBrain: true },
      STANDBY,
      `
      > take-over
      < role taking-over
      < attach-adapters
      > done
      < commit-state
      > done
      < raise-addresses
      > done
      < announce
      > done
      < start-forwarding
      > done
      < role active
      > heartbeat active 7
      > release-asked 8`,
    );
  });

  it('with the fault of a split brain tells the peer of no role, so that two are active', () => {
    const machines = [new Playbook({ splitBrain: true }), new Playbook({ start: 'active' })] as const;
    const [split, other] = machines;
    other.play(`> started\n> heartbeat standby 0${'\n> done'.repeat(6)}`);
    split.play(`> started\n> heartbeat active 1\n> take-over force${'\n> done'.repeat(5)}`);
    expect(machines.map(({ machine }) => machine.role)).toEqual(['active', 'active']);
    const { role, term } = split.machine.claim;
    expect(other.play(`> heartbeat ${role} ${term}`)).toHaveLength(1);
    expect(split.play('> heartbeat active 1')).toHaveLength(1);
    expect(machines.map(({ machine }) => machine.role)).toEqual(['active', 'active']);
  });

  it('with the fault of a commit left out, or late', () => {
    const before = `
      > take-over force
      < role taking-over
      < detach-adapters
      > done
      < attach-adapters
      > done
      < raise-addresses
      > done
      < announce
      > done
      < start-forwarding
      > done
      < role active`;
    plays({ commit: 'never', failFast: true }, STANDBY, before, '< reset-lost-connections\n> done');
    plays(
      { commit: { after: 3000 }, failFast: true, deadAfter: 60_000 },
      STANDBY,
      before,
      `
      > 3000 ms
      ! late-commit
      < commit-state
      > done
      < reset-lost-connections
      > done`,
    );
  });

  it('resets what cannot go on once it forwards', () => {
    plays(
      { failFast: true },
      STANDBY,
      '> take-over force\n< role taking-over',
      TAKEOVER,
      '< reset-lost-connections\n> done',
    );
  });

  it('is not begun by a node that may not, but is by an operator', () => {
    plays(
      { takeOver: false },
      STANDBY,
      `
      > 60000 ms
      ! peer-dead
      > take-over
      < role taking-over`,
      TAKEOVER,
    );
  });
});

describe('who starts', () => {
  it('as active takes the role once it knows that nobody has it', () => {
    plays({ start: 'active' }, ACTIVE);
    plays(
      { start: 'active' },
      `
      > started
      < role standby
      > 2000 ms
      ! peer-dead
      < role taking-over`,
      TAKEOVER,
    );
  });

  it('as active stands by where the peer is active', () => {
    plays(
      { start: 'active' },
      `
      > started
      < role standby
      > heartbeat active 4
      > heartbeat active 4`,
    );
  });

  it('as standby does not take the silence of a peer that it never heard for its death', () => {
    plays(
      {},
      `
      > started
      < role standby
      > 600000 ms
      ! peer-dead`,
    );
  });

  it('as standby, beside one that stands by too, takes the role after a while', () => {
    plays(
      { heartbeatEvery: 60_000, deadAfter: 5000, peerWinsTies: false },
      `
      > started
      < role standby
      > heartbeat standby 0
      > 4000 ms
      > heartbeat standby 0
      > 4000 ms
      > heartbeat standby 0
      > 2000 ms
      ! vacant
      < role taking-over`,
      TAKEOVER,
    );
  });
});

describe('giving the role up', () => {
  it('when the peer asks: packets stop first; the entries go once the peer has them', () => {
    plays(
      { start: 'active' },
      ACTIVE,
      '> release-asked 2',
      RELEASE,
      `
      > heartbeat taking-over 2
      > heartbeat active 2
      < flush-state
      > done`,
    );
  });

  it('when an operator says so, and not again by itself', () => {
    plays(
      { start: 'active', deadAfter: 2000 },
      ACTIVE,
      '> release',
      RELEASE,
      `
      > heartbeat standby 1
      > 1000 ms
      > heartbeat standby 1
      > 30000 ms
      ! peer-dead`,
    );
  });

  it('before it has taken it, and does not take it then', () => {
    const script = '> started\n< role standby\n> release\n> heartbeat standby 0\n> 60000 ms\n! peer-dead';
    plays({ start: 'active' }, script);
  });

  it('when the adapters are taken away, and takes it back if the peer fails', () => {
    plays(
      { start: 'active', takeOver: false },
      ACTIVE,
      '> adapters-gone',
      RELEASE,
      `
      > heartbeat taking-over 2
      > heartbeat standby 2
      > 1500 ms
      > heartbeat standby 2
      > 1500 ms
      ! vacant
      < role taking-over
      < detach-adapters
      > done
      < attach-adapters
      > done
      < flush-state`,
    );
  });

  it('for a newer claim, not for an older one', () => {
    plays(
      { start: 'active' },
      ACTIVE,
      '> heartbeat active 0\n> heartbeat active 2',
      `${RELEASE}
< flush-state`,
    );
  });

  it('of two claims of one term on one of the two nodes', () => {
    plays({ start: 'active', peerWinsTies: true }, ACTIVE, '> heartbeat active 1', RELEASE, '< flush-state');
    plays({ start: 'active', peerWinsTies: false }, ACTIVE, '> heartbeat active 1');
  });

  it('not to an old word of the peer', () => {
    plays({ start: 'active' }, ACTIVE, '> release-asked 1\n> release-asked 0');
  });

  it('in the middle of a takeover, after the step that is on its way', () => {
    plays(
      {},
      STANDBY,
      `
      > take-over force
      < role taking-over
      < detach-adapters
      > done
      < attach-adapters
      > release
      > failed broken off
      < role releasing
      < stop-forwarding
      > done
      < lower-addresses
      > done
      < role standby`,
    );
  });

  it('before it ends', () => {
    plays(
      { start: 'active' },
      ACTIVE,
      `
      > stopping
      < role releasing
      < stop-forwarding
      > failed nft
      < lower-addresses
      > done
      < role standby
      < stopped
      > 100000 ms
      > take-over`,
    );
    plays({}, STANDBY, '> stopping\n< stopped\n> 100000 ms');
  });

  it('while it gives it up already', () => {
    plays(
      { start: 'active' },
      ACTIVE,
      `
      > release
      < role releasing
      < stop-forwarding
      > stopping
      > done
      < stop-forwarding
      > done
      < lower-addresses
      > done
      < role standby
      < stopped`,
    );
  });
});

describe('a step that fails', () => {
  const retry = (step: string) => `
    > failed why
    > 300 ms
    ! retry
    < ${step}`;

  it('is tried three times; then the role is given back, where it cannot do without', () => {
    plays(
      {},
      STANDBY,
      '> take-over force\n< role taking-over\n< detach-adapters',
      retry('detach-adapters'),
      retry('detach-adapters'),
      `> failed why
      < role releasing
      < stop-forwarding
      > done
      < lower-addresses
      > done
      < role standby`,
    );
  });

  it('is left out where the node is of use without', () => {
    plays(
      {},
      STANDBY,
      `
      > take-over force
      < role taking-over
      < detach-adapters
      > done
      < attach-adapters
      > done
      < commit-state`,
      retry('commit-state'),
      retry('commit-state'),
      '> failed why\n< raise-addresses',
    );
  });

  it('of a release is tried until it is done', () => {
    plays(
      { start: 'active', deadAfter: 60_000 },
      ACTIVE,
      '> release\n< role releasing\n< stop-forwarding',
      ...Array.from({ length: 20 }, () => retry('stop-forwarding')),
      '> done\n< lower-addresses\n> done\n< role standby',
    );
  });
});

describe('where an address moves', () => {
  const steps = `
    < commit-state
    > done
    < raise-addresses
    > done
    < announce
    > done
    < start-forwarding
    > done
    < role active`;

  it('keepalived decides, not the heartbeats', () => {
    plays(
      { moveBy: 'address', start: 'active' },
      `
      > started
      < role standby
      > heartbeat standby 0
      > 4000 ms
      ! peer-dead
      > vrrp backup
      > vrrp master
      < role taking-over`,
      steps,
      `
      > heartbeat active 9
      > vrrp backup
      < role releasing
      < stop-forwarding
      > done
      < role standby
      < flush-state`,
    );
  });

  it('an operator has it claimed, and given up', () => {
    plays(
      { moveBy: 'address', heartbeatEvery: 60_000, deadAfter: 60_000 },
      STANDBY,
      '> take-over force\n< role taking-over',
      steps,
      '> heartbeat standby 1\n> release',
      RELEASE,
    );
  });
});
