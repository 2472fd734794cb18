/** TLS through an intercepting proxy in namespaces, by curl and by Node's own client, whose trust is the proxy's CA alone. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import path from 'node:path';
import {
  connect,
  createSecureContext,
  createServer,
  rootCertificates,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  canMakeNetworks,
  createProxyNetwork,
  type ProxyNetwork,
  type ProxyNode,
} from '../../../../test/proxy-network.ts';
import { isInstalled } from '../../program.ts';

import { createAuthority, loadAuthority } from './authority.ts';

const SERVER = { 4: '10.0.2.10', 6: 'fd00:0:0:2::10' } as const;
const NAME = 'shop.example';
const exec = promisify(execFile);
const canRun = canMakeNetworks() && isInstalled('curl');

describe.skipIf(!canRun)('a proxy that intercepts TLS (needs root, nft, ethtool, curl)', () => {
  let network: ProxyNetwork;
  let node: ProxyNode;
  const file = (name: string): string => path.join(network.folder, name);
  beforeAll(async () => {
    network = await createProxyNetwork();
    await createAuthority({ certificate: file('web.pem'), key: file('web.key') });
    await createAuthority({ certificate: file('stranger.pem'), key: file('stranger.key') });
    // As many as a system trusts.
    const trusted = [readFileSync(file('web.pem'), 'utf8'), ...rootCertificates].join('\n');
    writeFileSync(file('trust.pem'), trusted);
    const ca = { caCertificate: file('ca.pem'), caKey: file('ca.key'), trust: file('trust.pem') };
    node = await network.startNode('node', {
      source: 'client',
      sync: false,
      intercept: { ...ca, ports: [443, 444, 445, 446] },
    });
    await node.call('prepare');
    await node.call('startForwarding');
    const [known, strange] = await Promise.all([contexts('web'), contexts('stranger')]);
    for (const family of [4, 6] as const) {
      await serveWeb(family, 443, known);
      await serveWeb(family, 444, strange);
    }
    const echo = createServer({ SNICallback: known, allowHalfOpen: true }, echoAtEnd);
    await network.listen('server', 4, 445, (socket) => echo.emit('connection', socket));
    const plain = createHttpServer((request, response) => response.end(`plain ${request.url}`));
    await network.listen('server', 4, 446, (socket) => {
      socket.allowHalfOpen = false;
      plain.emit('connection', socket);
    });
  });
  afterAll(() => network?.remove());

  type Callback = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void;
  async function contexts(name: string): Promise<Callback> {
    const authority = await loadAuthority({ certificate: file(`${name}.pem`), key: file(`${name}.key`) });
    return (asked, done) =>
      void authority.certificateFor(asked).then((made) => done(null, createSecureContext(made)), done);
  }

  /** Tells who asked, for what and how. */
  async function serveWeb(family: 4 | 6, port: number, SNICallback: Callback): Promise<void> {
    const web = createSecureServer({ SNICallback, allowHTTP1: true }, (request, response) => {
      const { servername, remoteAddress } = request.socket as TLSSocket;
      response.end(JSON.stringify({ servername, remoteAddress, version: request.httpVersion }));
    });
    await network.listen('server', family, port, (socket) => {
      socket.allowHalfOpen = false;
      web.emit('connection', socket);
    });
  }

  /** What was answered, as JSON; or how curl failed. */
  async function curl(...args: string[]): Promise<unknown> {
    const command = ['netns', 'exec', network.namespaceOf('client'), 'curl', '-sS', '-m', '20', ...args];
    return exec('ip', command).then(
      ({ stdout }) => (stdout.startsWith('{') ? JSON.parse(stdout) : stdout),
      ({ stderr }: { stderr: string }) => stderr,
    );
  }
  const to = (family: 4 | 6, port: number): string[] => {
    const address = family === 4 ? SERVER[4] : `[${SERVER[6]}]`;
    return [
      '--resolve',
      `${NAME}:${port}:${address}`,
      '--cacert',
      file('ca.pem'),
      `https://${NAME}:${port}/`,
    ];
  };
  const notes = (): string => JSON.stringify(node.journal().filter(({ event }) => event === 'note'));

  it.each([4, 6] as const)(
    'is trusted by whom its CA is, over IPv%i, for the name that was asked',
    async (family) => {
      const answer = { servername: NAME, remoteAddress: family === 4 ? '10.0.1.10' : 'fd00:0:0:1::10' };
      expect(await curl(...to(family, 443))).toMatchObject({ ...answer, version: '2.0' });
      expect(await curl('--http1.1', ...to(family, 443))).toMatchObject({ ...answer, version: '1.1' });
      const [open] = node.journal().filter(({ event }) => event === 'connection-open');
      expect(open?.tuple).toContain('443');
    },
  );

  it('is not trusted by others, and tells', async () => {
    expect(await curl('-k', ...to(4, 443))).toMatchObject({ servername: NAME });
    const args = to(4, 443).map((arg) => (arg === file('ca.pem') ? file('web.pem') : arg));
    expect(await curl(...args)).toMatch(/certificate/);
    await expect.poll(notes).toContain('did not take the certificate for shop.example');
  });

  it('does not vouch for a server that it cannot check', async () => {
    expect(await curl(...to(4, 444))).toMatch(/access denied|alert/i);
    expect(notes()).toContain(`the server at ${SERVER[4]} is not to be trusted as ${NAME}`);
    const { counters } = await node.call<{ counters: Record<string, number> }>('status');
    expect(counters['tls-refused']).toBeGreaterThan(0);
  });

  it('relays what is no TLS as it is', async () => {
    expect(await curl(`http://${SERVER[4]}:446/here`)).toBe('plain /here');
  });

  it('passes on that one end is done, and a megabyte after it', async () => {
    const socket = connect({
      socket: network.connect('client', SERVER[4], 445),
      servername: NAME,
      ca: readFileSync(file('ca.pem')),
    });
    await once(socket, 'secureConnect');
    socket.end('x'.repeat(1 << 20));
    let got = 0;
    socket.on('data', ({ length }: Buffer) => {
      got += length;
    });
    await once(socket, 'end');
    expect(got).toBe(1 << 20);
  });

  it('holds 60 connections in less memory than 60 lists of whom it trusts', async () => {
    const ca = readFileSync(file('ca.pem'));
    const open = async (): Promise<TLSSocket> => {
      const socket = connect({ socket: network.connect('client', SERVER[4], 445), servername: NAME, ca });
      await once(socket, 'secureConnect');
      return socket.on('error', () => {});
    };
    const memory = async () => (await node.call<{ rss: number }>('cpu')).rss / (1 << 20);
    const sockets = [await open()];
    const before = await memory();
    while (sockets.length <= 60) sockets.push(await open());
    expect((await memory()) - before).toBeLessThan(30);
    for (const socket of sockets) socket.destroy();
  });

  it('passes on a reset', async () => {
    const raw = network.connect('client', SERVER[4], 445);
    const socket = connect({ socket: raw, servername: NAME, ca: readFileSync(file('ca.pem')) });
    await once(socket, 'secureConnect');
    socket.on('error', () => {});
    raw.resetAndDestroy();
    await expect.poll(async () => (await node.call<{ connections: number }>('status')).connections).toBe(0);
  });

  it("keeps its CA, whose key is the owner's alone", async () => {
    const before = readFileSync(file('ca.pem'), 'utf8');
    expect(notes()).toContain('a CA was made');
    expect(network.exec('node', 'stat', '-c', '%a', file('ca.key')).trim()).toBe('600');
    await node.call('close');
    await node.kill();
    node = await network.startNode('node', {
      intercept: { caCertificate: file('ca.pem'), caKey: file('ca.key'), trust: file('web.pem') },
    });
    await node.call('prepare');
    expect(readFileSync(file('ca.pem'), 'utf8')).toBe(before);
  });
});

/**
 * Waits for the end before it answers. Not by `for await`, which closes both ways at the end, and not by `once`, whose
 * promise a reset rejects.
 */
function echoAtEnd(socket: TLSSocket): void {
  socket.on('error', () => {});
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.once('end', () => socket.end(Buffer.concat(parts)));
}
