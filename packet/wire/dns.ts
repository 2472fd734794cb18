/**
 * The head of a DNS message (RFC 1035, section 4.1) and its one question: what
 * tells which answer belongs to which query, and which query is one asked again.
 * The trap: resolvers mix upper and lower case into a name and expect it back,
 * so a question is the same whatever the case; and a snap length may cut the
 * name, which leaves an id and no question.
 */
import { concat, payloadBytes, viewOf } from './bytes.ts';

const ID = 0;
const FLAGS = 2;
const QUESTIONS = 4;
const ANSWERS = 6;
const HEADER = 12;
const RESPONSE = 0x8000;
/** Opcode, and the bit that must be 0. Other opcodes (NOTIFY, UPDATE) are no questions. */
const OPCODE_AND_Z = 0x7840;
/** AA, TC and the response code: nothing that a query sets. */
const ANSWER_ONLY = 0x060f;
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;

export const DNS_PORT = 53;

/** One message, read; reused from message to message. */
export class DnsHead {
  id = 0;
  isAnswer = false;
  /** RCODE of an answer. */
  code = 0;
  /** Hash of name (in lower case), type and class; 0 where the question was not captured whole, or is absent. */
  question = 0;
  /** Type of the question, such as 1 for A; 0 where it is not known. */
  type = 0;
}

/** Reads the message at `at` into `head`; false where these bytes are no query and no answer to one. */
export function readDns(view: DataView, at: number, length: number, head: DnsHead): boolean {
  if (length < HEADER) return false;
  const flags = view.getUint16(at + FLAGS);
  if ((flags & OPCODE_AND_Z) !== 0) return false;
  const isAnswer = (flags & RESPONSE) !== 0;
  const questions = view.getUint16(at + QUESTIONS);
  if (questions > 1) return false;
  if (!isAnswer && (questions === 0 || (flags & ANSWER_ONLY) !== 0 || view.getUint16(at + ANSWERS) !== 0))
    return false;
  head.id = view.getUint16(at + ID);
  head.isAnswer = isAnswer;
  head.code = flags & 15;
  head.question = 0;
  head.type = 0;
  return questions === 0 || readQuestion(view, at + HEADER, at + length, head);
}

function readQuestion(view: DataView, start: number, end: number, head: DnsHead): boolean {
  let hash = FNV_BASIS;
  let at = start;
  while (at < end) {
    const size = view.getUint8(at);
    // A compressed name cannot stand first: there is nothing yet to point to.
    if (size > LONGEST_LABEL || at - start > LONGEST_NAME) return false;
    const labelEnd = at + 1 + size;
    if (labelEnd > end) return true;
    for (; at < labelEnd; at++) hash = Math.imul(hash ^ lower(view.getUint8(at)), FNV_PRIME);
    if (size > 0) continue;
    if (at + 4 > end) return true;
    head.type = view.getUint16(at);
    hash = Math.imul(hash ^ head.type, FNV_PRIME);
    hash = Math.imul(hash ^ view.getUint16(at + 2), FNV_PRIME);
    head.question = hash >>> 0 || 1;
    return true;
  }
  return true;
}

/** 32-bit FNV-1a (public domain). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);

/** What a name shows of itself in a sentence. */
const SHOWN = 64;

/** The name asked for, at most 64 characters of it; what is no letter, digit, `-` or `_` becomes `?`. '' where none was captured. */
export function dnsName(view: DataView, at: number, length: number): string {
  const end = at + length;
  let name = '';
  for (let label = at + HEADER; label < end && name.length < SHOWN; ) {
    const size = view.getUint8(label);
    if (size === 0 || size > LONGEST_LABEL || label + 1 + size > end) break;
    if (name !== '') name += '.';
    for (let i = label + 1; i <= label + size; i++) {
      const char = String.fromCharCode(lower(view.getUint8(i)));
      name += /[a-z0-9_-]/.test(char) ? char : '?';
    }
    label += 1 + size;
  }
  return name.length > SHOWN ? `${name.slice(0, SHOWN)}...` : name;
}

const TYPES: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
};

/** `AAAA`, or `TYPE257` (RFC 3597) where the number has no common name; '' for 0. */
export const dnsTypeName = (type: number): string => (type === 0 ? '' : (TYPES[type] ?? `TYPE${type}`));

export interface DnsFields {
  id: number;
  /** Labels apart by dots. */
  name: string;
  /** Default 1, an A record. */
  type?: number;
  /** An answer with this response code; absent: a query. */
  code?: number;
  /** Bytes of records after the question. */
  records?: number;
}

/** A query, or an answer with one record of `records` bytes. */
export function writeDns(fields: DnsFields): Uint8Array {
  const { id, name, type = 1, code, records = 0 } = fields;
  const head = viewOf(new Uint8Array(HEADER));
  head.setUint16(ID, id);
  head.setUint16(FLAGS, code === undefined ? 0x0100 : 0x8180 | code);
  head.setUint16(QUESTIONS, 1);
  if (code !== undefined) head.setUint16(ANSWERS, records > 0 ? 1 : 0);
  const labels = name.split('.').map((label) => {
    const text = payloadBytes(label);
    return concat(Uint8Array.of(text.length), text);
  });
  const tail = Uint8Array.of(0, type >> 8, type & 255, 0, 1);
  return concat(new Uint8Array(head.buffer), ...labels, tail, new Uint8Array(records));
}
