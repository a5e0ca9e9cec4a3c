// Under which names an issuer publishes a key. One that is published twice, for two algorithms or by two names, is the same
// key: whoever has it can sign under either, so that denying one of its names has to deny it.
import type { JWK } from 'jose';
import type { KeySet } from './parse-key-set.ts';

/** The `kid` of each of these keys, and of every key of the set that is one of them. */
export function keyIDsOf(keySet: KeySet, keys: readonly JWK[]): readonly string[] {
  return keySet.keys
    .filter((one) => keys.some((key) => key === one || isSame(key, one)))
    .flatMap(({ kid }) => kid ?? []);
}

/** Whether two public keys are one, whatever they are called and meant for. */
function isSame(a: JWK, b: JWK): boolean {
  return (
    a.kty === b.kty && a.crv === b.crv && a.n === b.n && a.e === b.e && a.x === b.x && a.y === b.y
  );
}
