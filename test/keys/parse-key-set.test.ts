// From a JWKS document to the keys that may verify a signature, and why the others may not.
import { describe, expect, it } from 'vitest';

import { algorithmsOf, parseKeySet } from '../../src/keys/parse-key-set.ts';
import { createMint, loadPrivateKeys } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const privateKeys = await loadPrivateKeys();

const RSA = mint.publicKey('cluster-rs256');
const EC = mint.publicKey('cluster-es256');
const OKP = mint.publicKey('cluster-eddsa');

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
      keySet: { keys: [RSA, OKP] },
      rejected: [
        { index: 0, reason: 'use is "enc"; expected "sig"' },
        { index: 2, reason: 'not a JSON object' },
      ],
    });
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

describe('a key', () => {
  const PUBLIC_ONLY = 'a private key; expected public keys only';
  const SYMMETRIC = 'a symmetric key; expected public keys only';
  const EXPONENT = 'an RSA key whose public exponent is not an odd number from 3 to 2^32';

  it.each<readonly [what: string, key: unknown, reason: string]>([
    ['that is null', null, 'not a JSON object'],
    ['that is a list', [RSA], 'not a JSON object'],
    ['that is text', 'x', 'not a JSON object'],

    ['that is symmetric', { kty: 'oct', k: 'AAAA', kid: 'a', alg: 'HS256' }, SYMMETRIC],
    ['that is symmetric without its secret', { kty: 'oct' }, SYMMETRIC],
    ['with a secret in it', { ...RSA, k: 'AAAA' }, SYMMETRIC],
    ...['cluster-rs256', 'cluster-es256', 'cluster-eddsa'].map(
      (name) => [`that is private: ${name}`, privateKeys[name], PUBLIC_ONLY] as const,
    ),
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'].map(
      (member) => [`with a private ${member}`, { ...RSA, [member]: 'x' }, PUBLIC_ONLY] as const,
    ),
    ['with a private member that is null', { ...EC, d: null }, PUBLIC_ONLY],

    ['for encryption', { ...RSA, use: 'enc' }, 'use is "enc"; expected "sig"'],
    ['for SIG', { ...RSA, use: 'SIG' }, 'use is "SIG"; expected "sig"'],
    ['for nothing', { ...RSA, use: null }, 'use is null; expected "sig"'],
    ['that signs', { ...RSA, key_ops: ['sign'] }, 'key_ops does not include "verify"'],
    ['that does nothing', { ...RSA, key_ops: [] }, 'key_ops does not include "verify"'],
    ['with key_ops as text', { ...RSA, key_ops: 'verify' }, 'key_ops does not include "verify"'],

    ['with a kid that is a number', { ...RSA, kid: 1 }, 'kid or alg is no text'],
    ['with an empty kid', { ...RSA, kid: '' }, 'kid or alg is no text'],
    ['with a kid that is null', { ...RSA, kid: null }, 'kid or alg is no text'],
    ['with an alg that is a list', { ...RSA, alg: ['RS256'] }, 'kid or alg is no text'],
    ...['none', 'HS256', 'RSA-OAEP', 'RS1', 'rs256', 'ES256'].map(
      (alg) =>
        [
          `for alg ${alg}`,
          { ...RSA, alg },
          `its alg "${alg}" does not fit its kty "RSA", or is not supported`,
        ] as const,
    ),
    [
      'for alg RS256 that is EC',
      { ...EC, alg: 'RS256' },
      'its alg "RS256" does not fit its kty "EC", or is not supported',
    ],
    [
      'for alg ES256 on P-384',
      { ...mint.publicKey('cluster-es384'), alg: 'ES256' },
      'its alg "ES256" does not fit its kty "EC", or is not supported',
    ],

    ['without a kind', { n: RSA.n, e: RSA.e }, 'kty undefined; expected RSA, EC or OKP'],
    ['of another kind', { ...RSA, kty: 'rsa' }, 'kty "rsa"; expected RSA, EC or OKP'],
    ['of kind __proto__', { kty: '__proto__' }, 'kty "__proto__"; expected RSA, EC or OKP'],
    [
      'of kind AKP',
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'x' },
      'kty "AKP"; expected RSA, EC or OKP',
    ],

    ['that is RSA without n', { kty: 'RSA', e: 'AQAB' }, 'an RSA key without n or e'],
    ['that is RSA without e', { kty: 'RSA', n: RSA.n }, 'an RSA key without n or e'],
    ['that is RSA with n as a number', { ...RSA, n: 7 }, 'an RSA key without n or e'],
    [
      'that is RSA of 1024 bits',
      { ...RSA, n: number(1024) },
      'an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 2047 bits',
      { ...RSA, n: number(2047) },
      'an RSA key of 2047 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 8193 bits',
      { ...RSA, n: number(8193) },
      'an RSA key of 8193 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA of 1024 bits behind zeros',
      {
        ...RSA,
        n: Buffer.concat([Buffer.alloc(128), Buffer.alloc(128, 0xff)]).toString('base64url'),
      },
      'an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA with a modulus of zeros',
      { ...RSA, n: Buffer.alloc(256).toString('base64url') },
      'an RSA key of 0 bits; expected 2048 to 8192',
    ],
    [
      'that is RSA with a modulus that is no base64url',
      { ...RSA, n: '!!!!' },
      'an RSA key of 0 bits; expected 2048 to 8192',
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
      'curve undefined; expected one of P-256, P-384, P-521',
    ],
    [
      'on secp256k1',
      { ...EC, crv: 'secp256k1' },
      'curve "secp256k1"; expected one of P-256, P-384, P-521',
    ],
    ['that is EC without y', { kty: 'EC', crv: 'P-256', x: EC.x }, 'an EC key without x or y'],
    ['that is EC with y as a number', { ...EC, y: 1 }, 'an EC key without x or y'],
    ['on Ed448', { ...OKP, crv: 'Ed448' }, 'curve "Ed448"; expected Ed25519'],
    ['on X25519', { ...OKP, crv: 'X25519' }, 'curve "X25519"; expected Ed25519'],
    ['that is OKP without x', { kty: 'OKP', crv: 'Ed25519' }, 'an OKP key without x'],
  ])('%s is left out', (_what, key, reason) => {
    expect(parse(key)).toEqual({
      keySet: { keys: [] },
      rejected: [{ index: 0, reason }],
    });
  });

  it.each([
    ['of 2048 bits', { n: number(2048) }],
    ['of 8192 bits', { n: number(8192) }],
    ['with exponent 3', { e: 'Aw' }],
    ['with an exponent of 32 bits', { e: number(32) }],
    ['that may also sign', { key_ops: ['sign', 'verify'] }],
  ])('that is RSA %s is used', (_what, members) => {
    expect(parse({ ...RSA, ...members }).keySet.keys).toHaveLength(1);
  });

  it('is looked at as it is, not as what it inherits', () => {
    const key: unknown = JSON.parse('{"__proto__":{"kty":"RSA","n":"x","e":"AQAB"}}');
    expect(parse(key).rejected).toEqual([
      { index: 0, reason: 'kty undefined; expected RSA, EC or OKP' },
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
    [{ kty: 'OKP', crv: 'Ed25519' }, ['EdDSA']],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519' }, ['EdDSA']],
    [{ kty: 'OKP', crv: 'Ed25519', alg: 'ES256' }, []],
  ])('%j are %j', (key, algorithms) => {
    expect(algorithmsOf(key)).toEqual(algorithms);
  });
});
