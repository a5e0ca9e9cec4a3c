// One signature against one key. What is quick to check is checked in place by node:crypto, as a hop to another thread
// takes longer; what is slow goes to the thread pool, so that no other login waits for it.
import { constants, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { type Algorithm, isMLDSA, MIN_RSA_BITS } from '../values/algorithms.ts';
import type { ParsedToken } from './parse-token.ts';

/** `broken` where the key is none for the token's algorithm. */
export type SignatureCheck = 'valid' | 'invalid' | 'broken';

/** How an algorithm is checked, and with which keys. */
interface Scheme {
  readonly hash: string | null;
  readonly keyType: string;
  /** As OpenSSL names it. */
  readonly curve?: string;
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>;
  /** Whether it is slow whatever the key: then another thread checks it. */
  readonly slow?: true;
}

const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  // The salt is as long as the hash (RFC 7518 section 3.5).
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
// r and s one after the other (RFC 7518 section 3.4).
const ECDSA = { dsaEncoding: 'ieee-p1363' } as const;

const SCHEMES: Readonly<Record<Algorithm, Scheme>> = {
  RS256: { hash: 'sha256', keyType: 'rsa', options: PKCS1 },
  RS384: { hash: 'sha384', keyType: 'rsa', options: PKCS1 },
  RS512: { hash: 'sha512', keyType: 'rsa', options: PKCS1 },
  PS256: { hash: 'sha256', keyType: 'rsa', options: PSS },
  PS384: { hash: 'sha384', keyType: 'rsa', options: PSS },
  PS512: { hash: 'sha512', keyType: 'rsa', options: PSS },
  ES256: { hash: 'sha256', keyType: 'ec', curve: 'prime256v1', options: ECDSA },
  ES384: { hash: 'sha384', keyType: 'ec', curve: 'secp384r1', slow: true },
  ES512: { hash: 'sha512', keyType: 'ec', curve: 'secp521r1', slow: true },
  EdDSA: { hash: null, keyType: 'ed25519' },
  Ed25519: { hash: null, keyType: 'ed25519' },
  'ML-DSA-44': { hash: null, keyType: 'ml-dsa-44' },
  'ML-DSA-65': { hash: null, keyType: 'ml-dsa-65', slow: true },
  'ML-DSA-87': { hash: null, keyType: 'ml-dsa-87', slow: true },
};

/** A check takes four times as long with twice the bits: 0.1 ms with these, 0.4 ms with 8192. */
const MAX_RSA_BITS_IN_PLACE = 4096;

/** Checks a token's signature (RFC 7515 section 5.2) against a key. */
export async function checkSignature(token: ParsedToken, key: KeyObject): Promise<SignatureCheck> {
  const scheme = SCHEMES[token.algorithm];
  const { modulusLength: bits = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (
    key.type !== 'public' ||
    key.asymmetricKeyType !== scheme.keyType ||
    namedCurve !== scheme.curve ||
    (scheme.keyType === 'rsa' && bits < MIN_RSA_BITS)
  ) {
    return 'broken';
  }
  if (scheme.slow !== true && bits <= MAX_RSA_BITS_IN_PLACE) {
    return checkInPlace(token, key, scheme);
  }
  return isMLDSA(token.algorithm) ? checkMLDSAElsewhere(token, key) : checkElsewhere(token, key);
}

function checkInPlace(token: ParsedToken, key: KeyObject, scheme: Scheme): SignatureCheck {
  const { signed, signature } = splitToken(token);
  return verify(scheme.hash, signed, { ...scheme.options, key }, signature) ? 'valid' : 'invalid';
}

function splitToken({ text }: ParsedToken): {
  readonly signed: Buffer;
  readonly signature: Buffer;
} {
  const dot = text.lastIndexOf('.');
  return {
    signed: Buffer.from(text.slice(0, dot)),
    signature: Buffer.from(text.slice(dot + 1), 'base64url'),
  };
}

async function checkElsewhere(
  { text, algorithm }: ParsedToken,
  key: KeyObject,
): Promise<SignatureCheck> {
  // Loaded here, as few issuers sign so.
  const { compactVerify, errors } = await import('jose');
  try {
    await compactVerify(text, key, { algorithms: [algorithm] });
    return 'valid';
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return 'invalid';
    }
    throw error;
  }
}

/** Not by jose: WebCrypto calls ML-DSA experimental on standard error, where `pgtoken pam` has its reason. */
async function checkMLDSAElsewhere(token: ParsedToken, key: KeyObject): Promise<SignatureCheck> {
  const { signed, signature } = splitToken(token);
  return new Promise((resolve, reject) => {
    verify(null, signed, key, signature, (error, isValid) => {
      if (error === null) {
        resolve(isValid ? 'valid' : 'invalid');
      } else {
        reject(error);
      }
    });
  });
}
