/**
 * Works out again what a report says of the nodes: how many segments came to
 * one and left it, that those did not leave it, what a node made itself, and
 * how long after one another things were seen in different captures.
 * The trap: a capture of a whole node holds every segment that passes twice,
 * once as it comes and once as it leaves.
 */
import type { Claim, End, FrameRef } from '../../analyzer/index.ts';
import { type Check, type Numbers, number, PRINTED, seconds } from './check-numbers.ts';
import type { FlowFrame } from './read-flow.ts';
import { TcpBit } from './read-flow.ts';

type Side = 'in' | 'out';

/** `sll.pkttype` of what leaves the host. */
const OUTGOING = 4;
/** Seconds: two sightings of one transmission are no further apart. */
const ONE_PASSAGE = 0.18;
/** A claim cites no more frames of a series. */
const MOST_CITED = 6;

export const checkNodes: readonly [kind: string, check: Check][] = [
  ['segments that came to a node', checkCame],
  ['segments that left a node', checkLeft],
  ['segments that an end sent', checkSent],
  ['segments that a node made', checkMade],
  ['segments that did not leave a node', checkKept],
  ['segments that came to no node', checkNowhere],
  ['an end that no node heard', checkUnheard],
  ['frames of a series', checkSeries],
  ['time until it went on', checkShowedUp],
  ['time from node to node', checkHandover],
  ['port of another connection', checkPort],
];

const SIDES: Readonly<Record<string, Side>> = { inner: 'in', outer: 'out' };

/**
 * `14 segments of the client came to node-b on its inner side`: since one of the stalls began; or, where a node first
 * took part after that, from the first one that is cited on: what came before may be a copy that a switch flooded.
 */
function checkCame(claim: Claim, numbers: Numbers): string | null | undefined {
  const match = /^([\d,]+) segments? of the (client|server) came to ([\w-]+) on its (inner|outer) side$/.exec(
    claim.text,
  );
  if (match === null) return undefined;
  const [, said, from, host, side] = match as unknown as [string, string, End, string, string];
  const came = atNode(numbers, host, SIDES[side] as Side, from);
  const problem = countSince(number(said), came, claim, numbers);
  const first = came.find((f) =>
    claim.frames.some((c) => c.capture === f.capture && c.frame === f.read.frame),
  );
  if (problem === null || first === undefined) return problem;
  return came.filter((f) => f.time >= first.time).length === number(said) ? null : problem;
}

/** `node-b passed on 6 segments of the client`, `… without payload`. */
function checkLeft(claim: Claim, numbers: Numbers): string | null | undefined {
  const match = /^([\w-]+) passed on ([\d,]+) segments? of the (client|server)( without payload)?$/.exec(
    claim.text,
  );
  if (match === null) return undefined;
  const [, host, said, from, bare] = match as unknown as [string, string, string, End, string | undefined];
  const side = from === 'client' ? 'out' : 'in';
  const left = atNode(numbers, host, side, from).filter((f) => bare === undefined || f.read.length === 0);
  return countSince(number(said), left, claim, numbers);
}

/** `the client sent 4 segments`: by its own capture, or more, of which others came through. */
function checkSent(claim: Claim, numbers: Numbers): string | null | undefined {
  const match = /^the (client|server) sent ([\d,]+) segments?$/.exec(claim.text);
  if (match === null) return undefined;
  const [, from, said] = match as unknown as [string, End, string];
  const sent = numbers.own
    .all()
    .filter((f) => f.from === from && numbers.witness.placeOf(f.capture).host === from);
  const problem = countSince(number(said), sent, claim, numbers);
  return problem !== null && sent.length > number(said) ? null : problem;
}

