// JWKs made ready to verify with.
import { expect, it } from 'vitest';

import { publicKeyOf } from '../../src/verify/public-key.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();

it('a JWK is imported once, and another is another key', () => {
  const jwk = mint.publicKey('cluster-es256');
  const key = publicKeyOf(jwk);
  expect(key?.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(publicKeyOf(jwk)).toBe(key);
  expect(publicKeyOf({ ...jwk })).not.toBe(key);
});

it('a JWK whose numbers are none is no key, however often it is asked for', () => {
  const { x, ...jwk } = mint.publicKey('cluster-es256');
  const offCurve = { ...jwk, x: x!, y: x! };
  expect(publicKeyOf(offCurve)).toBeUndefined();
  expect(publicKeyOf(offCurve)).toBeUndefined();
});
