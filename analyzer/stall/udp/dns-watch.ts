/**
 * DNS questions of one vantage, as they are asked and answered. What was
 * answered at once is forgotten when room is needed; what was asked in vain is
 * kept, for the report.
 * The trap: who repeats a question may do so from a new port and under a new
 * id. The question itself, in any case of letters, is what stays the same.
 */
import type { Nanos } from '../../../packet/time.ts';
import { seconds } from '../../../packet/time.ts';
import { DNS_PORT, DnsHead, dnsName, readDns } from '../../../packet/wire/dns.ts';
import type { Frame } from '../../../packet/wire/frame.ts';
import { type EndIndex, otherEnd } from '../../flow/flow.ts';
import type { FrameId } from '../../flow/frame-id.ts';
import { HashSlots, mix } from '../../flow/hash-slots.ts';
import { UdpTable } from '../../flow/udp-table.ts';
import { DnsExchange, LONGEST_RETRY } from './dns-exchange.ts';
import type { Peers } from './udp-peers.ts';

/** Questions that are followed at one time. */
const MOST_OPEN = 32_768;
/** Ports and ids under which they are asked. */
const MOST_ENTRIES = 2 * MOST_OPEN;
/** Of one question: no resolver asks again so often, and what a flood asks needs no answer found. */
const MOST_ENTRIES_EACH = 64;
/** Servers that are asked the same at one time. */
const MOST_SERVERS = 16;
/** Those that got no answer in time; each is a flow of the report. */
const MOST_KEPT = 20_000;
/** An answered question is kept at least so long, for a repeat shows that the answer did not arrive. */
const REST: Nanos = seconds(20);
const SHORT_REST: Nanos = seconds(1);

/** Both ends of an exchange, as its first try had them. */
export interface UdpEnds {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
}

export interface DnsRecord {
  readonly exchange: DnsExchange;
  readonly ends: UdpEnds;
}

export class DnsWatch {
  /** Questions that were not followed because there was no room. */
  unfollowed = 0;
  private readonly peers: Peers;
  private readonly table = new UdpTable();
  private readonly head = new DnsHead();
  /** By entry of the table. */
  private readonly owners: (DnsExchange | undefined)[] = [];
  /** Those without an answer, by question and client; the value is the first entry. */
  private readonly questions = new HashSlots();
  private readonly kept: DnsRecord[] = [];
  private openExchanges = 0;
  /** No room until so many more were asked. */
  private closedFor = 0;

  constructor(peers: Peers) {
    this.peers = peers;
  }

  /** A datagram from or to port 53. */
  observe(frame: Frame, id: FrameId): void {
    const { head } = this;
    if (!readDns(frame.view, frame.payloadOffset, frame.capturedPayload, head)) return;
    if (head.isAnswer) {
      if (frame.sourcePort === DNS_PORT) this.answer(frame, id);
    } else if (frame.destinationPort === DNS_PORT) this.query(frame, id);
  }

  /** Everything that is still known, in no order. */
  *records(): Iterable<DnsRecord> {
    yield* this.kept;
    for (const [entry, exchange] of this.owners.entries()) {
      if (exchange !== undefined && exchange.entries[0] === entry)
        yield { exchange, ends: this.endsOf(exchange) };
    }
  }

  private query(frame: Frame, id: FrameId): void {
    const { head } = this;
    const entry = this.table.find(frame, head.id);
    const own = entry < 0 ? undefined : this.owners[entry];
    if (own !== undefined) {
      const same = own.question === head.question || own.question === 0 || head.question === 0;
      if (same && frame.time - own.lastTime <= LONGEST_RETRY) {
        this.ask(own, frame, id);
        return;
      }
      // The resolver uses port and id for something else: what was asked before is over.
      if (same && own.firstAnswer === null) own.askedAnew = { time: frame.time, frame: id };
      this.settle(own);
    }
    if (this.isFull && !this.makeRoom(frame.time)) {
      this.unfollowed += 1;
      return;
    }
    const clientHash = hashOfSource(frame);
    const server = this.peers.of(frame, 'destination');
    const open = head.question === 0 ? [] : this.findOpen(clientHash, frame, id);
    const earlier = open.find((x) => x.server === server);
    if (earlier !== undefined) {
      if (earlier.entries.length < MOST_ENTRIES_EACH) this.addEntry(earlier, frame);
      this.ask(earlier, frame, id);
      return;
    }
    const made = this.open(frame, id, clientHash);
    for (const exchange of open) if (exchange.server !== server) exchange.turnedTo = made;
  }

  private ask(exchange: DnsExchange, frame: Frame, id: FrameId): void {
    if (exchange.isCopy(frame.time)) return;
    exchange.ask(frame.time, id, frame.sourcePort, frame.payloadLength);
    exchange.askedFrom = frame.macSource;
    if (exchange.name === '' && exchange.tryCount > 1) {
      exchange.name = dnsName(frame.view, frame.payloadOffset, frame.capturedPayload);
    }
  }

