/** A server behind TLS, by a CA of its own, and behind a path of a proxy. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { loadX509 } from '../../gateway/linux/proxy/tls/x509.ts';
import { type TemporaryFolder, temporaryFolder } from '../../server/store/test-store.ts';
import { makeItem, shipItems, type TestShipping, until } from './test-shipping.ts';

let folder: TemporaryFolder;
let server: Server;
let shipping: TestShipping | null = null;
let port = 0;
let certificate = '';
const paths = new Set<string | undefined>();

/** For 127.0.0.1, signed by itself. */
async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const x509 = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=test', keys, signingAlgorithm: algorithm },
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
  return { cert: `${made.toString('pem')}\n`, key };
}

beforeAll(async () => {
  folder = temporaryFolder();
  const { cert, key } = await makeCertificate();
  certificate = cert;
  server = createServer({ cert, key }, (request, response) => {
    paths.add(request.url);
    request.resume().on('end', () => {
      if (request.url?.endsWith('/clock')) response.end('{"peer":"p","received":"1","sent":"1"}');
      else response.end('{"id":"x","offset":1,"done":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await shipping?.shipper.close();
  shipping = null;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  folder.remove();
});

it('is not trusted without its CA, and is with it, also where that is put right while it runs', async () => {
  const ca = join(folder.path, 'ca.pem');
  writeFileSync(ca, (await makeCertificate()).cert);
  const url = `https://127.0.0.1:${port}/captures`;
  shipping = shipItems({ url, ca }, [makeItem(folder.path, 'a.pcap', 10)]);
  const { troubles, acknowledged } = shipping;
  await until(() => troubles().length > 0);
  expect(troubles()[0]).toMatch(/no answer from 127\.0\.0\.1.*ship\.ca/);
  writeFileSync(ca, certificate);
  await until(() => acknowledged.length === 1);
  expect([...paths]).toEqual(['/captures/api/clock', '/captures/api/deliveries']);
});

it.each([
  ['without a CA', (at: string) => ({ url: `https://127.0.0.1:${at}` }), /ship\.ca/],
  ['under another name', (at: string, ca: string) => ({ url: `https://localhost:${at}`, ca }), /its name/],
  [
    'whose CA is not there',
    (at: string) => ({ url: `https://127.0.0.1:${at}`, ca: '/none' }),
    /CA cannot be read/,
  ],
])('a server %s is told of', async (_name, target, expected) => {
  const ca = join(folder.path, 'right.pem');
  writeFileSync(ca, certificate);
  shipping = shipItems(target(String(port), ca), []);
  const { troubles } = shipping;
  await until(() => troubles().length > 0);
  expect(troubles()[0]).toMatch(expected);
});
