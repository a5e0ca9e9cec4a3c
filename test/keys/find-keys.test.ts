// Which of an issuer's keys a token is tried with.
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { findKeys, lacksKey } from '../../src/keys/find-keys.ts';

const rsa = (kid?: string, alg?: string): JWK => ({
  kty: 'RSA',
  n: 'n',
  e: 'AQAB',
  ...(kid === undefined ? {} : { kid }),
  ...(alg === undefined ? {} : { alg }),
});
const ec = (kid?: string): JWK => ({
  kty: 'EC',
  crv: 'P-256',
  x: 'x',
  y: 'y',
  ...(kid === undefined ? {} : { kid }),
});

describe('a token with a kid', () => {
  it('is tried with the key of that kid, and with no other', () => {
    const keys = [rsa('a'), rsa('b'), rsa()];
    expect(findKeys({ keys }, { keyID: 'b', algorithm: 'RS256' })).toEqual([rsa('b')]);
  });

  it('is tried with every key of that kid that fits its algorithm', () => {
    const keys = [rsa('a'), ec('a'), rsa('a', 'PS256'), rsa('a', 'RS256')];
    expect(findKeys({ keys }, { keyID: 'a', algorithm: 'RS256' })).toEqual([
      rsa('a'),
      rsa('a', 'RS256'),
    ]);
    expect(findKeys({ keys }, { keyID: 'a', algorithm: 'ES256' })).toEqual([ec('a')]);
  });

  it('is tried with keys that have none when no key has its own', () => {
    const keys = [rsa('a'), rsa(), ec()];
    expect(findKeys({ keys }, { keyID: 'x', algorithm: 'RS256' })).toEqual([rsa()]);
  });

  it('is tried with at most four keys', () => {
    const keys = Array.from({ length: 200 }, () => rsa('a'));
    expect(findKeys({ keys }, { keyID: 'a', algorithm: 'RS256' })).toHaveLength(4);
    const nameless = Array.from({ length: 200 }, () => rsa());
    expect(findKeys({ keys: nameless }, { keyID: 'a', algorithm: 'RS256' })).toHaveLength(4);
  });

  it.each(['', 'A', 'a ', '__proto__', 'constructor', '0', 'undefined'])(
    'that no key has is refused: %j',
    (keyID) => {
      expect(findKeys({ keys: [rsa('a'), ec('b')] }, { keyID, algorithm: 'RS256' })).toMatchObject({
        code: 'ERR_KEY_UNKNOWN',
        message: `the issuer has 2 keys, none with kid "${keyID}"`,
        hint: 'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.',
      });
    },
  );

  it('of a key for another algorithm is refused, though other keys would fit', () => {
    expect(
      findKeys({ keys: [rsa('a', 'RS256'), rsa('b')] }, { keyID: 'a', algorithm: 'PS256' }),
    ).toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
      message: 'the key with kid "a" is for RS256; the token\'s alg is PS256',
    });
    expect(findKeys({ keys: [rsa('a')] }, { keyID: 'a', algorithm: 'ES256' })).toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
      message:
        'the key with kid "a" is for RS256, RS384, RS512, PS256, PS384, PS512; the token\'s alg is ES256',
    });
  });
});

describe('a set lacks a key', () => {
  const wanted = { keyID: 'a', algorithm: 'RS256' } as const;
  const keys = [rsa('a'), rsa('b')];

  it('when none fits, or every one that fits has failed', () => {
    expect(lacksKey({ keys }, wanted)).toBe(false);
    expect(lacksKey({ keys }, { ...wanted, keyID: 'x' })).toBe(true);
    expect(lacksKey({ keys }, { ...wanted, failed: [rsa('a')] })).toBe(true);
    expect(lacksKey({ keys: [...keys, rsa()] }, { ...wanted, keyID: 'x', failed: [rsa()] })).toBe(
      true,
    );
  });

  it('but not when one of those that fit is another', () => {
    const failed = [rsa('a')];
    expect(lacksKey({ keys: [{ ...rsa('a'), n: 'other' }] }, { ...wanted, failed })).toBe(false);
    expect(lacksKey({ keys: [...keys, { ...rsa('a'), e: 'Aw' }] }, { ...wanted, failed })).toBe(
      false,
    );
    expect(lacksKey({ keys }, { ...wanted, failed: [rsa('b')] })).toBe(false);
  });
});

describe('a token whose key is published and not used', () => {
  const leftOut = [
    { kid: 'e', reason: 'has use "enc"; expected "sig"' },
    { reason: 'is an RSA key of 1024 bits; expected 2048 to 8192' },
  ];
  const find = (keys: readonly JWK[], keyID: string | undefined, signatureBytes = 256) =>
    findKeys({ keys, leftOut }, { keyID, algorithm: 'RS256', signatureBytes });

  it('is told why', () => {
    expect(find([rsa('a'), rsa('b')], 'e')).toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
      message: 'the issuer\'s key with kid "e" cannot be used: it has use "enc"; expected "sig"',
      hint: 'Ask whoever runs the issuer to sign its tokens with another key.',
    });
  });

  it('is tried with a usable key of its kid all the same, and of no other', () => {
    expect(find([rsa('a'), rsa('e')], 'e')).toEqual([rsa('e')]);
  });

  it('is told what is published without a kid and not used, where it may be that', () => {
    const nameless =
      'one that it publishes without kid cannot be used: it is an RSA key of 1024 bits; expected 2048 to 8192';
    expect(find([rsa('a')], 'x', 128)).toMatchObject({
      message: `the issuer has one key, whose kid is not "x"; ${nameless}; its signature has 128 bytes, as of an RSA key of 1024 bits, or it was cut on its way`,
    });
    expect(find([ec('a')], undefined)).toMatchObject({
      message: `the token names no key (kid), and 0 keys of the issuer fit its alg RS256; expected a kid; ${nameless}`,
    });
    expect(find([rsa('a'), rsa()], undefined)).toMatchObject({
      message:
        'the token names no key (kid), and 2 keys of the issuer fit its alg RS256; expected a kid',
    });
  });
});

describe('a token without a kid', () => {
  it('is tried with the only key that fits its algorithm, named or not', () => {
    const keys = [rsa('a', 'RS256'), ec('b')];
    expect(findKeys({ keys }, { keyID: undefined, algorithm: 'ES256' })).toEqual([ec('b')]);
    expect(findKeys({ keys: [ec()] }, { keyID: undefined, algorithm: 'ES256' })).toEqual([ec()]);
  });

  it.each([
    [2, [rsa('a'), rsa()]],
    [0, [ec('a')]],
    [0, []],
  ])('is refused where %d keys fit', (count, keys) => {
    expect(findKeys({ keys }, { keyID: undefined, algorithm: 'RS256' })).toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
      message: `the token names no key (kid), and ${count} keys of the issuer fit its alg RS256; expected a kid`,
    });
  });
});