  private open(frame: Frame, id: FrameId, clientHash: number): DnsExchange {
    const { head } = this;
    const exchange = new DnsExchange({
      id: head.id,
      question: head.question,
      type: head.type,
      clientHash,
      client: this.table.sender,
      server: this.peers.of(frame, 'destination'),
    });
    this.addEntry(exchange, frame);
    this.ask(exchange, frame, id);
    this.openExchanges += 1;
    if (head.question !== 0) this.questions.add(keyOf(exchange), exchange.entries[0] as number);
    return exchange;
  }

  private addEntry(exchange: DnsExchange, frame: Frame): void {
    const entry = this.table.open(frame, this.head.id);
    exchange.entries.push(entry);
    this.owners[entry] = exchange;
  }

  private answer(frame: Frame, id: FrameId): void {
    const entry = this.table.find(frame, this.head.id);
    const exchange = entry < 0 ? undefined : this.owners[entry];
    if (exchange === undefined) {
      this.peers.of(frame, 'source').heard(frame.time, id);
      return;
    }
    const { question } = this.head;
    if (this.table.sender === exchange.client) return;
    if (question !== 0 && exchange.question !== 0 && question !== exchange.question) return;
    if (exchange.firstAnswer === null) this.questions.remove(keyOf(exchange), exchange.entries[0] as number);
    exchange.server.heard(frame.time, id);
    exchange.answeredTo = frame.macDestination;
    exchange.answer(frame.time, id, frame.payloadLength);
  }

  /** The same question of the same client as far as it has no answer yet, from any server; what is too old is settled. */
  private findOpen(clientHash: number, frame: Frame, id: FrameId): DnsExchange[] {
    const { question } = this.head;
    const key = mix(question ^ clientHash);
    const found: DnsExchange[] = [];
    for (let slot = this.questions.first(key); slot >= 0; slot = this.questions.next(slot, key)) {
      if (found.length === MOST_SERVERS) break;
      const exchange = this.owners[this.questions.valueAt(slot)] as DnsExchange;
      if (exchange.question === question && exchange.clientHash === clientHash) found.push(exchange);
    }
    return found.filter((exchange) => {
      if (frame.time - exchange.lastTime <= LONGEST_RETRY) return true;
      exchange.askedAnew = { time: frame.time, frame: id };
      this.settle(exchange);
      return false;
    });
  }

  /** Takes the exchange out of the tables; keeps it where it was asked in vain. */
  private settle(exchange: DnsExchange): void {
    if (exchange.isTroubled) {
      if (this.kept.length < MOST_KEPT) this.kept.push({ exchange, ends: this.endsOf(exchange) });
      else this.unfollowed += 1;
    }
    if (exchange.firstAnswer === null) this.questions.remove(keyOf(exchange), exchange.entries[0] as number);
    for (const entry of exchange.entries) {
      this.owners[entry] = undefined;
      this.table.close(entry);
    }
    this.openExchanges -= 1;
  }

  /** Settles what is over: answered a while ago, or not asked any more. */
  private makeRoom(now: Nanos): boolean {
    if (this.closedFor > 0) {
      this.closedFor -= 1;
      return false;
    }
    for (const rest of [REST, SHORT_REST]) {
      for (const [entry, exchange] of this.owners.entries()) {
        if (exchange === undefined || exchange.entries[0] !== entry) continue;
        const age = now - exchange.lastTime;
        if (age > (exchange.firstAnswer === null ? LONGEST_RETRY : rest)) this.settle(exchange);
      }
      if (this.openExchanges <= MOST_OPEN * ROOM && this.table.size <= MOST_ENTRIES * ROOM) return true;
    }
    if (!this.isFull) return true;
    this.closedFor = MOST_OPEN / 8;
    return false;
  }

  private get isFull(): boolean {
    return this.openExchanges >= MOST_OPEN || this.table.size >= MOST_ENTRIES;
  }

  private endsOf(exchange: DnsExchange): UdpEnds {
    const entry = exchange.entries[0] as number;
    const end = (which: EndIndex) => ({
      address: this.table.addressOf(entry, which),
      port: this.table.portOf(entry, which),
    });
    return { client: end(exchange.client), server: end(otherEnd(exchange.client)) };
  }
}

/** With less room than this made, the next search would come too soon. */
const ROOM = 7 / 8;

const keyOf = ({ question, clientHash }: DnsExchange): number => mix(question ^ clientHash);

function hashOfSource({ address }: Frame): number {
  let hash = 0;
  for (let i = 0; i < 4; i++) hash = mix(hash ^ (address[i] as number)) + i;
  return hash >>> 0;
}
