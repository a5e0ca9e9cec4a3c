// From a SPIFFE bundle to the keys of JWT-SVIDs.
import { describe, expect, it } from 'vitest';

import { parseSPIFFEBundle } from '../../../src/keys/formats/parse-spiffe-bundle.ts';
import { createMint, loadPrivateKeys } from '../../vectors/tokens/mint.ts';

const mint = await createMint();
const privateKeys = await loadPrivateKeys();
const EC = mint.publicKey('cluster-es256');
const RSA = mint.publicKey('cluster-rs256');
const svid = (key: object): object => ({ ...key, use: 'jwt-svid' });

describe('a bundle', () => {
  it('gives its keys for JWT-SVIDs, in their order, and passes over all others', () => {
    const others = [
      { ...RSA, use: 'x509-svid' },
      { ...RSA, use: 'JWT-SVID' },
      { ...RSA, use: 'sig' },
      { ...RSA, use: ['jwt-svid'] },
      RSA,
      null,
      'jwt-svid',
      { ...privateKeys['twin-a'], use: 'x509-svid' },
    ];
    const parsed = parseSPIFFEBundle({ keys: [...others, svid(RSA), ...others, svid(EC)] });
    expect(parsed).toMatchObject({ keySet: { keys: [RSA, EC] }, rejected: [], otherKeys: 16 });
    // A token that names one of them is told why.
    expect(parsed).toMatchObject({
      keySet: {
        leftOut: [
          { kid: 'cluster-rs256', reason: 'has use "x509-svid"; expected "jwt-svid"' },
          { kid: 'cluster-rs256', reason: 'has use "JWT-SVID"; expected "jwt-svid"' },
          { kid: 'cluster-rs256', reason: 'has use "sig"; expected "jwt-svid"' },
          { kid: 'cluster-rs256', reason: 'has use ["jwt-svid"]; expected "jwt-svid"' },
          { kid: 'cluster-rs256', reason: 'has no use; expected "jwt-svid"' },
          { kid: 'twin', reason: 'has use "x509-svid"; expected "jwt-svid"' },
          ...Array.from({ length: 6 }, () => ({})),
        ],
      },
    });
  });

  it('says which of its keys for JWT-SVIDs cannot be used, by their place in the document', () => {
    const { kid: _kid, ...nameless } = EC;
    expect(
      parseSPIFFEBundle({
        keys: [
          RSA,
          svid(privateKeys['twin-a']!),
          svid(EC),
          svid(nameless),
          svid({ ...EC, kid: null }),
          svid({ kty: 'oct', k: 'AAAA' }),
          svid({ ...RSA, n: Buffer.alloc(128, 0xff).toString('base64url') }),
        ],
      }),
    ).toMatchObject({
      keySet: { keys: [EC], leftOut: { length: 6 } },
      rejected: [
        { index: 1, kid: 'twin', reason: 'is a private key; expected public keys only' },
        { index: 3, reason: 'has no kid, which a key for JWT-SVIDs must have' },
        { index: 4, reason: 'has no kid, which a key for JWT-SVIDs must have' },
        { index: 5, reason: 'is a symmetric key; expected public keys only' },
        { index: 6, reason: 'is an RSA key of 1024 bits; expected 2048 to 8192' },
      ],
      refreshHint: undefined,
      otherKeys: 1,
    });
  });

  it('may have none, which is not the same as no list', () => {
    for (const keys of [[], [RSA]]) {
      expect(parseSPIFFEBundle({ keys })).toMatchObject({
        keySet: { keys: [] },
        rejected: [],
        otherKeys: keys.length,
      });
    }
    for (const keys of [undefined, null, {}, 'x']) {
      expect(parseSPIFFEBundle({ keys })).toBe(
        'it has no list of keys; expected a bundle: {"keys": [...]}',
      );
    }
  });

  it('has as many keys as can be looked at', () => {
    expect(parseSPIFFEBundle({ keys: Array.from({ length: 201 }, () => svid(EC)) })).toBe(
      'it has 201 keys; expected at most 200',
    );
  });
});
