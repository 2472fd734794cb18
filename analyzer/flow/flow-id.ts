/**
 * A flow's name: `f` and the first 10 hex digits of SHA-256 over the protocol,
 * the client's tuple before translation, the server's tuple, and the first
 * sequence number seen, so that it is the same in any order of files.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Flow } from './flow.ts';

export function flowId(flow: Flow): string {
  const client = `${flow.addressOf(flow.client)}:${flow.port[flow.client]}`;
  const server = `${flow.addressOf(flow.server)}:${flow.port[flow.server]}`;
  const text = `tcp|${client}|${server}|${flow.firstSeq}`;
  const digest = sha256(new TextEncoder().encode(text));
  let hex = '';
  for (let i = 0; i < 5; i++) hex += (digest[i] as number).toString(16).padStart(2, '0');
  return `f${hex}`;
}
