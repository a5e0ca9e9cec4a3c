// The header: alg, kid, typ, crit, and keys that a token would like to be verified with.
import { createHmac, createPublicKey } from 'node:crypto';

import { encode, type Mint, type TokenOptions } from '../mint.ts';
import type { Recipe } from './recipe.ts';

const SUPPORTED =
  'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87';
const NO_HMAC = 'Only signatures by a public key are accepted, never "none" or HMAC (HS*).';

const hmac =
  (hash: string, secret: string): NonNullable<TokenOptions['signature']> =>
  (_signature, text) =>
    createHmac(hash, secret).update(text).digest();

export function header({ token, publicKey, defaultClaims }: Mint): Recipe[] {
  const algorithm = (name: string, options: TokenOptions, seen: string): Recipe => ({
    name,
    password: token(options),
    expected: {
      code: 'ERR_ALGORITHM_NOT_ALLOWED',
      message: `the token is signed with alg ${seen}; expected one of ${SUPPORTED}`,
      hint: NO_HMAC,
    },
  });
  const refused = (
    name: string,
    options: TokenOptions,
    code: 'ERR_KEY_UNKNOWN' | 'ERR_SIGNATURE_INVALID' | 'ERR_TOKEN_MALFORMED' | 'ERR_TOKEN_TYPE',
    message: string,
  ): Recipe => ({ name, password: token(options), expected: { code, message } });

  // The classic confusion: the public key, which everybody has, as the secret of an HMAC.
  const pem = createPublicKey({ key: publicKey('cluster-rs256'), format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });

  const jwk = publicKey('attacker-rs256');
  const offers: Readonly<Record<string, unknown>> = {
    jwk: { ...jwk, kid: 'cluster-rs256' },
    jku: 'https://attacker.example.com/keys',
    x5u: 'https://attacker.example.com/chain.pem',
    x5c: ['MIIDazCCAlOgAwIBAgIUf'],
  };
  const none = 'the issuer has 8 keys, none with kid';

  return [
    ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg) => [
      algorithm(
        `refuses alg ${alg} without a signature`,
        { header: { alg }, signature: () => '' },
        `"${alg}"`,
      ),
      algorithm(`refuses alg ${alg} with a true signature`, { header: { alg } }, `"${alg}"`),
    ]),
    ...(['256', '384', '512'] as const).map((bits) =>
      algorithm(
        `refuses alg HS${bits} keyed with the issuer's public key`,
        { header: { alg: `HS${bits}` }, signature: hmac(`sha${bits}`, pem) },
        `"HS${bits}"`,
      ),
    ),
    algorithm(
      'refuses alg HS256 keyed with nothing',
      { header: { alg: 'HS256' }, signature: hmac('sha256', '') },
      '"HS256"',
    ),
    ...[
      'XX999',
      'rs256',
      'RS256 ',
      'ES256K',
      'ed25519',
      'Ed448',
      'ML-DSA-128',
      'RSA-OAEP',
      'dir',
      '',
    ].map((alg) =>
      algorithm(`refuses the unknown alg ${JSON.stringify(alg)}`, { header: { alg } }, `"${alg}"`),
    ),
    algorithm(
      'refuses a look-alike of RS256',
      { header: { alg: 'R\u{405}256' } },
      String.raw`"R\u0405256"`,
    ),
    algorithm('refuses alg constructor', { header: { alg: 'constructor' } }, '"constructor"'),
    algorithm('refuses a token without alg', { header: { alg: undefined } }, 'undefined'),
    ...[null, 256, true, ['RS256'], { RS256: 1 }].map((alg) =>
      algorithm(`refuses ${JSON.stringify(alg)} as alg`, { header: { alg } }, JSON.stringify(alg)),
    ),
    {
      name: 'refuses an algorithm that the entry does not list',
      policy: 'tight',
      password: token({ key: 'cluster-eddsa' }),
      expected: {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message: 'the token is signed with alg EdDSA; expected ES256 (token.algorithms)',
      },
    },

    refused(
      'refuses alg PS256 for a key that is for RS256',
      { algorithm: 'PS256', header: { alg: 'PS256' } },
      'ERR_KEY_UNKNOWN',
      'the key with kid "cluster-rs256" is for RS256; the token\'s alg is PS256',
    ),
    refused(
      'refuses alg ES256 for an RSA key',
      { key: 'attacker-es256', header: { kid: 'cluster-rs256' } },
      'ERR_KEY_UNKNOWN',
      'the key with kid "cluster-rs256" is for RS256; the token\'s alg is ES256',
    ),
    refused(
      'refuses alg RS256 for an EC key',
      { header: { kid: 'cluster-es256' } },
      'ERR_KEY_UNKNOWN',
      'the key with kid "cluster-es256" is for ES256; the token\'s alg is RS256',
    ),
    refused(
      'refuses alg ES256 for a P-384 key',
      { key: 'attacker-es256', header: { kid: 'cluster-es384' } },
      'ERR_KEY_UNKNOWN',
      'the key with kid "cluster-es384" is for ES384; the token\'s alg is ES256',
    ),
    refused(
      'refuses alg EdDSA for an RSA key that names no algorithm',
      { key: 'cluster-eddsa', header: { kid: 'cluster-rsa' } },
      'ERR_KEY_UNKNOWN',
      'the key with kid "cluster-rsa" is for RS256, RS384, RS512, PS256, PS384, PS512; the token\'s alg is EdDSA',
    ),
    refused(
      'refuses a PS256 signature under alg RS256',
      { key: 'cluster-rsa', algorithm: 'PS256', header: { alg: 'RS256' } },
      'ERR_SIGNATURE_INVALID',
      'the signature does not verify with the issuer\'s key "cluster-rsa" (RS256)',
    ),
    refused(
      'refuses an RS384 signature under alg RS256',
      { key: 'cluster-rsa', algorithm: 'RS384', header: { alg: 'RS256' } },
      'ERR_SIGNATURE_INVALID',
      'the signature does not verify with the issuer\'s key "cluster-rsa" (RS256)',
    ),

    refused(
      'refuses a token without kid where several keys could be meant',
      { header: { kid: undefined } },
      'ERR_KEY_UNKNOWN',
      'the token names no key (kid), and 2 keys of the issuer fit its alg RS256; expected a kid',
    ),
    refused(
      'refuses an unknown kid',
      { header: { kid: 'nobody' } },
      'ERR_KEY_UNKNOWN',
      `${none} "nobody"`,
    ),
    refused('refuses an empty kid', { header: { kid: '' } }, 'ERR_KEY_UNKNOWN', `${none} ""`),
    refused(
      'compares kid byte for byte',
      { header: { kid: 'Cluster-RS256' } },
      'ERR_KEY_UNKNOWN',
      `${none} "Cluster-RS256"`,
    ),
    refused(
      'shows a kid with line breaks and terminal sequences harmlessly',
      { header: { kid: '\r\n\u001b[2Jgranted\u0000\u202e' } },
      'ERR_KEY_UNKNOWN',
      String.raw`${none} "\r\n\u001b[2Jgranted\u0000\u202e"`,
    ),
    refused(
      'shows only the start of a very long kid',
      { header: { kid: 'k'.repeat(1000) } },
      'ERR_KEY_UNKNOWN',
      `${none} "${'k'.repeat(80)}"... (1000 characters)`,
    ),
    ...[
      '../../../../etc/passwd',
      "x' OR '1'='1",
      '__proto__',
      'constructor',
      'https://attacker.example.com/',
    ].map((kid) =>
      refused(
        `takes kid ${kid} for nothing but a name`,
        { key: 'attacker-rs256', header: { kid } },
        'ERR_KEY_UNKNOWN',
        `${none} "${kid}"`,
      ),
    ),
    ...[1, null, true, ['cluster-rs256'], {}].map((kid) =>
      refused(
        `refuses ${JSON.stringify(kid)} as kid`,
        { header: { kid } },
        'ERR_TOKEN_MALFORMED',
        'the header kid is no string',
      ),
    ),

    ...[['exp'], ['b64'], [], null, 'exp', {}].map((crit) =>
      refused(
        `refuses crit ${JSON.stringify(crit)}`,
        { header: { crit, b64: true, exp: 1 } },
        'ERR_TOKEN_MALFORMED',
        'the header has crit, which demands an extension (RFC 7515 section 4.1.11); expected none',
      ),
    ),
    refused(
      'does not take b64 without crit for an unencoded payload',
      {
        header: { b64: false },
        signedText: `${encode(JSON.stringify({ alg: 'RS256', kid: 'cluster-rs256', typ: 'JWT', b64: false }))}.${JSON.stringify(defaultClaims())}`,
      },
      'ERR_SIGNATURE_INVALID',
      'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
    ),

    ...Object.entries(offers).flatMap(([member, value]) => [
      refused(
        `refuses a token signed with the key in its own ${member}`,
        { key: 'attacker-rs256', header: { [member]: value } },
        'ERR_KEY_UNKNOWN',
        `${none} "attacker-rs256"`,
      ),
      refused(
        `refuses a token signed with the key in its own ${member} under the issuer's kid`,
        { key: 'attacker-rs256', header: { [member]: value, kid: 'cluster-rs256' } },
        'ERR_SIGNATURE_INVALID',
        'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      ),
    ]),
    refused(
      'refuses a token signed with the key in its own jwk and without kid',
      { key: 'attacker-rs256', header: { jwk, kid: undefined } },
      'ERR_KEY_UNKNOWN',
      'the token names no key (kid), and 2 keys of the issuer fit its alg RS256; expected a kid',
    ),

    ...[
      'logout+jwt',
      'dpop+jwt',
      'secevent+jwt',
      'application/logout+jwt',
      'application/application/jwt',
      'JWT ',
      'J\u{405}T',
      'JWE',
      '',
    ].map((typ) =>
      refused(
        `refuses typ ${JSON.stringify(typ)}`,
        { header: { typ } },
        'ERR_TOKEN_TYPE',
        `typ is ${typ === 'J\u{405}T' ? String.raw`"J\u0405T"` : `"${typ}"`}; expected none, or one of JWT, JOSE, at+jwt`,
      ),
    ),
    ...[1, null, ['JWT'], {}].map((typ) =>
      refused(
        `refuses ${JSON.stringify(typ)} as typ`,
        { header: { typ } },
        'ERR_TOKEN_MALFORMED',
        'the header typ is no string',
      ),
    ),
  ];
}
