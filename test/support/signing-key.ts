// One key of an issuer: made by jose, published as a JWK, and signing whatever bytes it is given, also what no honest issuer
// would sign.
import { constants, KeyObject, sign, type SignKeyObjectInput } from 'node:crypto';

import { exportJWK, generateKeyPair, type JWK } from 'jose';

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
  | 'EdDSA';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJWK: JWK;
  readonly privateJWK: JWK;
  readonly sign: (data: string) => Buffer;
}

interface Signature {
  readonly hash: string | null;
  readonly options: Omit<SignKeyObjectInput, 'key'>;
}

const RSA = { padding: constants.RSA_PKCS1_PADDING };
const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};
const ECDSA = { dsaEncoding: 'ieee-p1363' } as const;

const SIGNATURES: Readonly<Record<SigningAlgorithm, Signature>> = {
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
};

/** Makes a key. RSA keys have 2048 bits. */
export async function createSigningKey(
  algorithm: SigningAlgorithm,
  kid: string,
): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const common = { kid, alg: algorithm, use: 'sig' };
  const key = KeyObject.from(privateKey);
  const { hash, options } = SIGNATURES[algorithm];
  return {
    kid,
    algorithm,
    publicJWK: { ...(await exportJWK(publicKey)), ...common },
    privateJWK: { ...(await exportJWK(privateKey)), ...common },
    sign: (data) => sign(hash, Buffer.from(data), { key, ...options }),
  };
}
