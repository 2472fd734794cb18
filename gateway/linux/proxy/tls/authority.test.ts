/** The CA of a proxy, by Node's own reader of certificates. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthorityFiles, createAuthority, hasAuthority, loadAuthority } from './authority.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'stallscope-ca-'));
const filesIn = (name: string): AuthorityFiles => ({
  certificate: path.join(folder, `${name}.pem`),
  key: path.join(folder, `${name}.key`),
});
const files = filesIn('ca');
beforeAll(() => createAuthority(files));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two ends of one wire. */
function wire(): [Duplex, Duplex] {
  const ends: [Duplex, Duplex] = [make(() => ends[1]), make(() => ends[0])];
  return ends;
}
const make = (other: () => Duplex): Duplex =>
  new Duplex({
    read: () => {},
    write: (chunk, _, done) => {
      other().push(chunk);
      done();
    },
  });

/** The certificate that a client of that name gets, which trusts the CA. @throws what it finds wrong */
async function certificateFor(name: string): Promise<X509Certificate> {
  const [client, server] = wire();
  const authority = await loadAuthority(files);
  const secureContext = createSecureContext(await authority.certificateFor(name));
  new TLSSocket(server, { isServer: true, secureContext }).on('error', () => {});
  const socket = connect({ socket: client, host: name, ca: readFileSync(files.certificate) });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket.getPeerX509Certificate()!;
}

describe('the CA of a proxy', () => {
  it('is readable by all, and its key by the owner alone', () => {
    expect(hasAuthority(files)).toBe(true);
    expect(hasAuthority(filesIn('none'))).toBe(false);
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    expect(statSync(files.certificate).mode & 0o777).toBe(0o644);
    expect(new X509Certificate(readFileSync(files.certificate)).ca).toBe(true);
  });

  it.each(['example.com', '10.0.2.10', 'fd00:0:0:2::10', `${'a'.repeat(60)}.example.com`])(
    'signs for %s what a client that trusts it takes',
    async (name) => {
      const certificate = await certificateFor(name);
      expect(certificate.ca).toBe(false);
      expect(Date.parse(certificate.validTo)).toBeLessThan(Date.now() + 8 * 86_400_000);
    },
  );

  it('makes one certificate for each name, and keeps no more than it may', async () => {
    const authority = await loadAuthority(files, 3);
    const first = authority.certificateFor('example.com');
    expect(authority.certificateFor('example.com')).toBe(first);
    const all: Promise<unknown>[] = [first];
    for (let i = 0; i < 3; i++) all.push(authority.certificateFor(`${i}.example.com`));
    expect(authority.certificateFor('2.example.com')).toBe(all[3]);
    const again = authority.certificateFor('example.com');
    expect(again).not.toBe(first);
    await Promise.all([...all, again]);
  });

  it('is not made over another, and half of one is none', async () => {
    await expect(createAuthority(files)).rejects.toThrow('cannot be written');
    expect(() => hasAuthority({ ...files, key: filesIn('none').key })).toThrow('is not');
  });

  it('is refused where others can read the key, or the files do not belong together', async () => {
    const other = filesIn('other');
    await createAuthority(other);
    await expect(loadAuthority({ ...files, key: other.key })).rejects.toThrow('is not the key of');
    writeFileSync(other.certificate, 'nothing');
    await expect(loadAuthority(other)).rejects.toThrow('no certificate that can be read');
    chmodSync(other.key, 0o640);
    await expect(loadAuthority(other)).rejects.toMatchObject({ hint: `chmod 600 ${other.key}` });
  });
});
