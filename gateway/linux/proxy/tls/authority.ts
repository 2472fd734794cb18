/**
 * The CA of a proxy that ends TLS: a certificate for each name that clients ask for, made when it is first asked for.
 * The trap: whoever has its key can be any server to every client that trusts it. The key file is the owner's alone, and
 * one that others can read is refused.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type webcrypto,
  X509Certificate,
} from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Extension } from '@peculiar/x509';
import { GatewayError } from '../../forwarder.ts';
import { loadX509 } from './x509.ts';

const DAY = 86_400_000;
/** Certificates of servers, and how long one is given out. Clocks of clients may be a day behind. */
const GOOD_FOR = 7 * DAY;
const GIVEN_OUT_FOR = DAY;
const AUTHORITY_GOOD_FOR = 3650 * DAY;
/** Names, the least recently asked for forgotten. */
const MOST_NAMES = 1000;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNED_BY = { ...CURVE, hash: 'SHA-256' } as const;

export interface Authority {
  /** What a server of that name (or address) would have, signed by this CA. */
  certificateFor(name: string): Promise<Certificate>;
}

/** As PEM, the CA's behind its own. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** PEM files. */
export interface AuthorityFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Makes both files, the key readable by its owner alone. @throws GatewayError where one is there, or cannot be written */
export async function createAuthority({ certificate, key }: AuthorityFiles): Promise<void> {
  const x509 = await loadX509();
  const keys = makeKeys();
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`Stallscope proxy CA ${randomBytes(3).toString('hex')}`] }],
    serialNumber: serial(),
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + AUTHORITY_GOOD_FOR),
    signingAlgorithm: SIGNED_BY,
    keys: {
      privateKey: await importPrivate(keys.privateKey, CURVE),
      publicKey: await importPublic(keys.publicKey),
    },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(await importPublic(keys.publicKey)),
    ],
  });
  try {
    writeFileSync(key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 });
    writeFileSync(certificate, `${made.toString('pem')}\n`, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    throw new GatewayError('the CA of the proxy cannot be written', `${certificate} and ${key}`, {
      cause: error,
    });
  }
}

/** Whether there is one. @throws GatewayError where only one of the files is there */
export function hasAuthority({ certificate, key }: AuthorityFiles): boolean {
  const [hasCertificate, hasKey] = [existsSync(certificate), existsSync(key)];
  if (hasCertificate !== hasKey)
    throw new GatewayError(
      `${hasCertificate ? certificate : key} is there, and ${hasCertificate ? key : certificate} is not`,
      'forwarding.intercept names the certificate and the key of one CA; without both, one is made',
    );
  return hasCertificate;
}

/** @throws GatewayError where the files are no CA, or others can read the key */
export async function loadAuthority(files: AuthorityFiles, mostNames = MOST_NAMES): Promise<Authority> {
  const { pem, key, certificate } = readFiles(files);
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(certificate.raw);
  const signingKey = await importPrivate(key, issuer.publicKey.algorithm);
  const issuerKeyId = issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  const keys = makeKeys(); // one for all: making them is what takes long
  const publicKey = await importPublic(keys.publicKey);
  const keyPem = String(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));

  const make = async (name: string): Promise<Certificate> => {
    const extensions: Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: isIP(name) > 0 ? 'ip' : 'dns', value: name }]),
    ];
    if (issuerKeyId !== undefined) extensions.push(new x509.AuthorityKeyIdentifierExtension(issuerKeyId));
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: name.length <= 64 ? [{ CN: [name] }] : '', // its limit (RFC 5280, A.1); names count in the extension
      issuer: issuer.subjectName,
      notBefore: new Date(Math.max(Date.now() - DAY, issuer.notBefore.getTime())),
      notAfter: new Date(Math.min(Date.now() + GOOD_FOR, issuer.notAfter.getTime())),
      signingAlgorithm: { hash: 'SHA-256', ...issuer.publicKey.algorithm },
      signingKey,
      publicKey,
      extensions,
    });
    return { key: keyPem, cert: `${made.toString('pem')}\n${pem}` };
  };
  return { certificateFor: kept(make, mostNames) };
}

/** What was made lately is given out again. */
function kept(make: (name: string) => Promise<Certificate>, most: number): Authority['certificateFor'] {
  const made = new Map<string, { readonly certificate: Promise<Certificate>; readonly at: number }>();
  return (name) => {
    const now = Date.now();
    let entry = made.get(name);
    made.delete(name);
    if (entry === undefined || now - entry.at >= GIVEN_OUT_FOR) entry = { certificate: make(name), at: now };
    made.set(name, entry);
    if (made.size > most) made.delete(made.keys().next().value!);
    entry.certificate.catch(() => made.delete(name));
    return entry.certificate;
  };
}

function readFiles(files: AuthorityFiles): { pem: string; key: KeyObject; certificate: X509Certificate } {
  const hint = 'forwarding.intercept names it';
  if ((statSync(files.key, { throwIfNoEntry: false })?.mode ?? 0) & 0o077)
    throw new GatewayError(`others can read the key of the CA, ${files.key}`, `chmod 600 ${files.key}`);
  const read = <T>(file: string, what: string, take: (text: string) => T): T => {
    try {
      return take(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new GatewayError(`${file} is no ${what} that can be read (PEM)`, hint, { cause: error });
    }
  };
  const pem = read(files.certificate, 'certificate', (text) => text);
  const certificate = read(files.certificate, 'certificate', (text) => new X509Certificate(text));
  const key = read(files.key, 'private key', (text) => createPrivateKey(text));
  if (!certificate.ca) throw new GatewayError(`${files.certificate} is not the certificate of a CA`, hint);
  if (!certificate.checkPrivateKey(key))
    throw new GatewayError(`${files.key} is not the key of ${files.certificate}`, hint);
  if (Date.parse(certificate.validTo) < Date.now())
    throw new GatewayError(
      `${files.certificate} was good until ${certificate.validTo}`,
      'remove both files, and another CA is made',
    );
  return { pem, key, certificate };
}

const makeKeys = () => generateKeyPairSync('ec', { namedCurve: CURVE.namedCurve });

/** Positive, as RFC 5280 (4.1.2.2) wants it. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  bytes[0]! |= 0x40;
  return bytes.toString('hex');
}

const importPrivate = (key: KeyObject, algorithm: webcrypto.Algorithm): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey(
    'pkcs8',
    key.export({ type: 'pkcs8', format: 'der' }),
    { hash: 'SHA-256', ...algorithm },
    false,
    ['sign'],
  );

const importPublic = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey('spki', key.export({ type: 'spki', format: 'der' }), CURVE, true, ['verify']);
