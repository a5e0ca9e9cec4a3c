// Ed25519 under the name that RFC 9864 gives it, beside EdDSA.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const SUPPORTED =
  'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87';

export function ed25519Tokens({ token }: Mint): Recipe[] {
  const unsupported = (alg: string): Recipe => ({
    name: `refuses alg ${alg}`,
    policy: 'modern',
    password: token({ key: 'modern-ed25519', header: { alg } }),
    expected: {
      code: 'ERR_ALGORITHM_NOT_ALLOWED',
      message: `the token is signed with alg "${alg}"; expected one of ${SUPPORTED}`,
    },
  });
  return [
    {
      name: 'grants alg Ed25519 by a key of alg Ed25519',
      policy: 'modern',
      password: token({ key: 'modern-ed25519' }),
      expected: granted('modern'),
    },
    {
      name: 'grants alg EdDSA by a key of alg Ed25519',
      policy: 'modern',
      password: token({ key: 'modern-ed25519', header: { alg: 'EdDSA' } }),
      expected: granted('modern'),
    },
    {
      name: 'grants alg Ed25519 by a key of alg EdDSA',
      password: token({ key: 'cluster-eddsa', header: { alg: 'Ed25519' } }),
      expected: granted(),
    },
    {
      name: 'grants alg EdDSA where it alone is accepted',
      policy: 'eddsa-only',
      password: token({ key: 'modern-ed25519', header: { alg: 'EdDSA' } }),
      expected: granted('eddsa-only'),
    },
    {
      name: 'refuses alg Ed25519 where EdDSA alone is accepted',
      policy: 'eddsa-only',
      password: token({ key: 'modern-ed25519' }),
      expected: {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message: 'the token is signed with alg Ed25519; expected EdDSA (token.algorithms)',
      },
    },
    {
      name: 'refuses alg EdDSA where Ed25519 alone of the two is accepted',
      policy: 'ml-dsa',
      password: token({ key: 'modern-ed25519', header: { alg: 'EdDSA' } }),
      expected: {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message:
          'the token is signed with alg EdDSA; expected one of ML-DSA-44, ML-DSA-65, ML-DSA-87, Ed25519 (token.algorithms)',
      },
    },
    {
      name: 'refuses alg Ed25519 by the kid of an ES256 key',
      password: token({ key: 'cluster-eddsa', header: { alg: 'Ed25519', kid: 'cluster-es256' } }),
      expected: {
        code: 'ERR_KEY_UNKNOWN',
        message: 'the key with kid "cluster-es256" is for ES256; the token\'s alg is Ed25519',
      },
    },
    {
      name: "refuses another key's Ed25519 signature under the issuer's kid",
      policy: 'modern',
      password: token({ key: 'cluster-eddsa', header: { alg: 'Ed25519', kid: 'modern-ed25519' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the signature does not verify with the issuer\'s key "modern-ed25519" (Ed25519)',
      },
    },
    ...['ed25519', 'ED25519', 'Ed25519ph', 'Ed448', 'Ed25519 '].map(unsupported),
  ];
}
