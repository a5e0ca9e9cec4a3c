// Key sets as they are published: what serialisers write for members that a key does not have, and numbers in more or fewer bytes
// than RFC 7518 asks for.
import type { JWK } from 'jose';

import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const NONE = { use: null, key_ops: null, x5u: null, x5c: null, x5t: null, exp: null };
const NO_SECRETS = { d: null, p: null, q: null, dp: null, dq: null, qi: null, oth: null, k: null };

/** The key set of policy published. Each key has a kid of its own that says what is special about it. */
export function publishedKeySet({ publicKey }: Mint): unknown {
  const { kid: _kid, ...nameless } = publicKey('nameless-rs256');
  return {
    keys: [
      {
        ...publicKey('cluster-rs256'),
        kid: 'rsa-null',
        ...NONE,
        ...NO_SECRETS,
        crv: null,
        x: null,
        y: null,
        pub: null,
        priv: null,
      },
      {
        ...publicKey('cluster-es256'),
        kid: 'ec-null',
        alg: null,
        use: 'sig',
        ...NO_SECRETS,
        n: null,
        e: null,
      },
      { ...publicKey('cluster-eddsa'), kid: 'okp-null', ...NONE, ...NO_SECRETS, y: null },
      { ...publicKey('cluster-ps256'), kid: 'empty-lists', key_ops: [], oth: [], x5c: [] },
      { ...publicKey('cluster-es384'), kid: 'empty-texts', d: '', x5t: '' },
      { ...publicKey('cluster-rsa'), kid: 'two-operations', key_ops: ['sign', 'verify'] },
      { ...nameless, kid: null, use: 'sig' },
      withoutZeros({ ...publicKey('zeros-es256'), kid: 'ec-short' }),
      withoutZeros({ ...publicKey('zeros-es512'), kid: 'ec-short-p521' }),
      withZero({ ...publicKey('cluster-es512'), kid: 'ec-long-p521' }),
      withZero({ ...publicKey('cluster-rs512'), kid: 'rsa-long' }),
      { ...publicKey('odd-rs256'), kid: 'rsa-2050' },
    ],
    next: null,
  };
}

/** As Authlib and Rhonabwy write a coordinate: as a number, without the zero bytes in front (RFC 7518 section 6.2.1.2 keeps them). */
function withoutZeros({ x = '', y = '', ...rest }: JWK): JWK {
  const short = (number: string): string => {
    const bytes = Buffer.from(number, 'base64url');
    return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString('base64url');
  };
  return { ...rest, x: short(x), y: short(y) };
}

/** As Java writes a number of which the first bit is set: with a zero byte in front (RFC 7518 section 2 has none). */
function withZero(key: JWK): JWK {
  const long = (number: string): string =>
    Buffer.concat([Buffer.of(0), Buffer.from(number, 'base64url')]).toString('base64url');
  const { n, x, y } = key;
  return {
    ...key,
    ...(n === undefined ? {} : { n: long(n) }),
    ...(x === undefined || y === undefined ? {} : { x: long(x), y: long(y) }),
  };
}

export function publishedTokens({ token }: Mint): Recipe[] {
  const by = (key: string, kid: string, what: string): Recipe => ({
    name: `grants a token by a key ${what}`,
    policy: 'published',
    password: token({ key, header: { kid } }),
    expected: granted('published'),
  });
  return [
    by('cluster-rs256', 'rsa-null', 'whose other members are null, RSA'),
    by('cluster-es256', 'ec-null', 'whose other members are null, EC, alg among them'),
    by('cluster-eddsa', 'okp-null', 'whose other members are null, OKP'),
    by('cluster-ps256', 'empty-lists', 'with empty key_ops, oth and x5c'),
    by('cluster-es384', 'empty-texts', 'with an empty d'),
    by('cluster-rsa', 'two-operations', 'that may sign as well'),
    by('zeros-es256', 'ec-short', 'whose coordinates lack their zero bytes, P-256'),
    by('zeros-es512', 'ec-short-p521', 'whose coordinates lack their zero bytes, P-521'),
    by('cluster-es512', 'ec-long-p521', 'whose coordinates have a zero byte more, P-521'),
    by('cluster-rs512', 'rsa-long', 'whose modulus has a zero byte in front'),
    by(
      'odd-rs256',
      'rsa-2050',
      'of 2050 bits, whose signatures have a byte more than those of 2048',
    ),
    by('nameless-rs256', 'of-another', 'whose kid is null, by any kid'),
    {
      name: 'refuses a token by another key under the kid of one with members that are null',
      policy: 'published',
      password: token({ key: 'attacker-rs256', header: { kid: 'rsa-null' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the signature does not verify with the issuer\'s key "rsa-null" (RS256)',
      },
    },
    {
      name: 'refuses a token whose kid is the text null, by no key of the issuer',
      policy: 'published',
      password: token({ key: 'attacker-rs256', header: { kid: 'null' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: "the signature does not verify with the issuer's key without kid (RS256)",
      },
    },
  ];
}
