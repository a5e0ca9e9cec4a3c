// Checks a token's signature with keys that the administrator's configuration led to, never with one from the token.
import type { JWK } from 'jose';
import { isMLDSA } from '../values/algorithms.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quote } from '../quote.ts';
import { checkSignature } from './check-signature.ts';
import type { ParsedToken } from './parse-token.ts';
import { publicKeyOf } from './public-key.ts';
import { truncated } from './truncated.ts';

/**
 * Checks the signature (RFC 7515 section 5.2) against each of the keys.
 *
 * Does not choose the keys and looks at no claim. The keys must be public ones, fit for the token's algorithm.
 *
 * @returns the key that verifies it, or `ERR_SIGNATURE_INVALID`, or `ERR_TOKEN_TRUNCATED` where the signature is
 * shorter than every key's, or `ERR_ALGORITHM_NOT_ALLOWED` where the runtime lacks the algorithm.
 */
export async function verifySignature(
  token: ParsedToken,
  keys: readonly JWK[],
): Promise<JWK | Refusal> {
  let missing = Number.POSITIVE_INFINITY;
  let broken = 0;
  for (const jwk of keys) {
    const key = publicKeyOf(jwk);
    const check = key === undefined ? 'broken' : await checkSignature(token, key);
    if (check === 'valid') {
      return jwk;
    }
    if (check === 'broken') {
      broken += 1;
    } else {
      missing = Math.min(missing, rsaBytes(jwk) - token.signatureBytes);
    }
  }
  if (missing > 0 && Number.isFinite(missing)) {
    return truncated(
      Buffer.byteLength(token.text),
      `its ${token.algorithm} signature is ${missing} ${missing === 1 ? 'byte' : 'bytes'} shorter than the key's`,
    );
  }
  if (broken === keys.length && isMLDSA(token.algorithm)) {
    // Any bytes of the right length are a key of ML-DSA, and `parseKey` has checked that: what fails is not the key.
    return refuse(
      'ERR_ALGORITHM_NOT_ALLOWED',
      `this Node runtime cannot verify ${token.algorithm}`,
      'ML-DSA needs OpenSSL 3.5 or newer; the runtime that pgtoken comes with has it.',
    );
  }
  if (broken === keys.length) {
    return refuse(
      'ERR_SIGNATURE_INVALID',
      `the issuer's key for kid ${quote(token.keyID)} is not a valid ${token.algorithm} key`,
      'Ask whoever runs the issuer to fix its key set.',
    );
  }
  return refuse(
    'ERR_SIGNATURE_INVALID',
    `the signature does not verify with the issuer's ${describeKeys(keys)} (${token.algorithm})`,
    'The token was changed on its way, or another issuer uses the same key ID.',
  );
}

function describeKeys(keys: readonly JWK[]): string {
  const kid = keys[0]?.kid;
  if (kid !== undefined) {
    return `key ${quote(kid)}`;
  }
  return keys.length === 1 ? 'key without kid' : `${keys.length} keys without kid`;
}

/** Length of an RSA key's signatures in bytes (RFC 8017 section 8); 0 for other keys. */
function rsaBytes(jwk: JWK): number {
  if (jwk.n === undefined) {
    return 0;
  }
  const modulus = Buffer.from(jwk.n, 'base64url');
  return (
    modulus.length -
    Math.max(
      0,
      modulus.findIndex((byte) => byte !== 0),
    )
  );
}
