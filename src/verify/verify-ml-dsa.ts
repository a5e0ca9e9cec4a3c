// ML-DSA signatures (FIPS 204) in JWS (RFC 9964), by node:crypto: WebCrypto, which jose uses, calls them experimental and says
// so on standard error, where `pgtoken pam` has its reason.
import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { refuse, type Refusal } from '../errors.ts';
import type { ParsedToken } from './parse-token.ts';

/**
 * Checks an ML-DSA signature against a key, whose `alg` is the token's.
 *
 * @param importKey throws where it cannot.
 * @returns whether it is right, or `ERR_ALGORITHM_NOT_ALLOWED` where this runtime cannot tell.
 */
export async function verifyMLDSA(
  { text, algorithm }: ParsedToken,
  jwk: JWK,
  importKey: (jwk: JWK) => KeyObject | Promise<KeyObject> = importPublicKey,
): Promise<boolean | Refusal> {
  let key;
  try {
    key = await importKey(jwk);
  } catch {
    // Any bytes of the right length are a key, and this length has been checked: what fails is not the key.
    return refuse(
      'ERR_ALGORITHM_NOT_ALLOWED',
      `this Node runtime cannot verify ${algorithm}`,
      'ML-DSA needs OpenSSL 3.5 or newer; the runtime that pgtoken comes with has it.',
    );
  }
  const dot = text.lastIndexOf('.');
  // Loaded here, as nothing else of a decision needs it.
  const { verify } = await import('node:crypto');
  return verify(
    null,
    Buffer.from(text.slice(0, dot)),
    key,
    Buffer.from(text.slice(dot + 1), 'base64url'),
  );
}

async function importPublicKey(jwk: JWK): Promise<KeyObject> {
  const { createPublicKey } = await import('node:crypto');
  return createPublicKey({ key: jwk, format: 'jwk' });
}
