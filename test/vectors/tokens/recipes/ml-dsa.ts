// ML-DSA (RFC 9964): signatures of 2420 to 4627 bytes, accepted where they are asked for.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const LEVELS = [
  ['ML-DSA-44', 2420],
  ['ML-DSA-65', 3309],
  ['ML-DSA-87', 4627],
] as const;
const CLASSICAL = 'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519';

export function mlDSATokens({ token }: Mint): Recipe[] {
  const long = token({ key: 'modern-ml-dsa-87', bytes: 7400 });
  const signature = long.lastIndexOf('.') + 1;
  return [
    ...LEVELS.flatMap(([alg, bytes]): Recipe[] => {
      const key = `modern-${alg.toLowerCase()}`;
      return [
        {
          name: `grants ${alg}`,
          policy: 'ml-dsa',
          password: token({ key }),
          expected: granted('ml-dsa'),
        },
        {
          name: `refuses ${alg} where it is not written`,
          policy: 'modern',
          password: token({ key }),
          expected: {
            code: 'ERR_ALGORITHM_NOT_ALLOWED',
            message: `the token is signed with alg ${alg}; expected one of ${CLASSICAL} (token.algorithms)`,
          },
        },
        {
          name: `refuses ${alg} with one bit of its signature changed`,
          policy: 'ml-dsa',
          password: token({
            key,
            signature: (bytes_) => {
              const changed = Buffer.from(bytes_);
              changed[1000]! ^= 1;
              return changed;
            },
          }),
          expected: {
            code: 'ERR_SIGNATURE_INVALID',
            message: `the signature does not verify with the issuer's key "${key}" (${alg})`,
          },
        },
        {
          name: `refuses ${alg} with one byte too many`,
          policy: 'ml-dsa',
          password: token({ key, signature: (bytes_) => Buffer.concat([bytes_, Buffer.of(0)]) }),
          expected: {
            code: 'ERR_TOKEN_MALFORMED',
            message: `the ${alg} signature has ${bytes + 1} bytes; expected ${bytes}`,
          },
        },
      ];
    }),
    {
      name: 'grants a token of 7400 bytes, as a cluster that signs with ML-DSA-87 issues them',
      policy: 'ml-dsa',
      password: long,
      expected: granted('ml-dsa'),
    },
    {
      name: 'grants ML-DSA by a public key in PEM',
      policy: 'ml-dsa-pem',
      password: token({ key: 'modern-ml-dsa-44' }),
      expected: granted('ml-dsa-pem'),
    },
    {
      name: 'sees that an ML-DSA token was cut to 2047 bytes in its signature',
      policy: 'ml-dsa',
      password: token({ key: 'modern-ml-dsa-44' }).slice(0, 2047),
      expected: {
        code: 'ERR_TOKEN_TRUNCATED',
        message: `the token was cut to 2047 bytes on its way: its ML-DSA-44 signature has ${Math.floor(((2047 - (token({ key: 'modern-ml-dsa-44' }).lastIndexOf('.') + 1)) * 3) / 4)} of 2420 bytes`,
        hint: 'PgBouncer up to 1.25.2 keeps at most 2047 bytes of a password: upgrade it or use shorter tokens.',
      },
    },
    {
      name: 'sees that the last bytes of an ML-DSA-87 signature are missing',
      policy: 'ml-dsa',
      password: long.slice(0, signature + 6000),
      expected: {
        code: 'ERR_TOKEN_TRUNCATED',
        message: `the token was cut to ${signature + 6000} bytes on its way: its ML-DSA-87 signature has 4500 of 4627 bytes`,
      },
    },
  ];
}
