/**
 * A scenario's gateway as the two files that its nodes read.
 * The trap: who starts the takeover decides what takes how long. Where an operator does, the cloud's delay is the
 * whole outage; where a node misses the heartbeats of the other, the time until it does is part of it; and
 * where VRRP does, the outage is three advertisements and a bit (RFC 9568, 6.1).
 */
import path from 'node:path';
import type { NodeConfigInput } from '../gateway/config.ts';
import { addressOf, type Family, type NodeName, prefixLength, type Side, SYNC } from './addresses.ts';
import type { Certificates } from './certificates.ts';
import { namespaceOf, type RunFolder } from './run-folder.ts';
import type { Scenario } from './scenario.ts';
import { stepsOf } from './steps.ts';
import { SPARE } from './topology.ts';

/** A capture begins in it: tcpdump is ready 50 ms after it is started, more on a busy machine. */
const SETTLE_MS = 400;
const DEAD_AFTER_MS = 2000;
const PRIORITIES = { 'node-a': 150, 'node-b': 100 } as const;

export interface NodeFiles {
  readonly run: RunFolder;
  /** Null: nothing in the scenario needs any. */
  readonly certificates: Certificates | null;
}

export function nodeConfig(scenario: Scenario, node: NodeName, files: NodeFiles): NodeConfigInput {
  const peer: NodeName = node === 'node-a' ? 'node-b' : 'node-a';
  const { gateway } = scenario;
  return {
    node,
    peer,
    start: node === 'node-a' ? 'active' : 'standby',
    inside: side(scenario, node, 'in'),
    outside: side(scenario, node, 'out'),
    forwarding: forwarding(scenario, node, files),
    move: move(scenario, node, peer, files.run.id),
    sync: {
      interface: 'sync',
      address: SYNC[node],
      peerAddress: SYNC[peer],
      keyFile: path.join(files.run.path, 'key'),
    },
    heartbeat: { deadAfter: `${DEAD_AFTER_MS}ms`, takeOver: takesOverAlone(scenario) },
    failFast: gateway.failFast,
    journal: path.join(files.run.path, `${node}.jsonl`),
    stateFolder: path.join(files.run.path, node),
    faults: {
      commit: commit(gateway.commit, node),
      flush: gateway.flush,
      announce: gateway.announce,
      splitBrain: gateway.splitBrain && node === 'node-b',
    },
  };
}

function commit(
  when: Scenario['gateway']['commit'],
  node: NodeName,
): NonNullable<NodeConfigInput['faults']>['commit'] {
  if (typeof when === 'object') return { after: milliseconds(when.after) };
  if (when === 'once') return node === 'node-b' ? 'before' : 'never';
  return when;
}

function side({ family, gateway }: Scenario, node: NodeName, of: Side): NodeConfigInput['inside'] {
  const length = prefixLength(family as Family);
  const own = addressOf(family, of, node === 'node-a' ? 2 : 3);
  return {
    interface: of,
    addresses: [`${addressOf(family, of, 1)}/${length}`],
    ownAddresses: gateway.move === 'address' ? [`${own}/${length}`] : [],
  };
}

function forwarding(
  { gateway }: Scenario,
  node: NodeName,
  { certificates }: NodeFiles,
): NodeConfigInput['forwarding'] {
  if (gateway.forwarder === 'routed') {
    return {
      forwarder: 'routed',
      rules: gateway.rules,
      nat: gateway.nat,
      sync: gateway.sync ? 'conntrackd' : 'none',
      windowTracking: gateway.windowTracking,
      extraRules: gateway.extraRules[node] ?? [],
    };
  }
  return {
    forwarder: 'proxy',
    source: gateway.source,
    sync: gateway.sync,
    onRelease: gateway.onRelease,
    ...(gateway.intercept &&
      certificates !== null && {
        intercept: {
          caCertificate: certificates.intercept.certificate,
          caKey: certificates.intercept.key,
          trust: certificates.serverTrust,
        },
      }),
  };
}

function move(scenario: Scenario, node: NodeName, peer: NodeName, id: string): NodeConfigInput['move'] {
  if (scenario.gateway.move === 'adapter') {
    const before = takesOverAlone(scenario) ? DEAD_AFTER_MS : 0;
    return {
      by: 'adapter',
      namespace: namespaceOf(id, node),
      peerNamespace: namespaceOf(id, peer),
      attachDelay: milliseconds(Math.max(0, scenario.outage - before - SETTLE_MS)),
      settle: milliseconds(SETTLE_MS),
      ...(scenario.gateway.splitBrain &&
        node === 'node-b' && { spare: { inside: SPARE.in, outside: SPARE.out } }),
    };
  }
  return {
    by: 'address',
    priority: PRIORITIES[node],
    advertiseEvery: milliseconds(advertiseEvery(scenario.outage)),
  };
}

/** ms, so that the backup takes over `outage` ms after the last one; whole hundredths of a second, as VRRP counts. */
export function advertiseEvery(outage: number): number {
  const skew = (256 - PRIORITIES['node-b']) / 256;
  return Math.max(10, Math.round(outage / (3 + skew) / 10) * 10);
}

/** Where nobody tells node B to take over from an A without power. */
const takesOverAlone = (scenario: Scenario): boolean => {
  const steps = stepsOf(scenario);
  return (
    scenario.restored &&
    scenario.gateway.move === 'adapter' &&
    steps.some((step) => 'powerOff' in step.do) &&
    !steps.some((step) => 'takeOver' in step.do)
  );
};

const milliseconds = (ms: number): string => `${Math.round(ms)}ms`;
