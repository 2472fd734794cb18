/**
 * Fail-fast: tells both ends of connections that cannot go on, by a reset that they accept. Each end is
 * made to answer (probe.ts), and its answer is what the kernel resets (rules.ts).
 * The trap: Linux answers such segments at most once in 500 ms a connection (tcp_invalid_ratelimit),
 * so the last attempt comes later than that; and a neighbour that is not resolved yet loses the first ones.
 */
import { randomInt } from 'node:crypto';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import type { NodeContext, Tuple } from '../forwarder.ts';
import { run } from '../program.ts';
import type { RawSockets } from '../raw/raw-sockets.ts';
import { openRawSockets } from '../raw/raw-sockets.ts';
import { type Answer, parseAnswers } from './answers.ts';
import type { Leg } from './legs.ts';
import { legKey, legsOf } from './legs.ts';
import { probeNumber, probePacket } from './probe.ts';
import { elementsText, TABLE, tableText } from './rules.ts';

export interface ResetReport {
  /** Ends that answered, and were reset. */
  readonly reset: number;
  /** Ends that had ended the connection themselves, or opened it anew. */
  readonly gone: number;
  /** Ends that said nothing so far; what they send in the next three minutes is still answered by a reset. */
  readonly unanswered: readonly Leg[];
}

/** When, after each attempt, it is looked at what was answered. ms. */
const LOOKS: readonly (readonly number[])[] = [
  [10, 30, 80, 130],
  [50, 150, 350],
  [50, 150, 300],
];
/** Probes between two turns of the event loop: about 3 ms. */
const BATCH = 100;

/**
 * Resets connections toward both ends, and says of whom it is sure. Resolves when all have answered, or
 * after 1.3 s. A `reset-sent` in the journal is written only for an end that answered.
 * @throws GatewayError where nft or raw sockets cannot be used
 */
export async function resetConnections(context: NodeContext, tuples: readonly Tuple[]): Promise<ResetReport> {
  const legs = legsOf(tuples);
  if (legs.length === 0) return { reset: 0, gone: 0, unanswered: [] };
  await run('nft', ['-f', '-'], { input: tableText() + elementsText(legs) });
  const sockets = await openRawSockets();
  try {
    return await resetLegs(context, sockets, legs);
  } finally {
    sockets.close();
  }
}

async function resetLegs(context: NodeContext, sockets: RawSockets, legs: Leg[]): Promise<ResetReport> {
  const first = randomInt(2 ** 32);
  let waiting: readonly Leg[] = legs;
  let reset = 0;
  let gone = 0;
  for (const [attempt, looks] of LOOKS.entries()) {
    await probe(context, sockets, waiting, probeNumber(first, attempt));
    for (const pause of looks) {
      await sleep(pause);
      const answers = await readAnswers();
      const silent = waiting.filter((leg) => answers.get(legKey(leg.end, leg.inNameOf)) === 'silent');
      for (const leg of waiting) {
        const answer = answers.get(legKey(leg.end, leg.inNameOf));
        if (answer === undefined) gone++;
        else if (answer === 'told') {
          reset++;
          context.journal.write({ event: 'reset-sent', tuple: leg.tuple, toward: leg.toward });
        }
      }
      waiting = silent;
      if (waiting.length === 0) return { reset, gone, unanswered: [] };
    }
  }
  return { reset, gone, unanswered: waiting };
}

async function probe(
  context: NodeContext,
  sockets: RawSockets,
  legs: readonly Leg[],
  seq: number,
): Promise<void> {
  const refused = new Map<string, number>();
  for (const [i, leg] of legs.entries()) {
    if (i % BATCH === BATCH - 1) await breathe();
    const why = sockets.sendPacket(leg.end.address, probePacket(leg, seq));
    if (why !== null) refused.set(why, (refused.get(why) ?? 0) + 1);
  }
  for (const [why, count] of refused)
    context.onTrouble(`fail-fast: ${count} of ${legs.length} segments could not be sent: ${why}`);
}

const readAnswers = async (): Promise<Map<string, Answer>> =>
  parseAnswers(await run('nft', ['-j', '-n', 'list', 'table', 'inet', TABLE]));

/** Forgets which connections were lost: a node that stands by must reset nobody. Never throws. */
export async function forgetLostConnections(): Promise<void> {
  // As in tableText: a table that is not there can be deleted too.
  const input = `table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
  await run('nft', ['-f', '-'], { input }).catch(() => {});
}
