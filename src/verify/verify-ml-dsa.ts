// ML-DSA signatures (FIPS 204) in JWS (RFC 9964), by node:crypto: WebCrypto, which jose uses, calls them experimental and says
// so on standard error, where `pgtoken pam` has its reason.
import { type KeyObject, verify } from 'node:crypto';
import type { JWK } from 'jose';
import { refuse, type Refusal } from '../errors.ts';
import type { ParsedToken } from './parse-token.ts';
import { publicKeyOf } from './public-key.ts';

/**
 * Checks an ML-DSA signature against a key, whose `alg` is the token's. On another thread, as it takes its time.
 *
 * @param importKey gives undefined where it cannot.
 * @returns whether it is right, or `ERR_ALGORITHM_NOT_ALLOWED` where this runtime cannot tell.
 */
export async function verifyMLDSA(
  { text, algorithm }: ParsedToken,
  jwk: JWK,
  importKey: (jwk: JWK) => KeyObject | undefined = publicKeyOf,
): Promise<boolean | Refusal> {
  const key = importKey(jwk);
  if (key === undefined) {
    // Any bytes of the right length are a key, and this length has been checked: what fails is not the key.
    return refuse(
      'ERR_ALGORITHM_NOT_ALLOWED',
      `this Node runtime cannot verify ${algorithm}`,
      'ML-DSA needs OpenSSL 3.5 or newer; the runtime that pgtoken comes with has it.',
    );
  }
  const dot = text.lastIndexOf('.');
  const signed = Buffer.from(text.slice(0, dot), 'latin1');
  const signature = Buffer.from(text.slice(dot + 1), 'base64url');
  return new Promise((resolve, reject) => {
    verify(null, signed, key, signature, (error, isValid) => {
      if (error === null) {
        resolve(isValid);
      } else {
        reject(error);
      }
    });
  });
}
