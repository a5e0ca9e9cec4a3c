// How each algorithm signs, in the words of node:crypto (RFC 7518 section 3, RFC 8037 section 3.1, RFC 9864, RFC 9964).
import { constants, type SigningOptions } from 'node:crypto';

export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'ML-DSA-44'
  | 'ML-DSA-65'
  | 'ML-DSA-87';

const RSA = { padding: constants.RSA_PKCS1_PADDING };
const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
const ECDSA = { dsaEncoding: 'ieee-p1363' } as const;

export const SIGNATURES: Readonly<
  Record<SigningAlgorithm, { readonly hash: string | null; readonly options: SigningOptions }>
> = {
  RS256: { hash: 'sha256', options: RSA },
  RS384: { hash: 'sha384', options: RSA },
  RS512: { hash: 'sha512', options: RSA },
  PS256: { hash: 'sha256', options: PSS },
  PS384: { hash: 'sha384', options: PSS },
  PS512: { hash: 'sha512', options: PSS },
  ES256: { hash: 'sha256', options: ECDSA },
  ES384: { hash: 'sha384', options: ECDSA },
  ES512: { hash: 'sha512', options: ECDSA },
  EdDSA: { hash: null, options: {} },
  Ed25519: { hash: null, options: {} },
  'ML-DSA-44': { hash: null, options: {} },
  'ML-DSA-65': { hash: null, options: {} },
  'ML-DSA-87': { hash: null, options: {} },
};
