// Keys that an API server signs the tokens of service accounts with.
import { generateKeyPairSync } from 'node:crypto';

export interface AccountKey {
  /** PEM. */
  readonly privateKey: string;
  readonly publicKey: string;
}

export type AccountKeyType = 'RSA' | 'P-256' | 'P-384';

export function createAccountKey(type: AccountKeyType): AccountKey {
  const encoding = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
  // What kubeadm makes.
  if (type === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
  return generateKeyPairSync('ec', { namedCurve: type, ...encoding });
}
