// What all makers in JavaScript share: which tokens are asked for, and how they are handed back.
import { generateKeyPairSync, webcrypto } from 'node:crypto';

/**
 * Calls make for each algorithm of the command line; it returns the published keys, as text, and a token. The issuer is the first
 * word with the algorithm behind it.
 */
export async function run(make) {
  const [issuer, audience, subject, ...algorithms] = process.argv.slice(2);
  for (const alg of algorithms) {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: `${issuer}/${alg}`,
      aud: audience,
      sub: subject,
      iat: now,
      exp: now + 600,
    };
    const { keys, token } = await make(alg, claims);
    process.stdout.write(`${JSON.stringify({ keys, token })}\n`);
  }
}

export const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** For libraries that leave keys to Node, and know no JWK: two PEM files. */
export function generatePEM(alg) {
  const encoding = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  };
  if (Object.hasOwn(CURVES, alg)) {
    return generateKeyPairSync('ec', { namedCurve: CURVES[alg], ...encoding });
  }
  return alg === 'EdDSA'
    ? generateKeyPairSync('ed25519', encoding)
    : generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
}

/** For libraries that leave keys and JWKs to Web Crypto. */
export async function generateWebCrypto(alg) {
  const key = await webcrypto.subtle.generateKey(algorithmOf(alg), true, ['sign', 'verify']);
  const jwk = await webcrypto.subtle.exportKey('jwk', key.publicKey);
  return { privateKey: key.privateKey, keys: JSON.stringify({ keys: [jwk] }) };
}

function algorithmOf(alg) {
  if (Object.hasOwn(CURVES, alg)) return { name: 'ECDSA', namedCurve: CURVES[alg] };
  if (alg === 'EdDSA') return { name: 'Ed25519' };
  return {
    name: alg.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5',
    hash: `SHA-${alg.slice(2)}`,
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
}
