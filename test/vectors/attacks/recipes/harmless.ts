// What looks like an attack and is granted: it changes nothing that is decided. Each says why.
import type { Mint } from '../../tokens/mint.ts';
import { granted } from '../../tokens/recipes/recipe.ts';
import { joinNumbers, ORDER, splitNumbers } from '../forge.ts';
import { type AttackRecipe, attacks } from './attack-recipe.ts';

export function harmless({ token, publicKey }: Mint): AttackRecipe[] {
  return [
    ...attacks(
      'to have a second token of the same claims. It is worth no more than the first: nothing is refused or remembered by the text of a token alone, and half of all honest signatures are of this form',
      'RFC 7518 section 3.4 (which asks for no low s)',
      (
        [
          ['cluster-es256', 'ES256', 64],
          ['cluster-es384', 'ES384', 96],
          ['cluster-es512', 'ES512', 132],
        ] as const
      ).map(([key, alg, bytes]) => ({
        name: `${alg} with n - s instead of s`,
        password: token({
          key,
          signature: (signature) => {
            const { r, s } = splitNumbers(signature);
            return joinNumbers(r, ORDER[alg] - s, bytes);
          },
        }),
        expected: granted(),
      })),
    ),
    ...attacks(
      'to have a key used that the token brings along. It is not looked at; the signature is by the issuer, who signed that header too',
      'RFC 8725 section 3.10',
      [
        {
          name: 'jwk, jku, x5u and x5c of an attacker in a token that the issuer signed',
          password: token({
            header: {
              jwk: publicKey('attacker-rs256'),
              jku: 'https://attacker.example.com/keys',
              x5u: 'https://attacker.example.com/chain.pem',
              x5c: ['MIIB'],
            },
          }),
          expected: granted(),
        },
        {
          name: 'jwk of an attacker in a token that the issuer signed with its one key without kid',
          policy: 'nameless',
          password: token({
            key: 'nameless-rs256',
            header: { kid: 'attacker-rs256', jwk: publicKey('attacker-rs256') },
          }),
          expected: granted('nameless'),
        },
      ],
    ),
    ...attacks(
      'to have claims read in another way. Without crit these members change nothing, and what was signed is what is read',
      'RFC 7797 section 6, RFC 7515 section 4.1.10',
      [
        {
          name: 'b64 false, zip and cty without crit, signed as every token is',
          password: token({ header: { b64: false, zip: 'DEF', cty: 'JWT', enc: 'A128GCM' } }),
          expected: granted(),
        },
      ],
    ),
    ...attacks(
      'to be taken for something else by claims that are not looked at',
      'RFC 8725 section 3.10',
      [
        {
          name: 'another token and other claims inside of the claims',
          password: token({
            claims: {
              jwt: token({ key: 'attacker-rs256' }),
              SUB: 'system:serviceaccount:foo:admin',
              act: { sub: 'admin' },
            },
          }),
          expected: granted(),
        },
      ],
    ),
    ...attacks(
      'to have a time compared that is no whole number. It may have a fraction, and is compared with it',
      'RFC 7519 section 2',
      [
        {
          name: 'exp, nbf and iat with fractions',
          password: token({
            claims: { exp: 1_767_226_140.5, nbf: 1_767_225_540.25, iat: 1.767e9 + 225_540.125 },
          }),
          expected: granted(),
        },
      ],
    ),
  ];
}
