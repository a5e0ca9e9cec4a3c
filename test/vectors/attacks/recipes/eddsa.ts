// EdDSA: keys of small order, by which everybody can sign; second halves that are not reduced; other curves.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  addOrder,
  challengeOf,
  type Pair,
  scalarOf,
  signEdDSA,
  SMALL_ORDER_POINTS,
} from '../forge.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  keyUnfit,
  malformed,
  signatureInvalid,
} from './attack-recipe.ts';

/** The kid under which policy small-order pins a point. */
export const smallOrderKid = (index: number): string => `small-order-${index + 1}`;

export function eddsa({ token, publicKey, privateKey }: Mint): AttackRecipe[] {
  const invalid = (
    name: string,
    signature: (signature: Buffer, text: string) => Buffer,
  ): Recipe => ({
    name,
    password: token({ key: 'cluster-eddsa', signature }),
    expected: signatureInvalid('cluster-eddsa', 'EdDSA'),
  });
  const seed = Buffer.from(
    privateKey('attacker-eddsa').export({ format: 'jwk' }).d ?? '',
    'base64url',
  );
  const nonce = {
    point: Buffer.from(publicKey('attacker-eddsa').x ?? '', 'base64url'),
    scalar: scalarOf(seed),
  };
  const identity = { point: Buffer.from(SMALL_ORDER_POINTS[0]!, 'hex'), scalar: 0n };

  const bySmallOrder = SMALL_ORDER_POINTS.flatMap((hex, index): Recipe[] => {
    const kid = smallOrderKid(index);
    const own = { point: Buffer.from(hex, 'hex'), scalar: 0n };
    const forged = (what: string, chosen: Pair, wanted: bigint, alg = 'EdDSA'): Recipe => ({
      name: `a key of small order ${shorten(hex)}, and ${what}${alg === 'EdDSA' ? '' : `, as ${alg}`}`,
      policy: 'small-order',
      password: withChallenge(wanted, (jti, isRight) =>
        token({
          key: 'attacker-eddsa',
          header: { kid, alg },
          claims: { jti },
          signature: (_, text) => {
            isRight(challengeOf(text, own, chosen));
            return signEdDSA(text, own, chosen);
          },
        }),
      ),
      expected: signatureInvalid(kid, alg),
    });
    return [
      forged('any nonce', nonce, 0n),
      forged('the identity as nonce', identity, 0n),
      forged('itself as nonce', own, 7n),
      forged('itself as nonce', own, 7n, 'Ed25519'),
    ];
  });
  return [
    ...attacks(
      'to sign by a published key of small order, for which no secret is needed',
      'RFC 8032 section 8.4, RFC 8725 section 3.4',
      bySmallOrder,
    ),
    ...attacks('to have an equation hold for every text', 'RFC 8032 section 5.1.7', [
      invalid('a signature of zeros', () => Buffer.alloc(64)),
      invalid('a signature of FF', () => Buffer.alloc(64, 0xff)),
      invalid('the second half zero', (signature) =>
        Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)]),
      ),
      ...SMALL_ORDER_POINTS.map((hex) =>
        invalid(`a first half of small order ${shorten(hex)}`, (signature) =>
          Buffer.concat([Buffer.from(hex, 'hex'), signature.subarray(32)]),
        ),
      ),
      invalid('the key itself as the first half, and zeros', () =>
        Buffer.concat([
          Buffer.from(publicKey('cluster-eddsa').x ?? '', 'base64url'),
          Buffer.alloc(32),
        ]),
      ),
    ]),
    ...attacks('to have another form of a true signature accepted', 'RFC 8032 section 8.4', [
      invalid('the order of the group added to the second half', addOrder),
      invalid('a bit set above the highest of the second half', (signature) => {
        const changed = Buffer.from(signature);
        changed[63]! |= 0x80;
        return changed;
      }),
      invalid('the sign of the first half changed', (signature) => {
        const changed = Buffer.from(signature);
        changed[31]! ^= 0x80;
        return changed;
      }),
      invalid('the halves swapped', (signature) =>
        Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
      ),
    ]),
    ...attacks('to have another key or another curve used', 'RFC 8037 section 3.1', [
      {
        name: 'another key under the kid of the issuer',
        password: token({ key: 'attacker-eddsa', header: { kid: 'cluster-eddsa' } }),
        expected: signatureInvalid('cluster-eddsa', 'EdDSA'),
      },
      {
        name: 'EdDSA by the kid of an RSA key',
        password: token({ key: 'attacker-eddsa', header: { kid: 'cluster-rs256' } }),
        expected: keyUnfit('cluster-rs256', 'RS256', 'EdDSA'),
      },
      {
        name: 'another key under the kid of the issuer, as Ed25519',
        password: token({
          key: 'attacker-eddsa',
          header: { kid: 'cluster-eddsa', alg: 'Ed25519' },
        }),
        expected: signatureInvalid('cluster-eddsa', 'Ed25519'),
      },
      {
        name: 'Ed448 by the kid of an Ed25519 key',
        password: token({ key: 'attacker-eddsa', header: { kid: 'cluster-eddsa', alg: 'Ed448' } }),
        expected: algorithmNotAllowed('"Ed448"'),
      },
      {
        name: 'Ed25519, with a signature of Ed448',
        password: token({
          key: 'attacker-eddsa',
          header: { kid: 'cluster-eddsa', alg: 'Ed25519' },
          signature: () => Buffer.alloc(114, 1),
        }),
        expected: malformed('the Ed25519 signature has 114 bytes; expected 64'),
      },
    ]),
  ];
}

/** Tries one token after the other until eight times the key comes to nothing, so that the equation holds. */
function withChallenge(
  wanted: bigint,
  make: (jti: string, isRight: (challenge: bigint) => void) => string,
): string {
  for (let n = 0; n < 1000; n += 1) {
    let right = false;
    const password = make(String(n), (challenge) => {
      right = challenge % 8n === wanted;
    });
    if (right) return password;
  }
  throw new Error('no challenge is the one that is wanted');
}

function shorten(hex: string): string {
  return `${hex.slice(0, 8)}..${hex.slice(-2)}`;
}
