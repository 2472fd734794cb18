/**
 * What this node knows of its peer's sessions, and tells it of its own.
 * The trap: at a takeover the table is the last word of a node that may go on to change it; what was lost is what
 * it held when the state was committed.
 */
import { performance } from 'node:perf_hooks';
import type { NodeContext } from '../../forwarder.ts';
import type { Session } from '../session.ts';
import { createSyncLink, type SyncLink } from './link.ts';
import { SyncReceiver } from './receiver.ts';

/** A line of the journal at most so often. */
const JOURNAL_EVERY_MS = 1000;

export interface PeerSessions {
  readonly link: SyncLink;
  readonly known: ReadonlyMap<number, Session>;
  /** As of the last commit. */
  readonly lost: readonly Session[];
  /** @returns how many are known */
  commit(): number;
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** @throws GatewayError where the key cannot be used */
export function createPeerSessions({ config, journal, onTrouble }: NodeContext): PeerSessions {
  const receiver = new SyncReceiver();
  let lost: readonly Session[] = [];
  let told = 0;
  let lastTold = Number.NEGATIVE_INFINITY;
  let later: NodeJS.Timeout | null = null;
  const tell = (): void => {
    later = null;
    if (receiver.table.size === told) return;
    told = receiver.table.size;
    lastTold = performance.now();
    journal.write({ event: 'state-received', entries: told });
  };
  const received = (): void => {
    const wait = lastTold + JOURNAL_EVERY_MS - performance.now();
    if (wait <= 0) tell();
    else later ??= setTimeout(tell, wait);
  };
  const link = createSyncLink(config, receiver, { received, trouble: onTrouble });
  return {
    link,
    known: receiver.table,
    get lost() {
      return lost;
    },
    commit: () => {
      lost = [...receiver.table.values()].map((session) => ({ ...session }));
      return lost.length;
    },
    counters: () => ({
      'sync-link-up': link.isUp ? 1 : 0,
      'sync-lag': link.sender.lag,
      'sync-resent': link.sender.resent,
      'sync-whole-tables': link.sender.wholes,
    }),
    close: async () => {
      if (later !== null) clearTimeout(later);
      await link.close();
    },
  };
}
