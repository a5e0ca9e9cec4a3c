// What a key may verify.
import type { JWK } from 'jose';
import { type Algorithm, isMLDSA, SUPPORTED_ALGORITHMS } from '../../values/algorithms.ts';

/** The curves of EC keys, each with the one algorithm that it is for (RFC 7518 section 3.4). */
export const CURVE_ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
]);

/** The algorithms that a key is fit for, by its kind, its curve and its own `alg`. */
export function algorithmsOf(jwk: JWK): readonly Algorithm[] {
  const known =
    derived.get(jwk) ??
    SUPPORTED_ALGORITHMS.filter(
      (algorithm) =>
        fitsKind(algorithm, jwk) && (jwk.alg === undefined || fitsName(algorithm, jwk)),
    );
  derived.set(jwk, known);
  return known;
}

/** Asked for at each login; the JWKs are immutable. */
const derived = new WeakMap<JWK, readonly Algorithm[]>();

function fitsKind(algorithm: Algorithm, { kty, crv, alg }: JWK): boolean {
  switch (kty) {
    case 'RSA':
      return algorithm.startsWith('RS') || algorithm.startsWith('PS');
    case 'EC':
      return algorithm === CURVE_ALGORITHMS.get(crv ?? '');
    case 'OKP':
      return crv === 'Ed25519' && isEd25519(algorithm);
    case 'AKP':
      // The only kind whose keys do not say by themselves what they are for (RFC 9964 section 3).
      return isMLDSA(algorithm) && alg === algorithm;
    default:
      return false;
  }
}

/** `EdDSA` and `Ed25519` are one algorithm where the curve is Ed25519 (RFC 9864 section 2.2): a key may have either name. */
function fitsName(algorithm: Algorithm, { alg = '' }: JWK): boolean {
  return algorithm === alg || (isEd25519(algorithm) && isEd25519(alg));
}

function isEd25519(name: string): boolean {
  return name === 'EdDSA' || name === 'Ed25519';
}
