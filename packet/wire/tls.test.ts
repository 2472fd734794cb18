import { describe, expect, it } from 'vitest';
import { parseCertificateIssuer } from './tls.ts';

/** The beginning of a certificate that openssl made: subject and issuer C=DE, O=Example Org, CN=Firewall Inspection CA. */
const CERTIFICATE = Uint8Array.from(
  [
    '3082036930820251a00302010202141635a5db8e2dd4b774a2683bd25cc87f6f2e3938300d06092a864886f70d01010b',
    '05003044310b300906035504061302444531143012060355040a0c0b4578616d706c65204f7267311f301d0603550403',
    '0c164669726577616c6c20496e7370656374696f6e204341301e170d3236313132353135353035375a170d3236313132',
    '373135353035375a3044310b30090603',
  ]
    .join('')
    .match(/../g) ?? [],
  (hex) => Number.parseInt(hex, 16),
);

const message = (type: number, body: Uint8Array): Uint8Array =>
  Uint8Array.of(type, 0, body.length >> 8, body.length & 255, ...body);
const record = (...messages: readonly Uint8Array[]): Uint8Array => {
  const body = messages.flatMap((m) => [...m]);
  return Uint8Array.of(22, 3, 3, body.length >> 8, body.length & 255, ...body);
};
const HELLO = message(2, new Uint8Array(74));
const SHOWN = message(11, Uint8Array.of(0, 3, 112, 0, 3, 109, ...CERTIFICATE));

describe('the issuer of a certificate', () => {
  it('is its common name, in one record with the hello or in one of its own', () => {
    expect(parseCertificateIssuer(record(HELLO, SHOWN))).toBe('Firewall Inspection CA');
    expect(parseCertificateIssuer(Uint8Array.of(...record(HELLO), ...record(SHOWN)))).toBe(
      'Firewall Inspection CA',
    );
  });

  it('is its organization, where the name was cut off behind that', () => {
    const whole = record(HELLO, SHOWN);
    const name = new TextDecoder('latin1').decode(whole).indexOf('Firewall');
    expect(parseCertificateIssuer(whole.subarray(0, name + 5))).toBe('Example Org');
  });

  it('is none in other handshakes, cut ones, and other bytes', () => {
    expect(parseCertificateIssuer(record(HELLO))).toBeNull();
    expect(parseCertificateIssuer(record(HELLO, SHOWN).subarray(0, 120))).toBeNull();
    expect(parseCertificateIssuer(new TextEncoder().encode('HTTP/1.1 200 OK'))).toBeNull();
    expect(parseCertificateIssuer(new Uint8Array())).toBeNull();
  });

  it('does not throw, whatever the bytes', () => {
    const whole = record(HELLO, SHOWN);
    for (let i = 0; i < whole.length; i++) {
      for (const value of [0, 0x7f, 0x80, 0x84, 0xff]) {
        const changed = whole.slice();
        changed[i] = value;
        expect(() => parseCertificateIssuer(changed)).not.toThrow();
      }
    }
  });
});
