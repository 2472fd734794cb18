/**
 * The secret that both nodes share: whoever has it may speak as the peer, over heartbeats and over the link of sessions.
 */
import { readFileSync, statSync } from 'node:fs';
import type { NodeConfig } from '../config.ts';
import { GatewayError } from './forwarder.ts';

/** RFC 2104, 3: a key shorter than half of the hash weakens the whole. */
const SHORTEST_KEY = 16;

/** @throws GatewayError where it cannot be read, others can read it, or it is too short to keep anybody out */
export function readKey({ sync }: Pick<NodeConfig, 'sync'>): Buffer {
  const make = `head -c 32 /dev/urandom > ${sync.keyFile}; chmod 600 ${sync.keyFile}`;
  let key: Buffer;
  try {
    if (statSync(sync.keyFile).mode & 0o077)
      throw new GatewayError(
        `sync.keyFile: others can read ${sync.keyFile}, and so speak as the peer`,
        `chmod 600 ${sync.keyFile}`,
      );
    key = readFileSync(sync.keyFile);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GatewayError(
      `sync.keyFile: ${sync.keyFile} cannot be read (${code})`,
      code === 'ENOENT' ? `make one, and copy it to both nodes: ${make}` : '',
    );
  }
  if (key.length < SHORTEST_KEY)
    throw new GatewayError(
      `sync.keyFile: ${sync.keyFile} has ${key.length} bytes; it takes ${SHORTEST_KEY} at least`,
      make,
    );
  return key;
}
