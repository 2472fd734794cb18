/**
 * What goes between the nodes in a datagram, and how it is known to be the peer's and new.
 *
 *   0  "SSHB" | 4 version 1 | 5 kind | 6 role | 7 zero | 8 sender's boot (8) | 16 peer's boot, as heard (8)
 *   24 sequence number (8) | 32 term (8) | 40 first half of SHA-256 of the sender's name (16)
 *   56 HMAC-SHA-256 of all before (32), big-endian
 *
 * The trap: a recorded datagram has a right HMAC. So each carries the boot (a random number a start) of
 * both nodes: one that does not name this start of the receiver proves nothing, and within one start of
 * the sender numbers only rise. The name keeps a node from taking its own words for the peer's.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Role } from '../core/words.ts';

const MAGIC = 0x53534842;
const VERSION = 1;
const SIGNED = 56;
export const FRAME_LENGTH = SIGNED + 32;
const ROLES: readonly Role[] = ['standby', 'taking-over', 'active', 'releasing'];
const KINDS = ['heartbeat', 'release-asked'] as const;

export interface Frame {
  readonly kind: (typeof KINDS)[number];
  readonly role: Role;
  readonly term: number;
  /** Of the sender's start. */
  readonly boot: bigint;
  /** Of the receiver's start, as the sender last heard; 0 where it did not. */
  readonly heard: bigint;
  readonly number: bigint;
}

export function writeFrame(frame: Frame, sender: string, key: Buffer): Buffer {
  const bytes = Buffer.alloc(FRAME_LENGTH);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes[4] = VERSION;
  bytes[5] = KINDS.indexOf(frame.kind);
  bytes[6] = ROLES.indexOf(frame.role);
  bytes.writeBigUInt64BE(frame.boot, 8);
  bytes.writeBigUInt64BE(frame.heard, 16);
  bytes.writeBigUInt64BE(frame.number, 24);
  bytes.writeBigUInt64BE(BigInt(frame.term), 32);
  nameOf(sender).copy(bytes, 40);
  mac(bytes, key).copy(bytes, SIGNED);
  return bytes;
}

/** What the sender with this name and key wrote; null for anything else. */
export function parseFrame(bytes: Buffer, sender: string, key: Buffer): Frame | null {
  if (bytes.length !== FRAME_LENGTH || bytes.readUInt32BE(0) !== MAGIC || bytes[4] !== VERSION) return null;
  if (!timingSafeEqual(bytes.subarray(SIGNED), mac(bytes, key))) return null;
  if (!bytes.subarray(40, SIGNED).equals(nameOf(sender))) return null;
  const kind = KINDS[bytes[5]!];
  const role = ROLES[bytes[6]!];
  const term = bytes.readBigUInt64BE(32);
  if (kind === undefined || role === undefined || term > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return {
    kind,
    role,
    term: Number(term),
    boot: bytes.readBigUInt64BE(8),
    heard: bytes.readBigUInt64BE(16),
    number: bytes.readBigUInt64BE(24),
  };
}

const mac = (bytes: Buffer, key: Buffer): Buffer =>
  createHmac('sha256', key).update(bytes.subarray(0, SIGNED)).digest();

const nameOf = (node: string): Buffer => createHash('sha256').update(node).digest().subarray(0, 16);
