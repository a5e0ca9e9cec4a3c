// From a PEM file to public keys, and what else such a file may hold.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { parsePublicKeys } from '../../../src/keys/formats/parse-public-keys.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const EC = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ED = generateKeyPairSync('ed25519');
const ML_DSA = generateKeyPairSync('ml-dsa-65');

const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' });
const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' });

describe('a file of public keys', () => {
  it('has them in their order, whatever their form, without names', async () => {
    await using authority = await createCertificateAuthority();
    const pem = [
      'a comment, without dashes\n',
      spki(RSA.publicKey),
      RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }),
      authority.certificate,
      spki(EC.publicKey).replaceAll('\n', '\r\n'),
      spki(ED.publicKey),
      spki(ML_DSA.publicKey),
    ].join('');
    const parsed = parsePublicKeys(pem);
    expect(parsed).toMatchObject({ rejected: [] });
    const keys = typeof parsed === 'string' ? [] : parsed.keySet.keys;
    expect(keys.toSpliced(2, 1)).toEqual([
      jwkOf(RSA.publicKey),
      jwkOf(RSA.publicKey),
      jwkOf(EC.publicKey),
      jwkOf(ED.publicKey),
      jwkOf(ML_DSA.publicKey),
    ]);
    expect(keys[2]).toMatchObject({ kty: 'EC', crv: 'P-256' });
    expect(keys.some((key) => 'kid' in key || 'd' in key || 'priv' in key)).toBe(false);
  });

  it.each<readonly [what: string, pem: () => string, reason: string]>([
    [
      'a private key',
      () => ED.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'is a private key; expected public keys only',
    ],
    [
      'a private key of another form',
      () => EC.privateKey.export({ type: 'sec1', format: 'pem' }),
      'is a private key; expected public keys only',
    ],
    [
      'a short RSA key',
      () => spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      'is an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'a curve that no algorithm uses',
      () => spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'is on curve "secp256k1"; expected one of P-256, P-384, P-521',
    ],
    [
      'a key to agree on others with',
      () => spki(generateKeyPairSync('x25519').publicKey),
      'is on curve "X25519"; expected Ed25519',
    ],
    [
      'a key for PSS alone, which no JWK can hold',
      () => spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
      'is a key of kind rsa-pss; expected RSA, EC, Ed25519 or ML-DSA',
    ],
    [
      'another kind of block',
      () => '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
      'is a PEM block "X509 CRL"; expected PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE',
    ],
    [
      'a block of nonsense',
      () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
      'is a PUBLIC KEY that cannot be read',
    ],
    [
      'a certificate of nonsense',
      () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'is a CERTIFICATE that cannot be read',
    ],
  ])('leaves out %s beside a good one, and says so', (_what, pem, reason) => {
    expect(parsePublicKeys(pem() + spki(ED.publicKey))).toEqual({
      keySet: { keys: [jwkOf(ED.publicKey)] },
      rejected: [{ index: 0, reason }],
    });
  });

  it.each<readonly [what: string, pem: string, reason: string]>([
    ['nothing', '', 'it has no PEM block; expected -----BEGIN PUBLIC KEY-----'],
    ['JSON', '{"keys":[]}', 'it has no PEM block; expected -----BEGIN PUBLIC KEY-----'],
    ['a key that was cut', spki(ED.publicKey).slice(0, 60), 'it has a PEM block that is not whole'],
    [
      'a key that was cut before a good one',
      `${spki(ED.publicKey).slice(0, 60)}\n${spki(ED.publicKey)}`,
      'it has a PEM block that is not whole',
    ],
    [
      'a block whose ends do not fit',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END CERTIFICATE-----\n',
      'it has a PEM block that is not whole',
    ],
    [
      'an encrypted key, whose header says how',
      '-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      'it has a PEM block that is not whole',
    ],
    ['too many keys', spki(ED.publicKey).repeat(201), 'it has 201 keys; expected at most 200'],
  ])('is none: %s', (_what, pem, reason) => {
    expect(parsePublicKeys(pem)).toBe(reason);
  });
});
