// From a JWKS document to the keys that may verify a signature, and why the others may not.
import { describe, expect, it } from 'vitest';

import { algorithmsOf } from '../../../src/keys/formats/algorithms-of.ts';
import { parseKeySet } from '../../../src/keys/formats/parse-key-set.ts';
import { createMint, loadPrivateKeys } from '../../vectors/tokens/mint.ts';

const mint = await createMint();
const privateKeys = await loadPrivateKeys();

const RSA = mint.publicKey('cluster-rs256');
const EC = mint.publicKey('cluster-es256');
const OKP = mint.publicKey('cluster-eddsa');
const AKP = mint.publicKey('modern-ml-dsa-44');

function parse(...keys: readonly unknown[]) {
  const parsed = parseKeySet({ keys });
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** A modulus or exponent of so many bits, all of them set. */
function number(bits: number): string {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  if (bits % 8 > 0) bytes[0] = 2 ** (bits % 8) - 1;
  return bytes.toString('base64url');
}

describe('a key set', () => {
  it('has its usable keys in their order', () => {
    expect(parse(RSA, EC, OKP)).toEqual({ keySet: { keys: [RSA, EC, OKP] }, rejected: [] });
  });

  it('takes over nothing but what a key is made of', () => {
    const extras = {
      x5c: ['MIIB'],
      x5u: 'https://attacker.example.com',
      x5t: 'abc',
      use: 'sig',
      key_ops: ['verify'],
      ext: true,
      extra: { nested: true },
    };
    expect(
      parse({ ...RSA, ...extras, y: 'not for RSA' }, { ...EC, ...extras, n: 'not for EC' }),
    ).toEqual({
      keySet: { keys: [RSA, EC] },
      rejected: [],
    });
  });

  it('uses the sound keys beside those it leaves out, and says which those are', () => {
    expect(parse({ ...EC, use: 'enc' }, RSA, 'key', OKP)).toEqual({
      keySet: {
        keys: [RSA, OKP],
        leftOut: [
          { kid: 'cluster-es256', reason: 'has use "enc"; expected "sig"' },
          { reason: 'is not a JSON object' },
        ],
      },
      rejected: [
        { index: 0, kid: 'cluster-es256', reason: 'has use "enc"; expected "sig"' },
        { index: 2, reason: 'is not a JSON object' },
      ],
    });
  });

  it('remembers a bounded part of what it leaves out', () => {
    const wrong = Array.from({ length: 100 }, (_, at) => ({ ...EC, kid: `k${at}`, use: 'enc' }));
    const { keySet, rejected } = parse({ ...EC, kid: 'x'.repeat(257), use: 'enc' }, ...wrong, RSA);
    expect(rejected).toHaveLength(101);
    expect(keySet.leftOut?.map(({ kid }) => kid)).toEqual(
      Array.from({ length: 40 }, (_, at) => `k${at}`),
    );
  });

  it('may be empty', () => {
    expect(parse()).toEqual({ keySet: { keys: [] }, rejected: [] });
  });

  it.each([[{}], [{ keys: {} }], [{ keys: 'x' }], [{ keys: null }], [RSA], [{ Keys: [RSA] }]])(
    'is no JWKS: %j',
    (document) => {
      expect(parseKeySet({ ...document })).toBe(
        'it has no list of keys; expected a JWKS: {"keys": [...]}',
      );
    },
  );

  it('has at most 200 keys', () => {
    expect(parse(...Array.from({ length: 200 }, () => EC)).keySet.keys).toHaveLength(200);
    expect(parseKeySet({ keys: Array.from({ length: 201 }, () => EC) })).toBe(
      'it has 201 keys; expected at most 200',
    );
  });
});

const withKid = (key: unknown): object =>
  typeof key === 'object' && key !== null && 'kid' in key && typeof key.kid === 'string' && key.kid
    ? { kid: key.kid }
    : {};
const notVerifying = (shown: string): string =>
  `has key_ops ${shown}; expected "verify" among them`;
const akpAlg = (shown: string): string =>
  `is an AKP key of alg ${shown}; expected one of ML-DSA-44, ML-DSA-65, ML-DSA-87`;
const akpBytes = (seen: number, expected: number, level: number): string =>
  `is an AKP key whose pub has ${seen} bytes; expected ${expected}, as ML-DSA-${level} has`;

describe('a key', () => {
  const PUBLIC_ONLY = 'is a private key; expected public keys only';
  const SYMMETRIC = 'is a symmetric key; expected public keys only';
  const EXPONENT = 'is an RSA key whose public exponent is not an odd number from 3 to 2^32';

  it.each<readonly [what: string, key: unknown, reason: string]>([
    ['that is null', null, 'is not a JSON object'],
    ['that is a list', [RSA], 'is not a JSON object'],
    ['that is text', 'x', 'is not a JSON object'],

    ['that is symmetric', { kty: 'oct', k: 'AAAA', kid: 'a', alg: 'HS256' }, SYMMETRIC],
    ['that is symmetric without its secret', { kty: 'oct' }, SYMMETRIC],
    ['with a secret in it', { ...RSA, k: 'AAAA' }, SYMMETRIC],
    ...['cluster-rs256', 'cluster-es256', 'cluster-eddsa'].map(
      (name) => [`that is private: ${name}`, privateKeys[name], PUBLIC_ONLY] as const,
    ),
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'].map(
      (member) => [`with a private ${member}`, { ...RSA, [member]: 'x' }, PUBLIC_ONLY] as const,
    ),
    ['with a private member that is no text', { ...EC, d: 0 }, PUBLIC_ONLY],
    ['with other primes', { ...RSA, oth: [{ r: 'x' }] }, PUBLIC_ONLY],
    ['that is private ML-DSA', privateKeys['modern-ml-dsa-44'], PUBLIC_ONLY],

    ['for encryption', { ...RSA, use: 'enc' }, 'has use "enc"; expected "sig"'],
    ['for SIG', { ...RSA, use: 'SIG' }, 'has use "SIG"; expected "sig"'],
    ['for an empty use', { ...RSA, use: '' }, 'has use ""; expected "sig"'],
    ['that signs', { ...RSA, key_ops: ['sign'] }, notVerifying('["sign"]')],
    ['with key_ops as text', { ...RSA, key_ops: 'verify' }, notVerifying('"verify"')],
    ['with key_ops of null alone', { ...RSA, key_ops: [null] }, notVerifying('[null]')],

    ['with a kid that is a number', { ...RSA, kid: 1 }, 'has a kid or alg that is no text'],
    ['with an empty kid', { ...RSA, kid: '' }, 'has a kid or alg that is no text'],
    ['with an alg that is a list', { ...RSA, alg: ['RS256'] }, 'has a kid or alg that is no text'],
    ...['none', 'HS256', 'RSA-OAEP', 'RS1', 'rs256', 'ES256'].map(
      (alg) =>
        [
          `for alg ${alg}`,
          { ...RSA, alg },
          `has alg "${alg}", which does not fit its kty "RSA" or is not supported`,
        ] as const,
    ),
    [
      'for alg RS256 that is EC',
      { ...EC, alg: 'RS256' },
      'has alg "RS256", which does not fit its kty "EC" or is not supported',
    ],
    [
      'for alg ES256 on P-384',
      { ...mint.publicKey('cluster-es384'), alg: 'ES256' },
      'has alg "ES256", which does not fit its kty "EC" or is not supported',
    ],

    ['without a kind', { n: RSA.n, e: RSA.e }, 'has kty undefined; expected RSA, EC, OKP or AKP'],
    ['of another kind', { ...RSA, kty: 'rsa' }, 'has kty "rsa"; expected RSA, EC, OKP or AKP'],
    [
      'of kind __proto__',
      { kty: '__proto__' },
      'has kty "__proto__"; expected RSA, EC, OKP or AKP',
    ],
    ['that is AKP without alg', { ...AKP, alg: undefined }, akpAlg('undefined')],
    [
      'that is AKP for SLH-DSA',
      { ...AKP, alg: 'SLH-DSA-SHA2-128s' },
      akpAlg('"SLH-DSA-SHA2-128s"'),
    ],
    ['that is AKP for EdDSA', { ...AKP, alg: 'EdDSA' }, akpAlg('"EdDSA"')],
    ['that is AKP of another level', { ...AKP, alg: 'ML-DSA-65' }, akpBytes(1312, 1952, 65)],
    ['that is AKP without pub', { kty: 'AKP', alg: 'ML-DSA-44' }, akpBytes(0, 1312, 44)],
    ['that is AKP with pub as a list', { ...AKP, pub: [AKP.pub] }, akpBytes(0, 1312, 44)],
    [
      'that is AKP with half a pub',
      { ...AKP, pub: AKP.pub?.slice(0, 800) },
      akpBytes(600, 1312, 44),
    ],
    [
      'that is AKP with far too long a pub',
      { ...AKP, alg: 'ML-DSA-87', pub: 'A'.repeat(3501) },
      akpBytes(0, 2592, 87),
    ],

    ['that is RSA without n', { kty: 'RSA', e: 'AQAB' }, 'is an RSA key without n or e'],
    ['that is RSA without e', { kty: 'RSA', n: RSA.n }, 'is an RSA key without n or e'],
    ['that is RSA with n as a number', { ...RSA, n: 7 }, 'is an RSA key without n or e'],
    [
      'that is RSA of 1024 bits',
      { ...RSA, n: number(1024) },
      'is an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 2047 bits',
      { ...RSA, n: number(2047) },
      'is an RSA key of 2047 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 8193 bits',
      { ...RSA, n: number(8193) },
      'is an RSA key of 8193 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 1024 bits behind zeros',
      {
        ...RSA,
        n: Buffer.concat([Buffer.alloc(128), Buffer.alloc(128, 0xff)]).toString('base64url'),
      },
      'is an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA with a modulus of zeros',
      { ...RSA, n: Buffer.alloc(256).toString('base64url') },
      'is an RSA key of 0 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA with a modulus that is no base64url',
      { ...RSA, n: '!!!!' },
      'is an RSA key of 0 bits; expected 2048 to 8192',
    ],
    ['that is RSA with exponent 0', { ...RSA, e: 'AA' }, EXPONENT],
    ['that is RSA with exponent 1', { ...RSA, e: 'AQ' }, EXPONENT],
    ['that is RSA with exponent 1 behind zeros', { ...RSA, e: 'AAAB' }, EXPONENT],
    ['that is RSA with exponent 2', { ...RSA, e: 'Ag' }, EXPONENT],
    ['that is RSA with exponent 65536', { ...RSA, e: 'AQAA' }, EXPONENT],
    ['that is RSA with an exponent of 33 bits', { ...RSA, e: number(33) }, EXPONENT],

    [
      'on no curve',
      { kty: 'EC', x: EC.x, y: EC.y },
      'is on curve undefined; expected one of P-256, P-384, P-521',
    ],
    [
      'on secp256k1',
      { ...EC, crv: 'secp256k1' },
      'is on curve "secp256k1"; expected one of P-256, P-384, P-521',
    ],
    ['that is EC without y', { kty: 'EC', crv: 'P-256', x: EC.x }, 'is an EC key without x or y'],
    ['that is EC with y as a number', { ...EC, y: 1 }, 'is an EC key without x or y'],
    ['on Ed448', { ...OKP, crv: 'Ed448' }, 'is on curve "Ed448"; expected Ed25519'],
    ['on X25519', { ...OKP, crv: 'X25519' }, 'is on curve "X25519"; expected Ed25519'],
    ['that is OKP without x', { kty: 'OKP', crv: 'Ed25519' }, 'is an OKP key without x'],
  ])('%s is left out', (_what, key, reason) => {
    const { keySet, rejected } = parse(key);
    expect(keySet.keys).toEqual([]);
    expect(rejected).toEqual([{ index: 0, ...withKid(key), reason }]);
    expect(keySet.leftOut).toEqual([{ ...withKid(key), reason }]);
  });

  it.each([
    ['of 2048 bits', { n: number(2048) }],
    ['of 8192 bits', { n: number(8192) }],
    ['with exponent 3', { e: 'Aw' }],
    ['with an exponent of 32 bits', { e: number(32) }],
    ['that may also sign', { key_ops: ['sign', 'verify'] }],
    ['with members that are null', { use: null, key_ops: null, d: null, k: null, x5c: null }],
    ['with lists without a member', { key_ops: [], oth: [], x5c: [] }],
    ['with an empty d', { d: '' }],
  ])('that is RSA %s is used', (_what, members) => {
    expect(parse({ ...RSA, ...members }).keySet.keys).toHaveLength(1);
  });

  it('whose kid and alg are null has none', () => {
    const { kid: _kid, alg: _alg, ...key } = EC;
    expect(parse({ ...EC, kid: null, alg: null }).keySet.keys).toEqual([key]);
  });

  it.each(['modern-ml-dsa-44', 'modern-ml-dsa-65', 'modern-ml-dsa-87'])(
    'of ML-DSA is used: %s',
    (name) => {
      const key = mint.publicKey(name);
      expect(
        parse({ ...key, use: 'sig', x5c: [], priv: null, n: 'not for AKP' }).keySet.keys,
      ).toEqual([key]);
    },
  );

  it('is looked at as it is, not as what it inherits', () => {
    const key: unknown = JSON.parse('{"__proto__":{"kty":"RSA","n":"x","e":"AQAB"}}');
    expect(parse(key).rejected).toEqual([
      { index: 0, reason: 'has kty undefined; expected RSA, EC, OKP or AKP' },
    ]);
  });
});

