// ML-DSA: levels mixed up, signatures of something else than the text alone, and second forms of a true signature.
import { createHash, createHmac } from 'node:crypto';

import type { Mint, TokenOptions } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  keyUnfit,
  malformed,
  signatureInvalid,
  truncated,
} from './attack-recipe.ts';

const KID = 'modern-ml-dsa-44';
/** Of ML-DSA-44: where the hint begins in a signature, and how many positions it has room for (FIPS 204 section 7.2). */
const [HINT_AT, HINT_SIZE] = [2420 - 84, 80];

export function mlDSA({ token, publicKey }: Mint): AttackRecipe[] {
  const by = (name: string, options: TokenOptions, expected: Recipe['expected']): Recipe => ({
    name,
    policy: 'ml-dsa',
    password: token({ key: KID, ...options }),
    expected,
  });
  const invalid = (name: string, signature: NonNullable<TokenOptions['signature']>): Recipe =>
    by(name, { signature }, signatureInvalid(KID, 'ML-DSA-44'));
  const valid = token({ key: KID });
  const signedText = valid.slice(0, valid.lastIndexOf('.'));
  const shortened = token({ key: KID, header: { alg: 'ML-DSA-65', kid: 'modern-ml-dsa-65' } });
  const secret = Buffer.from(publicKey(KID).pub ?? '', 'base64url');
  return [
    ...attacks(
      'to have a key used by another algorithm than its own',
      'RFC 8725 section 3.1, RFC 9964 section 4',
      [
        by(
          'ML-DSA-44 by the kid of an ML-DSA-65 key',
          { header: { kid: 'modern-ml-dsa-65' } },
          keyUnfit('modern-ml-dsa-65', 'ML-DSA-65', 'ML-DSA-44'),
        ),
        by(
          'ML-DSA-65 by the kid of an ML-DSA-44 key',
          { key: 'modern-ml-dsa-65', header: { kid: KID } },
          keyUnfit(KID, 'ML-DSA-44', 'ML-DSA-65'),
        ),
        {
          name: 'an ML-DSA-44 signature as ML-DSA-65',
          policy: 'ml-dsa',
          password: shortened,
          expected: truncated(shortened, 'its ML-DSA-65 signature has 2420 of 3309 bytes'),
        },
        by(
          'an ML-DSA-87 signature as ML-DSA-44',
          { key: 'modern-ml-dsa-87', header: { alg: 'ML-DSA-44', kid: KID } },
          malformed('the ML-DSA-44 signature has 4627 bytes; expected 2420'),
        ),
        by(
          'an ML-DSA-44 signature as Ed25519, by the kid of an Ed25519 key',
          { header: { alg: 'Ed25519', kid: 'modern-ed25519' } },
          malformed('the Ed25519 signature has 2420 bytes; expected 64'),
        ),
        by(
          'Ed25519 by the kid of an ML-DSA-44 key',
          { key: 'modern-ed25519', header: { kid: KID } },
          keyUnfit(KID, 'ML-DSA-44', 'Ed25519'),
        ),
        by(
          'an HMAC with the public key as its secret',
          {
            header: { alg: 'HS256' },
            signature: (_, text) => createHmac('sha256', secret).update(text).digest(),
          },
          algorithmNotAllowed('"HS256"'),
        ),
      ],
    ),
    ...attacks('to be believed with a signature by another key', 'RFC 8725 section 3.3', [
      by(
        'another key under the kid of the issuer',
        { key: 'attacker-ml-dsa-44', header: { kid: KID } },
        signatureInvalid(KID, 'ML-DSA-44'),
      ),
      by(
        'another key without kid',
        { key: 'attacker-ml-dsa-44', header: { kid: undefined } },
        signatureInvalid(KID, 'ML-DSA-44'),
      ),
      invalid('a signature of zeros', () => Buffer.alloc(2420)),
      invalid('a signature of FF', () => Buffer.alloc(2420, 0xff)),
    ]),
    ...attacks(
      'to have a signature believed that was made for something else',
      'RFC 9964 section 4, FIPS 204 sections 5.2 and 5.4',
      [
        by(
          'a true signature of other claims',
          { signedText: token({ claims: { sub: 'somebody' } }) },
          signatureInvalid(KID, 'ML-DSA-44'),
        ),
        by(
          'a true signature of the hash of the text',
          { signedText: createHash('sha512').update(signedText).digest('hex') },
          signatureInvalid(KID, 'ML-DSA-44'),
        ),
        by(
          'a true signature of the text in a context',
          { context: 'pgtoken' },
          signatureInvalid(KID, 'ML-DSA-44'),
        ),
      ],
    ),
    ...attacks('to have another form of a true signature accepted', 'FIPS 204 section 7.2', [
      invalid('a byte of the hint set that is not in use', (signature) => {
        const changed = Buffer.from(signature);
        changed[HINT_AT + HINT_SIZE - 1]! ^= 1;
        return changed;
      }),
      invalid('the ends of the hint out of order', (signature) => {
        const changed = Buffer.from(signature);
        changed.set([0], 2419);
        return changed;
      }),
      invalid('the first byte of the challenge changed', (signature) => {
        const changed = Buffer.from(signature);
        changed[0]! ^= 1;
        return changed;
      }),
    ]),
  ];
}
