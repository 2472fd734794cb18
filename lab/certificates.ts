/**
 * Certificates of one run: a CA that signs the web server's, and another one for a proxy that ends TLS. The
 * client trusts both, as a company's machines trust their firewall; the proxy trusts the first.
 * They are made anew for each run and good for a week: keys that lie about must be worth nothing.
 */
import type { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadX509 } from '../gateway/linux/proxy/tls/x509.ts';
import { serverAddress } from './addresses.ts';
import type { Scenario } from './scenario.ts';

/** PEM files. */
export interface Certificates {
  readonly server: { readonly certificate: string; readonly key: string };
  readonly clientTrust: string;
  /** The CA of the server alone. */
  readonly serverTrust: string;
  /** The CA that interception signs by. */
  readonly intercept: { readonly certificate: string; readonly key: string };
}

const DAY = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** In a folder of their own in `folder`; null where the scenario has no TLS. */
export async function certificateFiles(scenario: Scenario, folder: string): Promise<Certificates | null> {
  const usesTls = scenario.traffic.some((traffic) => 'https' in traffic && traffic.https);
  if (!usesTls && !scenario.gateway.intercept) return null;
  const own = path.join(folder, 'tls');
  mkdirSync(own, { mode: 0o700 });
  const write = (name: string, text: string): string => {
    const file = path.join(own, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const [ca, firewall] = await Promise.all([
    makeCertificate('Stallscope lab CA'),
    makeCertificate('Stallscope lab firewall CA'),
  ]);
  const server = await makeCertificate('server', { issuer: ca, address: serverAddress(scenario.family) });
  return {
    server: { certificate: write('server.pem', pem(server)), key: write('server.key', await keyPem(server)) },
    clientTrust: write('client-trust.pem', pem(ca) + pem(firewall)),
    serverTrust: write('server-ca.pem', pem(ca)),
    intercept: {
      certificate: write('firewall.pem', pem(firewall)),
      key: write('firewall.key', await keyPem(firewall)),
    },
  };
}

interface Made {
  readonly certificate: import('@peculiar/x509').X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Of a CA, signed by itself; or of a server. */
async function makeCertificate(name: string, server?: { issuer: Made; address: string }): Promise<Made> {
  const x509 = await loadX509();
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const common = {
    subject: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 7 * DAY),
    signingAlgorithm: ALGORITHM,
  };
  if (server === undefined) {
    const extensions = [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ];
    const { subject, ...rest } = common;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...rest,
      name: subject,
      keys,
      extensions,
    });
    return { certificate, keys };
  }
  const certificate = await x509.X509CertificateGenerator.create({
    ...common,
    issuer: server.issuer.certificate.subject,
    signingKey: server.issuer.keys.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: server.address }]),
    ],
  });
  return { certificate, keys };
}

const pem = ({ certificate }: Made): string => `${certificate.toString('pem')}\n`;

async function keyPem({ keys }: Made): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
