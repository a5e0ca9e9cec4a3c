// One key of an issuer: made by jose, published as a JWK, and signing whatever bytes it is given, also what no honest issuer
// would sign.
import { generateKeyPairSync, KeyObject, sign } from 'node:crypto';

import { exportJWK, generateKeyPair, type JWK } from 'jose';

import { SIGNATURES, type SigningAlgorithm } from './signatures.ts';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJWK: JWK;
  readonly privateJWK: JWK;
  readonly sign: (data: string) => Buffer;
}

/** Makes a key. RSA keys have 2048 bits. */
export async function createSigningKey(
  algorithm: SigningAlgorithm,
  kid: string,
): Promise<SigningKey> {
  const { privateKey, publicKey } = await makePair(algorithm);
  const common = { kid, alg: algorithm, use: 'sig' };
  const key = privateKey instanceof KeyObject ? privateKey : KeyObject.from(privateKey);
  const { hash, options } = SIGNATURES[algorithm];
  return {
    kid,
    algorithm,
    publicJWK: { ...(await exportJWK(publicKey)), ...common },
    privateJWK: { ...(await exportJWK(privateKey)), ...common },
    sign: (data) => sign(hash, Buffer.from(data), { key, ...options }),
  };
}

async function makePair(algorithm: SigningAlgorithm) {
  switch (algorithm) {
    // WebCrypto would call these experimental on standard error.
    case 'ML-DSA-44':
      return generateKeyPairSync('ml-dsa-44');
    case 'ML-DSA-65':
      return generateKeyPairSync('ml-dsa-65');
    case 'ML-DSA-87':
      return generateKeyPairSync('ml-dsa-87');
    default:
      return generateKeyPair(algorithm, { extractable: true });
  }
}
