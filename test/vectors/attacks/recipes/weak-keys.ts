// Keys that an issuer publishes and that must not be used: too weak, not for signatures, private, or no keys at all.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import { digestInfo, pkcs1 } from '../forge.ts';
import { type AttackRecipe, attacks, keyBroken, keyUnknown } from './attack-recipe.ts';

/** What is left of the key set of policy weak-keys: those whose faults show only when they are used, and a sound one. */
const USABLE = 5;

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

export function weakKeys({ token }: Mint): AttackRecipe[] {
  const unknown = (kid: string, key: string, more: object = {}): Recipe => ({
    name: kid,
    policy: 'weak-keys',
    password: token({ key, header: { kid }, ...more }),
    expected: keyUnknown(kid, USABLE),
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
        unknown('rsa-1024', 'attacker-rsa1024', short),
        unknown('rsa-1024-padded', 'attacker-rsa1024', short),
        unknown('exponent-1', 'cluster-rs256', unsigned),
        unknown('exponent-0', 'cluster-rs256', unsigned),
        unknown('exponent-even', 'cluster-rs256'),
        unknown('exponent-padded', 'cluster-rs256', unsigned),
        unknown('exponent-huge', 'cluster-rs256'),
        unknown('modulus-empty', 'cluster-rs256'),
        unknown('modulus-huge', 'cluster-rs256'),
      ],
    ),
    ...attacks(
      'to sign by a key of the issuer that is not there to verify signatures',
      'RFC 8725 section 3.1, RFC 7517 sections 4.2 and 4.3',
      [
        unknown('symmetric', 'attacker-rs256'),
        unknown('with-secret', 'cluster-rs256'),
        unknown('private', 'attacker-rs256'),
        unknown('for-encryption', 'attacker-rs256'),
        unknown('for-encryption-ops', 'attacker-rs256'),
        unknown('key-agreement', 'attacker-eddsa'),
        unknown('hmac', 'attacker-rs256'),
        unknown('none', 'attacker-rs256'),
        unknown('other-curve', 'attacker-secp256k1', {
          algorithm: 'ES256',
          header: { alg: 'ES256', kid: 'other-curve' },
        }),
        unknown('list', 'attacker-rs256'),
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