describe('the algorithms of a key', () => {
  const RS_PS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

  it.each([
    [{ kty: 'RSA' }, RS_PS],
    [{ kty: 'RSA', alg: 'PS384' }, ['PS384']],
    [{ kty: 'RSA', alg: 'ES256' }, []],
    [{ kty: 'RSA', alg: 'HS256' }, []],
    [{ kty: 'EC', crv: 'P-256' }, ['ES256']],
    [{ kty: 'EC', crv: 'P-384' }, ['ES384']],
    [{ kty: 'EC', crv: 'P-521' }, ['ES512']],
    [{ kty: 'EC', crv: 'P-384', alg: 'ES256' }, []],
    [{ kty: 'EC' }, []],
    [{ kty: 'OKP', crv: 'Ed25519' }, ['EdDSA', 'Ed25519']],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' }, ['EdDSA', 'Ed25519']],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519' }, ['EdDSA', 'Ed25519']],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'Ed448' }, []],
    [{ kty: 'OKP', crv: 'Ed448', alg: 'Ed25519' }, []],
    [{ kty: 'OKP', crv: 'Ed448', alg: 'EdDSA' }, []],
    [{ kty: 'AKP', alg: 'ML-DSA-65' }, ['ML-DSA-65']],
    [{ kty: 'AKP', alg: 'EdDSA' }, []],
    [{ kty: 'AKP' }, []],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'ML-DSA-44' }, []],
    [{ kty: 'other', alg: 'ES256' }, []],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'ES256' }, []],
  ])('%j are %j', (key, algorithms) => {
    expect(algorithmsOf(key)).toEqual(algorithms);
  });
});
