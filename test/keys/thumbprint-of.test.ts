// The JWK Thumbprint.
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';

import { thumbprintOf } from '../../src/keys/thumbprint-of.ts';
import type { SigningAlgorithm } from '../support/signatures.ts';
import { createSigningKey } from '../support/signing-key.ts';

/** RFC 7638 section 3.1. */
const EXAMPLE: JWK = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};

describe('a thumbprint', () => {
  it('is that of RFC 7638 section 3.1', () => {
    expect(thumbprintOf(EXAMPLE)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it.each<SigningAlgorithm>(['RS256', 'ES256', 'ES384', 'EdDSA', 'ML-DSA-44'])(
    'is that of others for %s',
    async (algorithm) => {
      const { publicJWK } = await createSigningKey(algorithm, 'k');
      expect(thumbprintOf(publicJWK)).toBe(await calculateJwkThumbprint(publicJWK));
    },
  );

  it('is the same whatever a key is called and meant for, and in whatever order it is written', () => {
    const reversed = Object.fromEntries(Object.entries(EXAMPLE).toReversed());
    expect(thumbprintOf({ ...reversed, kid: 'other', use: 'sig', key_ops: ['verify'] })).toBe(
      thumbprintOf(EXAMPLE),
    );
  });

  it.each(['n', 'e', 'kty'])('is another with another %s', (name) => {
    expect(thumbprintOf({ ...EXAMPLE, [name]: 'AQAC' })).not.toBe(thumbprintOf(EXAMPLE));
  });

  it.each(['constructor', '__proto__', 'oct', undefined])(
    'of a key of kind %s is one all the same',
    (kty) => {
      const key = { ...EXAMPLE, ...(kty === undefined ? {} : { kty }) };
      expect(thumbprintOf(key)).toMatch(/^[\w-]{43}$/);
    },
  );
});
