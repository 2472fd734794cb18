/**
 * All rules, in the order in which a proof of one beats a proof of another
 * (report.md, `cause`): the most specific first.
 */
import { applicationIdle } from './causes/application-idle.ts';
import { captureGap } from './causes/capture-gap.ts';
import { clientTimeout } from './causes/client-timeout.ts';
import { cloudFlowPinned } from './causes/cloud-flow-pinned.ts';
import { delayedVictim } from './causes/delayed-victim.ts';
import { keepaliveExpired } from './causes/keepalive-expired.ts';
import { loss } from './causes/loss.ts';
import { midstreamPickup } from './causes/midstream-pickup.ts';
import { natMappingLost } from './causes/nat-mapping-lost.ts';
import { noStateDrop } from './causes/no-state-drop.ts';
import { noStateReject } from './causes/no-state-reject.ts';
import { nodeCapacity } from './causes/node-capacity.ts';
import { notYetSynced } from './causes/not-yet-synced.ts';
import { offloadBlindSpot } from './causes/offload-blind-spot.ts';
import { oneWayPath } from './causes/one-way-path.ts';
import { outOfWindow } from './causes/out-of-window.ts';
import { outage } from './causes/outage.ts';
import { pathNotRestored } from './causes/path-not-restored.ts';
import { peerGaveUp } from './causes/peer-gave-up.ts';
import { pmtuBlackHole } from './causes/pmtu-black-hole.ts';
import { policyMismatch } from './causes/policy-mismatch.ts';
import { reversePathCheck } from './causes/reverse-path-check.ts';
import { rtoBackoff } from './causes/rto-backoff.ts';
import { sequenceOffsetLost } from './causes/sequence-offset-lost.ts';
import { snatPortClash } from './causes/snat-port-clash.ts';
import { splitBrain } from './causes/split-brain.ts';
import { staleFailback } from './causes/stale-failback.ts';
import { stalePath } from './causes/stale-path.ts';
import { stateNotCommitted } from './causes/state-not-committed.ts';
import { synBackoff } from './causes/syn-backoff.ts';
import { terminatedProxy } from './causes/terminated-proxy.ts';
import { tornDownByOldNode } from './causes/torn-down-by-old-node.ts';
import { tupleReuse } from './causes/tuple-reuse.ts';
import { udpMapping } from './causes/udp-mapping.ts';
import { zeroWindow } from './causes/zero-window.ts';
import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [
  stalePath,
  rtoBackoff,
  outage,
  tupleReuse,
  synBackoff,
  tornDownByOldNode,
  splitBrain,
  staleFailback,
  clientTimeout,
  keepaliveExpired,
  pathNotRestored,
  oneWayPath,
  pmtuBlackHole,
  terminatedProxy,
  delayedVictim,
  peerGaveUp,
  sequenceOffsetLost,
  snatPortClash,
  cloudFlowPinned,
  policyMismatch,
  reversePathCheck,
  nodeCapacity,
  stateNotCommitted,
  notYetSynced,
  natMappingLost,
  midstreamPickup,
  outOfWindow,
  noStateReject,
  noStateDrop,
  offloadBlindSpot,
  udpMapping,
  zeroWindow,
  applicationIdle,
  loss,
  captureGap,
];
