/**
 * What a report says of the incident as a whole, worked out again: when the
 * path was lost and came back, by the frames that show it, whose MAC and whose
 * address a mark names, and what the two sides of the gateway have in common.
 */
import type { Claim, Failover } from '../../analyzer/index.ts';
import { PRINTED, seconds } from './check-numbers.ts';
import type { Witness } from './witness.ts';

/** Seconds: clocks are set by lines whose numbers are rounded. */
const ROUNDING = 2e-6;

/** What is wrong, a line each; `count`: how many sentences were understood. */
export function checkIncident(witness: Witness): { wrong: string[]; count: Record<string, number> } {
  const wrong: string[] = [];
  const count: Record<string, number> = {};
  const note = (kind: string, claim: Claim, problem: string | null | undefined): void => {
    if (problem === undefined) return;
    count[kind] = (count[kind] ?? 0) + 1;
    if (problem !== null) wrong.push(`${kind}: "${claim.text}": ${problem}`);
  };
  for (const failover of witness.report.failovers) {
    wrong.push(...checkOutage(failover));
    const nodes = failover.marks.filter((m) => NODE_MARK.test(m.text));
    // More of them where the path went to and fro: the first two date it.
    for (const [i, mark] of nodes.entries()) {
      note('mark of a node', mark, checkNodeMark(mark, i < 2 ? failover : null, witness));
    }
    for (const mark of failover.marks) note('mark of a MAC', mark, checkMac(mark, witness));
  }
  for (const claim of witness.report.path.claims) {
    note('initial sequence number', claim, checkInitial(claim, witness));
    note('addresses on both sides', claim, checkTuples(claim, witness));
  }
  return { wrong, count };
}

function checkOutage({ id, pathLost, pathRestored, outage }: Failover): string[] {
  if (pathRestored === null || outage === null) return [];
  const lasts = seconds(BigInt(pathRestored) - BigInt(pathLost));
  return Math.abs(lasts - outage) <= PRINTED ? [] : [`${id}: its ends are ${lasts} s apart, not ${outage} s`];
}

const NODE_MARK = /^the (last that|first sign of) ([\w-]+) (?:passed on|in the path)$/;

/** `the last that node-a passed on`, `the first sign of node-b in the path`: that node's capture, at that moment. */
function checkNodeMark(mark: Claim, failover: Failover | null, witness: Witness): string | null | undefined {
  const [, which, node] = NODE_MARK.exec(mark.text) ?? [];
  const [cited] = mark.frames;
  if (cited === undefined || node === undefined) return undefined;
  const { host } = witness.placeOf(cited.capture);
  if (host !== node) return `its frame was captured at ${host}`;
  if (failover === null) return null;
  const said = which === 'last that' ? failover.pathLost : failover.pathRestored;
  const time = witness.timeOf(cited.capture, witness.at(cited) ?? { time: 0n });
  if (said === null) return 'the path did not come back';
  const off = seconds(BigInt(said) - time);
  return Math.abs(off) <= ROUNDING ? null : `its frame is ${off} s off`;
}

/** `10.0.1.1 moved from 02:… to 02:…`, `frames of 10.0.1.1 come from 02:…, before from 02:…`. */
function checkMac(mark: Claim, witness: Witness): string | null | undefined {
  const moved = /^([\d.]+) moved from ([\da-f:]{17}) to ([\da-f:]{17})$/.exec(mark.text);
  const comes = /^frames of ([\d.]+) come from ([\da-f:]{17}), before from ([\da-f:]{17})$/.exec(mark.text);
  const [cited] = mark.frames;
  const read = cited && witness.at(cited);
  if (read === undefined || (moved === null && comes === null)) return undefined;
  const [address, mac] = moved === null ? [comes?.[1], comes?.[2]] : [moved[1], moved[3]];
  const shown = moved === null ? read.source : read.arpSender;
  return shown === address && read.macSource === mac ? null : `its frame shows ${shown} at ${read.macSource}`;
}

/** `the same initial sequence number 5 on both sides`, `initial sequence number 5 on the client's side, 7 on the server's`. */
function checkInitial(claim: Claim, witness: Witness): string | null | undefined {
  const same = /^the same initial sequence number (\d+) on both sides$/.exec(claim.text)?.[1];
  const two = /^initial sequence number (\d+) on the \w+'s side, (\d+) on the \w+'s$/.exec(claim.text);
  const said = same === undefined ? two?.slice(1, 3) : [same, same];
  if (said === undefined) return undefined;
  const shown = claim.frames.map((at) => String(witness.at(at)?.seq));
  return shown.join() === said.join() ? null : `the cited frames show ${shown.join(' and ')}`;
}

/** `10.0.1.10:40000 -> 10.0.2.10:80 on the client's side is 10.0.2.1:40000 -> 10.0.2.10:80 on the server's`. */
function checkTuples(claim: Claim, witness: Witness): string | null | undefined {
  const said = /^(\S+ -> \S+) on the \w+'s side is (\S+ -> \S+) on the \w+'s$/.exec(claim.text)?.slice(1, 3);
  if (said === undefined) return undefined;
  const shown = claim.frames.map((at) => {
    const read = witness.at(at);
    return `${read?.source}:${read?.sourcePort} -> ${read?.destination}:${read?.destinationPort}`;
  });
  return shown.join() === said.join() ? null : `the cited frames show ${shown.join(' and ')}`;
}
