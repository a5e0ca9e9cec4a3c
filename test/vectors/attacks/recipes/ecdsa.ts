// ECDSA: numbers that are zero or too large, DER, the wrong curve, and forms of one signature.
import { encode, type Mint, type TokenOptions } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import { inDER, joinNumbers, ORDER, splitNumbers } from '../forge.ts';
import {
  type AttackRecipe,
  attacks,
  keyUnfit,
  malformed,
  signatureInvalid,
  truncated,
} from './attack-recipe.ts';

const CURVES = [
  ['cluster-es256', 'ES256', 64],
  ['cluster-es384', 'ES384', 96],
  ['cluster-es512', 'ES512', 132],
] as const;

export function ecdsa({ token }: Mint): AttackRecipe[] {
  return CURVES.flatMap(([key, alg, bytes]) => {
    const n = ORDER[alg];
    const most = 256n ** BigInt(bytes / 2) - 1n;
    const numbers = (name: string, r: bigint | undefined, s: bigint | undefined): Recipe => ({
      name: `${alg} with ${name}`,
      password: token({
        key,
        signature: (signature) => {
          const own = splitNumbers(signature);
          return joinNumbers(r ?? own.r, s ?? own.s, bytes);
        },
      }),
      expected: signatureInvalid(key, alg),
    });
    const changed = (name: string, change: TokenOptions['signature']): Recipe => ({
      name: `${alg} with ${name}`,
      password: token({ key, signature: change! }),
      expected: signatureInvalid(key, alg),
    });
    const sized = (name: string, change: (signature: Buffer) => Buffer): Recipe => {
      let length = 0;
      const password = token({
        key,
        signature: (signature) => {
          const made = change(signature);
          length = made.length;
          return made;
        },
      });
      return {
        name: `${alg} with ${name}`,
        password,
        expected:
          length < bytes
            ? truncated(password, `its ${alg} signature has ${length} of ${bytes} bytes`)
            : malformed(`the ${alg} signature has ${length} bytes; expected ${bytes}`),
      };
    };
    const psychic = token({ key, signature: () => 'MAYCAQACAQA' });
    return [
      ...attacks(
        'to have an equation hold for every text',
        'CVE-2022-21449, RFC 8725 section 3.4',
        [
          numbers('r = s = 0', 0n, 0n),
          numbers('r = 0', 0n, undefined),
          numbers('s = 0', undefined, 0n),
          numbers('r = s = 1', 1n, 1n),
          numbers('r = 1', 1n, undefined),
          numbers('s = 1', undefined, 1n),
          numbers('r = s = n', n, n),
          numbers('r = n', n, undefined),
          numbers('s = n', undefined, n),
          numbers('r = 0 and s = n', 0n, n),
          numbers('r = n and s = 0', n, 0n),
          numbers('r = n - 1', n - 1n, undefined),
          numbers('s = n - 1', undefined, n - 1n),
          numbers('r = s = n - 1', n - 1n, n - 1n),
          numbers('r = n + 1', n + 1n, undefined),
          numbers('r = s as large as can be', most, most),
          {
            name: `${alg} with zeros in DER`,
            password: psychic,
            expected: truncated(psychic, `its ${alg} signature has 8 of ${bytes} bytes`),
          },
        ],
      ),
      ...attacks('to have a signature taken in another form', 'RFC 7518 section 3.4', [
        // Of one length or another, as r and s are; for each the length decides.
        sized('its signature in DER', inDER),
        changed('r and s swapped', (signature) => {
          const { r, s } = splitNumbers(signature);
          return joinNumbers(s, r, bytes);
        }),
        changed('the bytes of r and s the other way round', (signature) =>
          Buffer.concat([
            signature.subarray(0, bytes / 2).toReversed(),
            signature.subarray(bytes / 2).toReversed(),
          ]),
        ),
        sized('a zero in front of r', (signature) => Buffer.concat([Buffer.of(0), signature])),
        sized('a zero behind s', (signature) => Buffer.concat([signature, Buffer.of(0)])),
        sized('zeros in front of both', (signature) =>
          Buffer.concat([
            Buffer.of(0),
            signature.subarray(0, bytes / 2),
            Buffer.of(0),
            signature.subarray(bytes / 2),
          ]),
        ),
        sized('the first byte of r left out', (signature) => signature.subarray(1)),
        sized('the signature twice', (signature) => Buffer.concat([signature, signature])),
        sized('r alone', (signature) => signature.subarray(0, bytes / 2)),
      ]),
      ...(alg === 'ES512'
        ? attacks('to have numbers reduced that are too large', 'CVE-2022-21449', [
            changed('n added to r', (signature) => {
              const { r, s } = splitNumbers(signature);
              return joinNumbers(r + n, s, bytes);
            }),
            changed('n added to s', (signature) => {
              const { r, s } = splitNumbers(signature);
              return joinNumbers(r, s + n, bytes);
            }),
            changed('a bit set above the highest of s', (signature) => {
              const { r, s } = splitNumbers(signature);
              return joinNumbers(r, s + (1n << 527n), bytes);
            }),
          ])
        : []),
    ];
  }).concat(
    attacks('to be verified on another curve, or over another hash', 'RFC 7518 section 3.4', [
      {
        name: 'ES256 by a key on secp256k1',
        password: token({
          key: 'attacker-secp256k1',
          algorithm: 'ES256',
          header: { alg: 'ES256', kid: 'cluster-es256' },
        }),
        expected: signatureInvalid('cluster-es256', 'ES256'),
      },
      {
        name: 'ES256 by another key on P-256',
        password: token({ key: 'attacker-es256', header: { kid: 'cluster-es256' } }),
        expected: signatureInvalid('cluster-es256', 'ES256'),
      },
      {
        name: 'ES384 by another key on P-384',
        password: token({ key: 'attacker-es384', header: { kid: 'cluster-es384' } }),
        expected: signatureInvalid('cluster-es384', 'ES384'),
      },
      {
        name: 'ES256 by the kid of a key on P-384',
        password: token({ key: 'cluster-es256', header: { kid: 'cluster-es384' } }),
        expected: keyUnfit('cluster-es384', 'ES384', 'ES256'),
      },
      {
        name: 'ES384 by the kid of a key on P-256',
        password: token({ key: 'cluster-es384', header: { kid: 'cluster-es256' } }),
        expected: keyUnfit('cluster-es256', 'ES256', 'ES384'),
      },
      {
        name: "ES256 by the issuer's key over SHA-384",
        password: token({ key: 'cluster-es256', algorithm: 'ES384', header: { alg: 'ES256' } }),
        expected: signatureInvalid('cluster-es256', 'ES256'),
      },
      {
        name: "ES256 by the issuer's key over SHA-512",
        password: token({ key: 'cluster-es256', algorithm: 'ES512', header: { alg: 'ES256' } }),
        expected: signatureInvalid('cluster-es256', 'ES256'),
      },
      {
        name: "ES256 by the issuer's key over the claims alone",
        password: token({ key: 'cluster-es256', signedText: encode('{}') }),
        expected: signatureInvalid('cluster-es256', 'ES256'),
      },
    ]),
  );
}
