// Keys that an issuer publishes and that must not be used: too weak, not for signatures, private, or no keys at all.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import { digestInfo, pkcs1 } from '../forge.ts';
import { type AttackRecipe, attacks, keyBroken, keyLeftOut } from './attack-recipe.ts';

/** The key set that policy weak-keys retrieves. */
export function weakKeySet({ publicKey, privateKey }: Mint): unknown {
  const rs256 = publicKey('cluster-rs256');
  const es256 = publicKey('cluster-es256');
  const weak = publicKey('attacker-rsa1024');
  const even = Buffer.from(rs256.n ?? '', 'base64url');
  return {
    keys: [
      { ...weak, kid: 'rsa-1024', use: 'sig' },
      { ...weak, kid: 'rsa-1024-padded', n: paddedModulus(weak.n ?? '') },
      { ...rs256, kid: 'exponent-1', e: 'AQ' },
      { ...rs256, kid: 'exponent-0', e: 'AA' },
      { ...rs256, kid: 'exponent-even', e: 'AQAA' },
      { ...rs256, kid: 'exponent-padded', e: 'AAAB' },
      { ...rs256, kid: 'exponent-huge', e: even.toString('base64url') },
      { ...rs256, kid: 'modulus-empty', n: '' },
      { ...rs256, kid: 'modulus-huge', n: Buffer.alloc(2048, 0xff).toString('base64url') },
      { kty: 'oct', kid: 'symmetric', alg: 'RS256', k: 'AAAA' },
      { ...rs256, kid: 'with-secret', k: 'AAAA' },
      { ...privateKey('attacker-rs256').export({ format: 'jwk' }), kid: 'private', alg: 'RS256' },
      { ...publicKey('attacker-rs256'), kid: 'for-encryption', use: 'enc' },
      { ...publicKey('attacker-rs256'), kid: 'for-encryption-ops', key_ops: ['encrypt'] },
      { ...publicKey('attacker-secp256k1'), kid: 'other-curve', alg: 'ES256' },
      { kty: 'OKP', crv: 'X25519', kid: 'key-agreement', x: publicKey('attacker-eddsa').x },
      { ...publicKey('attacker-rs256'), kid: 'hmac', alg: 'HS256' },
      { ...publicKey('attacker-rs256'), kid: 'none', alg: 'none' },
      { ...privateKey('attacker-es256').export({ format: 'jwk' }), kid: 'private-ec' },
      { ...publicKey('attacker-es256'), kid: 'private-number', d: 1 },
      { ...privateKey('attacker-ml-dsa-44').export({ format: 'jwk' }), kid: 'private-ml-dsa' },
      { ...publicKey('attacker-ml-dsa-44'), kid: 'ml-dsa-level', alg: 'ML-DSA-65' },
      { ...publicKey('attacker-ml-dsa-44'), kid: 'ml-dsa-short', pub: zeros(1311) },
      { ...publicKey('attacker-ml-dsa-44'), kid: 'ml-dsa-unnamed', alg: null },
      { ...publicKey('attacker-ml-dsa-44'), kid: 'ml-dsa-hmac', alg: 'HS256' },
      { ...publicKey('attacker-eddsa'), kid: 'named-ed448', alg: 'Ed448' },
      { ...publicKey('attacker-eddsa'), kid: 'ed448', crv: 'Ed448', alg: 'Ed25519' },
      { ...publicKey('attacker-rs256'), kid: ['list'] },
      'no key',
      null,
      // Found when they are used.
      { ...es256, kid: 'off-curve', y: es256.x },
      { ...es256, kid: 'infinity', x: zeros(32), y: zeros(32) },
      { ...es256, kid: 'short-point', x: zeros(8), y: zeros(8) },
      { kty: 'OKP', crv: 'Ed25519', kid: 'short-eddsa', x: zeros(31) },
      { ...es256, use: 'sig' },
    ],
  };
}

const SMALL = 'is an RSA key of 1024 bits; expected 2048 to 8192';
const EXPONENT = 'is an RSA key whose public exponent is not an odd number from 3 to 2^32';
const PRIVATE = 'is a private key; expected public keys only';
const SYMMETRIC = 'is a symmetric key; expected public keys only';
const otherAlgorithm = (alg: string, kty: string): string =>
  `has alg "${alg}", which does not fit its kty "${kty}" or is not supported`;
const akpBytes = (seen: number, expected: number, alg: string): string =>
  `is an AKP key whose pub has ${seen} bytes; expected ${expected}, as ${alg} has`;
const akpAlg = (shown: string): string =>
  `is an AKP key of alg ${shown}; expected one of ML-DSA-44, ML-DSA-65, ML-DSA-87`;