/** As many as that came since some stall of the flow began; of a long series a part may not have been followed. */
function countSince(
  said: number,
  frames: readonly FlowFrame[],
  claim: Claim,
  { flow, covered }: Numbers,
): string | null {
  if (claim.frames.length > said) return `${claim.frames.length} frames are cited`;
  // A failover without an outage is no stall of its own; then they are a part of all.
  if (flow.stalls.length === 0) return frames.length >= said ? null : `tshark's frames show ${frames.length}`;
  // Of what came as the captures ended nobody can say that it stayed there: it may be left out.
  const ripe = frames.filter((f) => seconds(covered.to - f.time) >= ONE_PASSAGE);
  const counts = flow.stalls.flatMap((s) =>
    [frames, ripe].map((some) => some.filter((f) => f.time > BigInt(s.start)).length),
  );
  const fits = counts.some((n) => (n <= FOLLOWED ? n === said : n >= said));
  return fits ? null : `tshark's frames show ${counts.join(' or ')}`;
}

/** So many segments after a pause are followed, of each direction, whatever comes. */
const FOLLOWED = 8;

/** Frames of an end at one side of a node. */
function atNode({ own, witness }: Numbers, host: string, side: Side, from: End): FlowFrame[] {
  return own.all().filter((f) => {
    const place = witness.placeOf(f.capture);
    if (f.from !== from || place.host !== host) return false;
    if (f.read.packetType < 0 || place.side !== undefined) return place.side === side;
    const isComing = f.read.packetType !== OUTGOING;
    return isComing === (side === (from === 'client' ? 'in' : 'out'));
  });
}

/** `node-b itself sent 1 RST to the server in the client's name`. */
function checkMade(claim: Claim, numbers: Numbers): string | null | undefined {
  const match = /^([\w-]+) itself sent ([\d,]+) RSTs? to the (client|server)/.exec(claim.text);
  if (match === null) return undefined;
  const [, host, said, to] = match as unknown as [string, string, string, End];
  const from = to === 'client' ? 'server' : 'client';
  const [near, far] = to === 'client' ? (['in', 'out'] as const) : (['out', 'in'] as const);
  const came = atNode(numbers, host, far, from);
  const made = atNode(numbers, host, near, from).filter(
    (f) => (f.read.flags & TcpBit.Rst) !== 0 && !came.some((c) => isSame(c, f)),
  );
  return made.length === number(said) ? null : `tshark's frames show ${made.length}`;
}

/** The same segment on its way. */
function isSame(a: FlowFrame, b: FlowFrame): boolean {
  return (
    a.read.seq === b.read.seq &&
    a.read.length === b.read.length &&
    a.read.flags === b.read.flags &&
    (a.read.ipId <= 0 || a.read.ipId === b.read.ipId) &&
    Math.abs(seconds(a.time - b.time)) < ONE_PASSAGE
  );
}

/** `none of them left node-b on its inner side`: of what the claim before cites. */
function checkKept(claim: Claim, numbers: Numbers, index: number): string | null | undefined {
  const match = /(?:none of them left|it did not leave) ([\w-]+) on its (inner|outer) side$/.exec(claim.text);
  if (match === null) return undefined;
  const [, host, side] = match as unknown as [string, string, string];
  return missing(citedBefore(numbers, index), numbers, (from) =>
    atNode(numbers, host, SIDES[side] as Side, from),
  );
}

/** `they came to neither node-a nor node-b`: what the claim before cites. */
function checkNowhere(claim: Claim, numbers: Numbers, index: number): string | null | undefined {
  const hosts = /^they came to neither ([\w-]+) nor ([\w-]+)$/.exec(claim.text)?.slice(1);
  if (hosts === undefined) return undefined;
  return missing(citedBefore(numbers, index), numbers, (from) =>
    hosts.flatMap((host) => atNode(numbers, host, from === 'client' ? 'in' : 'out', from)),
  );
}

const citedBefore = ({ flow }: Numbers, index: number): readonly FrameRef[] =>
  flow.claims.slice(0, index).findLast((c) => c.kind === 'observed')?.frames ?? [];

