// A JWK made ready to verify with. Done once for each key of a key set, as it costs as much as a signature check: the
// JWKs are immutable, and what was made of one goes with it.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

const imported = new WeakMap<JWK, KeyObject | undefined>();

/**
 * @param jwk a public key that `parseKey` has let through: of a known kind, and of a size within bounds.
 * @returns the key, or undefined where its numbers are none: an EC point off its curve, an RSA key without a modulus.
 */
export function publicKeyOf(jwk: JWK): KeyObject | undefined {
  if (!imported.has(jwk)) {
    imported.set(jwk, importPublicKey(jwk));
  }
  return imported.get(jwk);
}

function importPublicKey(jwk: JWK): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}
