// alg: none in every spelling, HMAC with the public key in every encoding, signatures left out, and names mixed up.
import { createHmac, createPublicKey } from 'node:crypto';

import { type Mint, NOW } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  algorithmNotAllowed,
  type AttackRecipe,
  attacks,
  keyUnfit,
  signatureInvalid,
  truncated,
} from './attack-recipe.ts';

const ANY_RSA = 'RS256, RS384, RS512, PS256, PS384, PS512';
const ALGORITHMS = [
  ['cluster-rs256', 'RS256', 256],
  ['cluster-ps256', 'PS256', 256],
  ['cluster-rs512', 'RS512', 256],
  ['cluster-es256', 'ES256', 64],
  ['cluster-es384', 'ES384', 96],
  ['cluster-es512', 'ES512', 132],
  ['cluster-eddsa', 'EdDSA', 64],
] as const;

/** Of JOSE and not of ours, nearly ours, and what every object has. */
const OTHER_ALGORITHMS: readonly string[] = (
  'RS1 HS1 MD5 ES256K ed25519 Ed25519ph Ed448 ml-dsa-65 ML-DSA ML-DSA-66 SLH-DSA-SHA2-128s RS256,none rs256 Rs256 RSA-OAEP RSA1_5 dir A128KW ECDH-ES ' +
  'PBES2-HS256+A128KW constructor __proto__ toString length 0'
)
  .split(' ')
  .concat('RS256 ', ' RS256');