function missing(
  cited: readonly FrameRef[],
  { own }: Numbers,
  where: (from: End) => readonly FlowFrame[],
): string | null {
  if (cited.length === 0) return 'no claim before it cites a frame';
  for (const at of cited) {
    const frame = own.at(at);
    const seen = frame && where(frame.from).find((f) => isSame(frame, f));
    if (seen !== undefined)
      return `frame ${at.frame} of ${at.capture} is frame ${seen.read.frame} of ${seen.capture}`;
  }
  return null;
}

/** `nothing of the client came to node-b`. */
function checkUnheard(claim: Claim, numbers: Numbers): string | null | undefined {
  const match = /^nothing of the (client|server) came to ([\w-]+)$/.exec(claim.text);
  if (match === null || claim.coverage === undefined) return undefined;
  const [, from, host] = match as unknown as [string, End, string];
  const [since, until] = [BigInt(claim.coverage.from), BigInt(claim.coverage.to)];
  const came = atNode(numbers, host, from === 'client' ? 'in' : 'out', from);
  const seen = came.find((f) => f.time > since && f.time <= until);
  return seen === undefined ? null : `frame ${seen.read.frame} of ${seen.capture} came`;
}

/** `14 segments …`: all of a short series are cited, and no frame twice. */
function checkSeries(claim: Claim): string | null | undefined {
  const said = /^(?:after that )?([\d,]+) segments? /.exec(claim.text)?.[1];
  if (said === undefined || claim.kind !== 'observed') return undefined;
  const cited = new Set(claim.frames.map((f) => `${f.capture} ${f.frame}`)).size;
  if (cited !== claim.frames.length) return 'a frame is cited twice';
  const expected = Math.min(number(said), MOST_CITED);
  return cited === expected ? null : `${cited} frames are cited, not ${expected}`;
}

/** `the new node showed up in the path 3.20 s before this one went on`. */
function checkShowedUp(claim: Claim, { flow, witness }: Numbers): string | null | undefined {
  const said = /showed up in the path ([\d.]+) s before this one went on/.exec(claim.text)?.[1];
  const [cited] = claim.frames;
  if (said === undefined || cited === undefined) return undefined;
  const time = timeAt(cited, { witness });
  const before = flow.stalls.flatMap((s) => (s.end === null ? [] : [seconds(BigInt(s.end) - time)]));
  return before.some((s) => Math.abs(s - Number(said)) < PRINTED) ? null : `${before.join(' or ')} s before`;
}

const timeAt = (at: FrameRef, { witness }: Pick<Numbers, 'witness'>): bigint =>
  witness.timeOf(at.capture, witness.at(at) ?? { time: 0n });

/** `4 ms later the path led to node-b`: after what the claim before cites. */
function checkHandover(claim: Claim, numbers: Numbers, index: number): string | null | undefined {
  const match = /^([\d.,]+) (ms|s) later the path led to ([\w-]+)$/.exec(claim.text);
  if (match === null) return undefined;
  const [before] = citedBefore(numbers, index);
  const [cited] = claim.frames;
  if (before === undefined || cited === undefined) return 'a frame is missing';
  const host = numbers.witness.placeOf(cited.capture).host;
  if (host !== match[3]) return `its frame was captured at ${host}`;
  const later = seconds(timeAt(cited, numbers) - timeAt(before, numbers));
  const unit = match[2] === 'ms' ? 1000 : 1;
  return Math.abs(later * unit - number(match[1] as string)) <= (match[2] === 'ms' ? 0.51 : PRINTED)
    ? null
    : `${later} s later`;
}

/** `another connection over the same path (client port 40002) was heard`. */
function checkPort(claim: Claim, { witness }: Numbers): string | null | undefined {
  const port = /another connection over the same path \(client port (\d+)\)/.exec(claim.text)?.[1];
  const [cited] = claim.frames;
  const read = cited && witness.at(cited);
  if (port === undefined || read === undefined) return undefined;
  return [read.sourcePort, read.destinationPort].includes(Number(port)) ? null : 'its frame has another port';
}
