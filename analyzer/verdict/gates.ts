/**
 * What many rules have in common: causes of a silent flow (nothing more comes,
 * and nobody says so) are impossible once something came. The reasons given
 * here are what a user reads under "ruled out".
 */
import { NO_FRAME } from '../flow/frame-id.ts';
import type { Outcome } from '../report/report.ts';
import { ANSWER_WAIT } from '../stall/stall.ts';
import { Segment } from '../tcp/segment.ts';
import type { Case, JudgedStall } from './case.ts';
import { type Judgement, out } from './rule.ts';

const WENT_ON: readonly Outcome[] = ['resumed', 'connect-delayed', 'cut-short'];

/** True where the flow fell silent and nothing but silence is known of its end. */
const isSilent = (c: Case): boolean =>
  c.outcome === 'hung' ||
  c.outcome === 'undecided' ||
  c.outcome === 'gave-up' ||
  c.outcome === 'not-connected';

export const isHandshake = (c: Case): boolean => c.main?.stall.what === 'handshake';

/**
 * The connection was opened by the second SYN, and nothing but the first one shows that the path was gone: any loss does as much.
 * Of two in a row the second was sent when the path was still gone; another connection, a mark or a node tells as well.
 */
export const isOneLostSyn = (c: Case): boolean =>
  c.main !== null && c.outcome === 'connect-delayed' && isLoneSyn(c.main, c);

/** The same of any stall of a flow, also where it stood still again later. */
export function isLoneSyn(judged: JudgedStall, c: Case): boolean {
  const { events, what } = judged.stall;
  if (what !== 'handshake' || isBorneOut(judged, c)) return false;
  return events.filter((e) => (e.bits & Segment.Syn) !== 0).length <= 1;
}

/** Another connection was heard over the path, and a SYN that was sent after that was lost all the same: the path was there, and lost some. */
export function isLostAmongOthers({ main }: Case): boolean {
  if (main === null || main.stall.what !== 'handshake' || main.stall.end === null) return false;
  const { stall, path } = main;
  const since = path.othersHeard?.time ?? Number.POSITIVE_INFINITY;
  const end = main.stall.end;
  return stall.events.some(
    (e) => (e.bits & Segment.Syn) !== 0 && e.time > since && end - e.time >= ANSWER_WAIT,
  );
}

/** More than the flow's own SYNs shows that the path was gone: others that waited, a mark, a node. */
export function isBorneOut({ stall, trying, path }: JudgedStall, { cross, marks }: Case): boolean {
  if (trying.includes('shared-silence') || marks.some((m) => m.strong)) return true;
  if ((path.downAt ?? path.downBefore ?? path.downAgain) !== null) return true;
  const takeover = cross?.hops.takeover ?? null;
  if (cross === null || takeover === null) return false;
  // That of another stall of the flow says nothing of this one.
  const [from, to] = [cross.toReference(stall.start), cross.toReference(stall.end ?? stall.start)];
  return takeover.lost <= to && (takeover.restored ?? to) >= from;
}

/** Rules out a cause that would have kept the flow from going on. */
export function unlessWentOn(c: Case): Judgement | null {
  return WENT_ON.includes(c.outcome) ? out('the connection went on') : null;
}

/** Rules out a cause of silence: the flow went on, was reset, or the far end was heard again in it. */
export function unlessSilent(c: Case): Judgement | null {
  const wentOn = unlessWentOn(c);
  if (wentOn !== null) return wentOn;
  if (c.outcome === 'reset') return out('the connection was reset, not silent');
  if (!isSilent(c)) return out('the connection did not fall silent');
  return unlessClosedFirst(c);
}

/** Rules out the new node where an end closed while the path was shown to be still down: report.md, "timer or node". */
export function unlessClosedFirst(c: Case): Judgement | null {
  if (!closedWhilePathDown(c)) return null;
  return out(
    'the connection was closed while the path was still down: no segment of it had reached the new node',
  );
}

/** True where an end closed, and another connection's SYN went unanswered after that. */
export function closedWhilePathDown(c: Case): boolean {
  const closing = c.facts.closing;
  const down = c.main?.path.downAt ?? null;
  return closing !== null && down !== null && down.time > closing.time;
}

/** Rules out a node that drops everything of the flow: probes of this flow were answered. */
export function unlessAnswered(c: Case): Judgement | null {
  if (c.facts.answeredProbes.length === 0) return null;
  return out('probes of this connection were answered after the stall began: both directions pass');
}

/** One repeat may be a lost acknowledgement; two, each acknowledged again, are a direction that does not pass. */
const VAIN_ANSWERS = 2;

/** The far end repeats what this end has, and does not hear the acknowledgements. */
export const isAnsweredInVain = ({ facts, main }: Case): boolean =>
  main !== null && facts.vainAnswers >= VAIN_ANSWERS;

/** Rules out causes that concern only connections older than the failover. */
export function unlessHandshake(c: Case, because: string): Judgement | null {
  return isHandshake(c) ? out(because) : null;
}

/** Session pick-up delays of firewalls reach 30 s and more; a connection of a minute is usually copied. */
const YOUNG_SECONDS = 60;

/** True for a connection that was young when the stall began. */
export const isYoung = (c: Case): boolean =>
  c.main !== null && (c.main.stall.start - c.flow.firstTime) / 1e9 < YOUNG_SECONDS;

/** True where no view is the client's: what the client was told, and what it did that got lost, is not in the captures. */
export const noClientView = (c: Case): boolean =>
  (c.near !== c.flow.client || c.cross?.isGuess === true) && c.cross?.hops.sure.client !== true;

/** No end's own view, or one that is only taken for it: what happened elsewhere on the path is not in it. */
export const isBetween = (c: Case): boolean => c.near === null || c.cross?.isGuess === true;

/** Outcomes that a client's close in the outage looks like, where it is not seen. */
export const MAY_BE_CLOSED: ReadonlySet<Outcome> = new Set<Outcome>(['hung', 'undecided', 'gave-up']);

/** A view that is not an end's and that met the connection in mid-stream: it may have been idle before. */
export const isMetLate = (c: Case): boolean =>
  isBetween(c) && c.watch.connection.sides[c.flow.client].syn === NO_FRAME;

/** The capture met the connection in the very stall: what came before that, it did not see. */
export function isMetInStall(c: Case): boolean {
  const stall = c.main?.stall;
  if (stall === undefined || c.watch.connection.sides[c.flow.client].syn !== NO_FRAME) return false;
  return stall.start - c.flow.firstTime < ANSWER_WAIT;
}

/** At the sender: what the other end sent came first, by itself, and no answer to a try just before it. */
export function waiterEndedIt(c: Case): boolean {
  const stall = c.main?.stall;
  const ending = stall?.ending ?? null;
  if (stall === undefined || ending === null || c.near !== stall.owedBy) return false;
  if (ending.sender !== stall.waiting) return false;
  return !stall.events.some((e) => e.sender === stall.owedBy && ending.time - e.time < ANSWER_WAIT);
}

/** A view that met the connection in mid-stream, and met the end that waits first. */
export function waiterSpokeFirst(c: Case): boolean {
  const stall = c.main?.stall;
  if (stall === undefined) return false;
  const { sides } = c.watch.connection;
  if (!isMetLate(c) || !sides[stall.waiting].seen) return false;
  return sides[stall.waiting].firstTime <= sides[stall.owedBy].firstTime;
}