/** Every way to write a word in small and capital letters. */
function spellings(word: string): string[] {
  return Array.from({ length: 2 ** word.length }, (_, bits) =>
    Array.from(word, (letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
  );
}

export function algorithms(mint: Mint): AttackRecipe[] {
  const { token } = mint;
  const none = (name: string, alg: unknown, seen: string): Recipe[] => [
    {
      name: `${name}, without a signature`,
      password: token({ header: { alg }, signature: () => '' }),
      expected: algorithmNotAllowed(seen),
    },
    {
      name: `${name}, with the signature of the same claims under RS256`,
      password: token({ header: { alg } }),
      expected: algorithmNotAllowed(seen),
    },
  ];
  const unsigned = ALGORITHMS.map(([key, alg, least]): Recipe => {
    const password = token({ key, signature: () => '' });
    const atLeast = alg.startsWith('E') ? '' : 'at least ';
    return {
      name: `${alg} with an empty signature`,
      password,
      expected: truncated(password, `its ${alg} signature has 0 of ${atLeast}${least} bytes`),
    };
  });
  const shortTag = token({
    signature: (_, text) => createHmac('sha256', pem(mint, 'cluster-rs256')).update(text).digest(),
  });
  return [
    ...attacks('to be believed without a signature', 'RFC 8725 section 2.1, CVE-2015-9235', [
      ...spellings('none').flatMap((alg) => none(`alg ${alg}`, alg, `"${alg}"`)),
      ...none('alg none with a space in front', ' none', '" none"'),
      ...none('alg none with a space behind', 'none ', '"none "'),
      ...none('alg none with a NUL behind', 'none\0', String.raw`"none\u0000"`),
      ...none('alg none with a line break behind', 'none\n', String.raw`"none\n"`),
      ...none('alg none with a Cyrillic o', 'n\u{43E}ne', String.raw`"n\u043ene"`),
      ...none('alg none in full-width letters', '\u{FF4E}one', String.raw`"\uff4eone"`),
      ...none('alg none with a zero-width space', 'no\u{200B}ne', String.raw`"no\u200bne"`),
      ...none('alg none in a list', ['none'], '["none"]'),
      ...none('alg none in an object', { none: 1 }, '{"none":1}'),
      ...none('an empty alg', '', '""'),
      ...none('alg null', null, 'null'),
      ...none('alg false', false, 'false'),
      ...none('alg 0', 0, '0'),
      ...none('no alg at all', undefined, 'undefined'),
    ]),
    ...attacks('to be believed without a signature', 'CVE-2020-28042', unsigned),
    ...attacks(
      "to have the issuer's public key taken for the secret of an HMAC",
      'RFC 8725 sections 2.1 and 3.1, CVE-2016-5431, CVE-2022-29217, CVE-2023-48223, CVE-2024-33663, CVE-2026-22817, CVE-2026-34950',
      [
        // The last one names no algorithm of its own.
        ...['cluster-rs256', 'cluster-es256', 'cluster-eddsa', 'cluster-rsa'].flatMap((key) =>
          publicKeyEncodings(mint, key).flatMap(([encoding, secret]) =>
            (encoding === 'SPKI in PEM' ? [256, 384, 512] : [256]).map((bits): Recipe => ({
              name: `HS${bits} with the secret ${key} as ${encoding}`,
              password: token({
                header: { alg: `HS${bits}`, kid: key },
                signature: (_, text) => createHmac(`sha${bits}`, secret).update(text).digest(),
              }),
              expected: algorithmNotAllowed(`"HS${bits}"`),
            })),
          ),
        ),
        {
          name: 'an HMAC with the public key under alg RS256',
          password: shortTag,
          expected: truncated(shortTag, 'its RS256 signature has 32 of at least 256 bytes'),
        },
        {
          name: 'an HMAC with the public key under alg RS256, repeated to the length of a signature',
          password: token({
            signature: (_, text) => {
              const tag = createHmac('sha256', pem(mint, 'cluster-rs256')).update(text).digest();
              return Buffer.concat(Array.from({ length: 8 }, () => tag));
            },
          }),
          expected: signatureInvalid(),
        },
      ],
    ),
    ...attacks(
      'to be believed with a secret that can be guessed',
      'RFC 8725 sections 2.2 and 3.5, CVE-2019-20933',
      ['', 'secret', 'cluster-rs256', 'your-256-bit-secret', 'null'].map((secret) => ({
        name: `HS256 with the secret ${JSON.stringify(secret)}`,
        password: token({
          header: { alg: 'HS256' },
          signature: (_, text) => createHmac('sha256', secret).update(text).digest(),
        }),
        expected: algorithmNotAllowed('"HS256"'),
      })),
    ),
    ...attacks(
      'to have a key used by another algorithm than its own',
      'RFC 8725 section 3.1, CVE-2026-48523',
      [
        {
          name: 'PS256 by a key that is for RS256 only',
          password: token({ algorithm: 'PS256', header: { alg: 'PS256' } }),
          expected: keyUnfit('cluster-rs256', 'RS256', 'PS256'),
        },
        {
          name: 'RS256 by a key that is for PS256 only',
          password: token({ key: 'cluster-ps256', algorithm: 'RS256', header: { alg: 'RS256' } }),
          expected: keyUnfit('cluster-ps256', 'PS256', 'RS256'),
        },
        {
          name: 'RS384 by a key that is for RS256 only',
          password: token({ algorithm: 'RS384', header: { alg: 'RS384' } }),
          expected: keyUnfit('cluster-rs256', 'RS256', 'RS384'),
        },
        {
          name: 'RS512 by a key that is for RS512 only, as RS256',
          password: token({ key: 'cluster-rs512', header: { alg: 'RS256' } }),
          expected: keyUnfit('cluster-rs512', 'RS512', 'RS256'),
        },
        {
          name: 'EdDSA by the kid of an ES256 key, with an ES256 signature',
          password: token({ key: 'cluster-es256', header: { alg: 'EdDSA' } }),
          expected: keyUnfit('cluster-es256', 'ES256', 'EdDSA'),
        },
        {
          name: 'ES256 by the kid of an EdDSA key, with an EdDSA signature',
          password: token({ key: 'cluster-eddsa', header: { alg: 'ES256' } }),
          expected: keyUnfit('cluster-eddsa', 'EdDSA, Ed25519', 'ES256'),
        },
        {
          name: 'Ed25519 by the kid of an ES256 key, with an ES256 signature',
          password: token({ key: 'cluster-es256', header: { alg: 'Ed25519' } }),
          expected: keyUnfit('cluster-es256', 'ES256', 'Ed25519'),
        },
        {
          name: 'ES256 by the kid of an RSA key that names no algorithm',
          password: token({ key: 'attacker-es256', header: { kid: 'cluster-rsa' } }),
          expected: keyUnfit('cluster-rsa', ANY_RSA, 'ES256'),
        },
        {
          name: 'a PS256 signature under alg RS256',
          password: token({ key: 'cluster-rsa', algorithm: 'PS256', header: { alg: 'RS256' } }),
          expected: signatureInvalid('cluster-rsa'),
        },
        {
          name: 'an RS256 signature under alg PS256',
          password: token({ key: 'cluster-rsa', algorithm: 'RS256', header: { alg: 'PS256' } }),
          expected: signatureInvalid('cluster-rsa', 'PS256'),
        },
        {
          name: 'an RS512 signature under alg RS256',
          password: token({ key: 'cluster-rsa', algorithm: 'RS512', header: { alg: 'RS256' } }),
          expected: signatureInvalid('cluster-rsa'),
        },
      ],
    ),
    ...attacks(
      'to reach an algorithm that nobody meant to offer',
      'RFC 8725 section 3.2',
      OTHER_ALGORITHMS.flatMap((alg) => [
        {
          name: `alg ${JSON.stringify(alg)} with a true RS256 signature`,
          password: token({ header: { alg } }),
          expected: algorithmNotAllowed(`"${alg}"`),
        },
        {
          name: `alg ${JSON.stringify(alg)} without a signature`,
          password: token({ header: { alg }, signature: () => '' }),
          expected: algorithmNotAllowed(`"${alg}"`),
        },
      ]),
    ),
    ...attacks(
      'to have a wrong signature passed over, as something else is wrong as well that is less bad',
      'RFC 8725 section 3.3, CVE-2024-51744',
      Object.entries({
        'has expired': { exp: NOW - 3600 },
        'is not valid yet': { nbf: NOW + 3600 },
        'is for another audience': { aud: ['vault'] },
        'has no subject': { sub: undefined },
      }).map(([what, claims]) => ({
        name: `a token by the attacker that ${what}`,
        password: token({ key: 'attacker-rs256', header: { kid: 'cluster-rs256' }, claims }),
        expected: signatureInvalid(),
      })),
    ),
  ];
}

function pem(mint: Mint, key: string): string {
  const { publicKey } = mint;
  return createPublicKey({ key: publicKey(key), format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
}

/** The same public key in every form in which somebody may have stored it as text or bytes. */
function publicKeyEncodings(
  mint: Mint,
  name: string,
): [encoding: string, secret: string | Buffer][] {
  const jwk = mint.publicKey(name);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const spki = pem(mint, name);
  const bytes = (member: 'n' | 'x' | 'y'): Buffer => Buffer.from(jwk[member] ?? '', 'base64url');
  const common: [string, string | Buffer][] = [
    ['SPKI in PEM', spki],
    ['SPKI in PEM without the last line break', spki.trimEnd()],
    ['SPKI in PEM with CR LF', spki.replaceAll('\n', '\r\n')],
    ['SPKI in PEM with a NUL behind', `${spki}\0`],
    ['SPKI in PEM with a space in front', ` ${spki}`],
    ['SPKI in PEM with a line break in front', `\n${spki}`],
    ['SPKI in one line of base64', spki.replaceAll(/-----[^-]*-----|\n/g, '')],
    ['SPKI in DER', key.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(jwk)],
  ];
  switch (jwk.kty) {
    case 'RSA':
      return [
        ...common,
        ['PKCS #1 in PEM', key.export({ type: 'pkcs1', format: 'pem' })],
        ['PKCS #1 in DER', key.export({ type: 'pkcs1', format: 'der' })],
        ['the bytes of its modulus', bytes('n')],
        ['its modulus in base64url', jwk.n ?? ''],
        ['an OpenSSH key', openSSH('ssh-rsa', Buffer.from('AQAB', 'base64url'), bytes('n'))],
      ];
    case 'EC': {
      const point = Buffer.concat([Buffer.of(4), bytes('x'), bytes('y')]);
      const parity = 2 + (bytes('y').at(-1)! & 1);
      return [
        ...common,
        ['the bytes of its point', point],
        ['the bytes of its point, compressed', Buffer.concat([Buffer.of(parity), bytes('x')])],
        ['its x in base64url', jwk.x ?? ''],
        ['an OpenSSH key', openSSH('ecdsa-sha2-nistp256', Buffer.from('nistp256'), point)],
      ];
    }
    default:
      return [
        ...common,
        ['its bytes', bytes('x')],
        ['its x in base64url', jwk.x ?? ''],
        ['an OpenSSH key', openSSH('ssh-ed25519', bytes('x'))],
      ];
  }
}

/** A public key as in authorized_keys (RFC 4253 section 6.6). */
function openSSH(type: string, ...fields: readonly Buffer[]): string {
  const blob = Buffer.concat([Buffer.from(type), ...fields].map(sshField));
  return `${type} ${blob.toString('base64')}`;
}

function sshField(bytes: Buffer): Buffer {
  // A number whose first bit is set has a zero in front: here the modulus of an RSA key.
  const positive = bytes.length === 256 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(positive.length);
  return Buffer.concat([length, positive]);
}
