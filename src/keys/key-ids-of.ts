// Under which names an issuer publishes a key. One that is published twice, for two algorithms or by two names, is the same
// key: whoever has it can sign under either, so that denying one of its names has to deny it.
import type { JWK } from 'jose';
import type { KeySet } from './formats/parse-key-set.ts';

/** The `kid` of each of these keys, and of every key of the set that is one of them. */
export function keyIDsOf(keySet: KeySet, keys: readonly JWK[]): readonly string[] {
  return keySet.keys
    .filter((one) => keys.some((key) => key === one || isSame(key, one)))
    .flatMap(({ kid }) => kid ?? []);
}

/** Whether two public keys are one, whatever they are called and meant for, and however their numbers are written. */
function isSame(a: JWK, b: JWK): boolean {
  return (
    a.kty === b.kty &&
    a.crv === b.crv &&
    (['n', 'e', 'x', 'y', 'pub'] as const).every((name) => digitsOf(a[name]) === digitsOf(b[name]))
  );
}

/** The digits of a number. Decoders take zeros in front of it, padding, and the other alphabet of base64. */
function digitsOf(number: string | undefined): string {
  return Buffer.from(number ?? '', 'base64url')
    .toString('hex')
    .replace(/^(?:00)+/, '');
}