export function weakKeys({ token }: Mint): AttackRecipe[] {
  const leftOut = (kid: string, key: string, reason: string, more: object = {}): Recipe => ({
    name: kid,
    policy: 'weak-keys',
    password: token({ key, header: { kid }, ...more }),
    expected: keyLeftOut(kid, reason),
  });
  // With the exponent 1 the padded hash is its own signature.
  const unsigned = {
    signature: (_: Buffer, text: string) => pkcs1(digestInfo('sha256', text), 256),
  };
  // A true signature of 128 bytes, which a short key makes, behind zeros.
  const short = {
    signature: (signature: Buffer) => Buffer.concat([Buffer.alloc(128), signature]),
  };
  const broken = (kid: string, key: string, alg: string): Recipe => ({
    name: kid,
    policy: 'weak-keys',
    password: token({ key, header: { kid } }),
    expected: keyBroken(kid, alg),
  });
  return [
    ...attacks(
      'to sign by a key of the issuer that is too weak',
      'RFC 8725 sections 3.2 and 3.5, RFC 7518 section 3.3',
      [
        leftOut('rsa-1024', 'attacker-rsa1024', SMALL, short),
        leftOut('rsa-1024-padded', 'attacker-rsa1024', SMALL, short),
        { ...leftOut('rsa-1024', 'attacker-rsa1024', SMALL), name: 'rsa-1024, unpadded' },
        leftOut('exponent-1', 'cluster-rs256', EXPONENT, unsigned),
        leftOut('exponent-0', 'cluster-rs256', EXPONENT, unsigned),
        leftOut('exponent-even', 'cluster-rs256', EXPONENT),
        leftOut('exponent-padded', 'cluster-rs256', EXPONENT, unsigned),
        leftOut('exponent-huge', 'cluster-rs256', EXPONENT),
        leftOut('modulus-empty', 'cluster-rs256', 'is an RSA key without n or e'),
        leftOut('modulus-huge', 'cluster-rs256', 'is an RSA key without n or e'),
      ],
    ),
    ...attacks(
      'to sign by a key of the issuer that is not there to verify signatures',
      'RFC 8725 section 3.1, RFC 7517 sections 4.2 and 4.3',
      [
        leftOut('symmetric', 'attacker-rs256', SYMMETRIC),
        leftOut('with-secret', 'cluster-rs256', SYMMETRIC),
        leftOut('private', 'attacker-rs256', PRIVATE),
        leftOut('private-ec', 'attacker-es256', PRIVATE),
        leftOut('private-number', 'attacker-es256', PRIVATE),
        leftOut('private-ml-dsa', 'attacker-ml-dsa-44', PRIVATE),
        leftOut('for-encryption', 'attacker-rs256', 'has use "enc"; expected "sig"'),
        leftOut(
          'for-encryption-ops',
          'attacker-rs256',
          'has key_ops ["encrypt"]; expected "verify" among them',
        ),
        leftOut('key-agreement', 'attacker-eddsa', 'is on curve "X25519"; expected Ed25519'),
        leftOut('hmac', 'attacker-rs256', otherAlgorithm('HS256', 'RSA')),
        leftOut('none', 'attacker-rs256', otherAlgorithm('none', 'RSA')),
        leftOut(
          'other-curve',
          'attacker-secp256k1',
          'is on curve "secp256k1"; expected one of P-256, P-384, P-521',
          { algorithm: 'ES256', header: { alg: 'ES256', kid: 'other-curve' } },
        ),
        {
          name: 'list',
          policy: 'weak-keys',
          password: token({ key: 'attacker-rs256', header: { kid: 'list' } }),
          expected: {
            code: 'ERR_KEY_UNKNOWN',
            message:
              'the issuer has 5 keys, none with kid "list"; one that it publishes without kid cannot be used: it has a kid or alg that is no text',
          },
        },
      ],
    ),
    ...attacks(
      'to sign by a key of the issuer under another algorithm than that of the key',
      'RFC 9864 section 2.2, RFC 9964 section 3',
      [
        leftOut('ml-dsa-level', 'attacker-ml-dsa-44', akpBytes(1312, 1952, 'ML-DSA-65')),
        leftOut('ml-dsa-short', 'attacker-ml-dsa-44', akpBytes(1311, 1312, 'ML-DSA-44')),
        leftOut('ml-dsa-unnamed', 'attacker-ml-dsa-44', akpAlg('undefined')),
        leftOut('ml-dsa-hmac', 'attacker-ml-dsa-44', akpAlg('"HS256"')),
        leftOut('named-ed448', 'attacker-eddsa', otherAlgorithm('Ed448', 'OKP')),
        leftOut('ed448', 'attacker-eddsa', 'is on curve "Ed448"; expected Ed25519', {
          header: { kid: 'ed448', alg: 'Ed25519' },
        }),
      ],
    ),
    ...attacks('to have a point used that is none', 'RFC 8725 sections 2.5 and 3.4', [
      broken('off-curve', 'cluster-es256', 'ES256'),
      broken('infinity', 'cluster-es256', 'ES256'),
      broken('short-point', 'cluster-es256', 'ES256'),
      broken('short-eddsa', 'cluster-eddsa', 'EdDSA'),
    ]),
  ];
}

const zeros = (length: number): string => Buffer.alloc(length).toString('base64url');

/** The same number, written with as many bytes as a strong key has. */
function paddedModulus(n: string): string {
  const bytes = Buffer.from(n, 'base64url');
  return Buffer.concat([Buffer.alloc(256 - bytes.length), bytes]).toString('base64url');
}
