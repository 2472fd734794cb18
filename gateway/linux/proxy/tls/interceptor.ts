/**
 * Ends TLS between client and server: reads what the client asks for, asks the server for the same, and answers the client
 * by a certificate of our own CA once the server's was found good. Bytes are counted as they are inside.
 * What is no TLS is relayed as it is.
 * The trap: a client must not be told that all is well with a server that it would have refused itself. Servers are
 * checked first, against the name that the client asked for, or the address where it asked for none.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  connect,
  createSecureContext,
  createServer,
  rootCertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { ProxyConfig } from '../../../config.ts';
import { GatewayError } from '../../forwarder.ts';
import type { Interceptor, Legs, RelayPart } from '../relay.ts';
import type { Session } from '../session.ts';
import type { Authority, Certificate } from './authority.ts';
import { type ClientHello, readClientHello } from './client-hello.ts';

/** From the first byte to the end of both handshakes. */
const PATIENCE_MS = 30_000;
/** A fatal alert, `access_denied` (RFC 8446, 6): a client says at once what it got. */
const ACCESS_DENIED = Buffer.from([21, 3, 3, 0, 2, 2, 49]);
/** Where systems keep whom they trust: Debian, Red Hat, SUSE. */
const SYSTEM_TRUST = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

export interface InterceptorOptions {
  readonly authority: Authority;
  /** With the CAs that servers may have their certificates from. */
  readonly trust: SecureContext;
  /** A connection that was refused, by us or by the client, and why. */
  readonly refused: (session: Session, why: string) => void;
}

export function createInterceptor(options: InterceptorOptions): Interceptor {
  return (session, legs, relay) => {
    const patience = setTimeout(relay.abort, PATIENCE_MS);
    legs.client.once('close', () => clearTimeout(patience));
    void intercept(options, session, legs, relay)
      .then(() => clearTimeout(patience))
      .catch((error: Error) => {
        options.refused(session, error.message);
        relay.abort();
      });
  };
}

/** Resolves when it is relayed. */
async function intercept(
  { authority, trust, refused }: InterceptorOptions,
  session: Session,
  { client, server }: Legs,
  relay: RelayPart,
): Promise<void> {
  const hello = await peek(client);
  if (hello === null) return relay.abort();
  if (hello === 'other') {
    relay.start(client, server);
    client.resume();
    return;
  }
  const name = hello.serverName ?? session.server.address;
  const inside = connect({
    socket: server,
    host: name,
    ...(hello.serverName !== null && { servername: hello.serverName }),
    ...(hello.protocols.length > 0 && { ALPNProtocols: [...hello.protocols] }),
    secureContext: trust,
  });
  inside.once('error', (error) => {
    if ('syscall' in error || session.outside === null) return relay.abort();
    refused(
      session,
      `the server at ${session.server.address} is not to be trusted as ${name}: ${reasonOf(error)}`,
    );
    client.end(ACCESS_DENIED);
    client.resume();
  });
  await new Promise((resolve) => inside.once('secureConnect', resolve));
  inside.removeAllListeners('error');
  inside.on('error', relay.abort);
  const protocol = typeof inside.alpnProtocol === 'string' ? [inside.alpnProtocol] : [];
  const outside = await answer(client, await authority.certificateFor(name), protocol).catch(
    (error: Error) => {
      throw new Error(`the client did not take the certificate for ${name}: ${error.message}`, {
        cause: error,
      });
    },
  );
  outside.on('error', relay.abort);
  relay.start(outside, inside);
}

/**
 * The server's side of a handshake. A server of its own for each connection: only by one does Node pass on what goes wrong,
 * and it has one list of protocols.
 */
function answer(client: Socket, certificate: Certificate, protocols: string[]): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const server = createServer({
      ...certificate,
      ...(protocols.length > 0 && { ALPNProtocols: protocols }),
    });
    server.once('secureConnection', resolve);
    server.once('tlsClientError', reject);
    server.emit('connection', client);
  });
}

/** OpenSSL's words without its numbers. */
const reasonOf = (error: Error): string => ('reason' in error ? String(error.reason) : error.message);

/** What the client says first; the bytes stay to be read. Null: it ended before. */
function peek(client: Duplex): Promise<ClientHello | 'other' | null> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const look = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const hello = readClientHello(bytes);
      if (hello === 'more') return;
      client.off('data', look);
      client.pause();
      client.unshift(bytes);
      resolve(hello);
    };
    client.on('data', look);
    client.once('end', () => resolve(null));
  });
}

/**
 * What servers are checked against, once for all connections: of a system's CAs, each would take a megabyte.
 * @throws GatewayError where the file cannot be read
 */
export function readTrust(config: NonNullable<ProxyConfig['intercept']>): SecureContext {
  return createSecureContext({ ca: readCertificates(config) });
}

function readCertificates({ trust }: NonNullable<ProxyConfig['intercept']>): string {
  const file = trust ?? SYSTEM_TRUST.find((each) => existsSync(each));
  if (file === undefined) return rootCertificates.join('\n');
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GatewayError(`${file} cannot be read`, 'forwarding.intercept.trust names it', { cause: error });
  }
}
