// Other things that pass for a token somewhere: nested, encrypted, JSON serialisation, detached, other alphabets.
import { encode, type Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import { encryptFor } from '../forge.ts';
import {
  type AttackRecipe,
  attacks,
  claimsUnreadable,
  malformed,
  NOT_A_TOKEN,
  signatureInvalid,
  truncated,
} from './attack-recipe.ts';

const parts = (count: number) =>
  malformed(`the token has ${count} parts; expected 3 (header, claims, signature)`);

const stray = (password: string, at: number, name: string): Recipe => ({
  name,
  password,
  expected: malformed(`byte ${at} of the token is none of base64url`),
});

const noToken = (name: string, password: string): Recipe => ({
  name,
  password,
  expected: NOT_A_TOKEN,
});

/** A token with something around it, which is told in its own words and refused like any other. */
const around = (name: string, password: string, what: string): Recipe => ({
  name,
  password,
  expected: {
    code: 'ERR_NOT_A_TOKEN',
    message: `the password has ${what} in front of the token; expected the token alone`,
  },
});

const swapped = (name: string, password: string, expected: Recipe['expected']): Recipe => ({
  name,
  password,
  expected,
});

export function encodings({ token, publicKey, defaultClaims }: Mint): AttackRecipe[] {
  const valid = token();
  const [header = '', claims = '', signature = ''] = valid.split('.');
  const admin = encode(
    JSON.stringify({ ...defaultClaims(), sub: 'system:serviceaccount:foo:admin' }),
  );
  const encrypted = (name: string, jose: object, key = 'A'.repeat(342)): Recipe => ({
    name,
    password: `${encode(JSON.stringify(jose))}.${key}.${'A'.repeat(16)}.${claims}.${'A'.repeat(22)}`,
    expected: parts(5),
  });
  return [
    ...attacks(
      'to hide a token inside of another one, which is the one that is checked',
      'RFC 7519 section 5.2, RFC 8725 section 3.3',
      [
        {
          name: 'a valid token as the claims of another one by the same key',
          password: token({ header: { cty: 'JWT' }, claimsText: valid }),
          expected: claimsUnreadable('not valid JSON'),
        },
        {
          name: 'a valid token as JSON text as the claims of another one',
          password: token({ header: { cty: 'JWT' }, claimsText: JSON.stringify(valid) }),
          expected: claimsUnreadable('not a JSON object'),
        },
        {
          name: 'a valid token by the issuer as the claims of one by the attacker',
          password: token({
            key: 'attacker-rs256',
            header: { cty: 'JWT', kid: 'cluster-rs256' },
            claimsText: valid,
          }),
          expected: claimsUnreadable('not valid JSON'),
        },
        {
          name: 'a valid token as a claim of one by the attacker',
          password: token({
            key: 'attacker-rs256',
            header: { kid: 'cluster-rs256' },
            claims: { jwt: valid, id_token: valid, assertion: valid },
          }),
          expected: signatureInvalid(),
        },
        {
          name: 'a valid token in the header of one by the attacker',
          password: token({
            key: 'attacker-rs256',
            header: { kid: 'cluster-rs256', jwt: valid, protected: header },
          }),
          expected: signatureInvalid(),
        },
      ],
    ),
    ...attacks(
      'to be decrypted with the public key, which everybody can encrypt for',
      'RFC 8725 sections 2.3, 2.4, 2.5, 3.3 and 3.4, CVE-2022-36083, CVE-2023-51774, CVE-2026-29000',
      [
        {
          name: "claims without a signature, truly encrypted by the issuer's public key",
          password: encryptFor(
            publicKey('cluster-rs256'),
            { alg: 'RSA-OAEP', enc: 'A128GCM', cty: 'JWT', kid: 'cluster-rs256' },
            token({ header: { alg: 'none' }, signature: () => '' }),
          ),
          expected: parts(5),
        },
        {
          name: "a valid token, truly encrypted by the issuer's public key",
          password: encryptFor(
            publicKey('cluster-rs256'),
            { alg: 'RSA-OAEP', enc: 'A128GCM', cty: 'JWT', kid: 'cluster-rs256' },
            valid,
          ),
          expected: parts(5),
        },
        encrypted('RSA-OAEP for the issuer', {
          alg: 'RSA-OAEP',
          enc: 'A256GCM',
          kid: 'cluster-rs256',
        }),
        encrypted('RSA1_5 for the issuer', { alg: 'RSA1_5', enc: 'A128CBC-HS256' }),
        encrypted('dir', { alg: 'dir', enc: 'A256GCM' }, ''),
        encrypted('PBES2 with two thousand million rounds', {
          alg: 'PBES2-HS512+A256KW',
          enc: 'A128GCM',
          p2c: 2_147_483_647,
          p2s: 'AAAA',
        }),
        encrypted('ECDH-ES with a point that is not on the curve', {
          alg: 'ECDH-ES',
          enc: 'A128GCM',
          epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
        }),
        encrypted('RSA-OAEP with deflated claims', { alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF' }),
        encrypted('alg RS256 and enc', { alg: 'RS256', enc: 'A256GCM', kid: 'cluster-rs256' }),
        {
          name: 'a valid token and two more parts',
          password: `${valid}.AAAA.AAAA`,
          expected: parts(5),
        },
      ],
    ),
    ...attacks(
      'to be read as compact by one and as JSON by another',
      'RFC 8725 section 2.6, RFC 7515 section 7.2, CVE-2022-39227, GHSA-jc38-x7x8-2xc8',
      [
        noToken(
          'the JSON serialisation, flattened',
          JSON.stringify({ protected: header, payload: claims, signature }),
        ),
        noToken(
          'the JSON serialisation with several signatures',
          JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] }),
        ),
        noToken(
          'the JSON serialisation with alg outside of what is signed',
          JSON.stringify({ payload: claims, header: { alg: 'none' }, signature: '' }),
        ),
        noToken('an object with a token as the name of a member', JSON.stringify({ [valid]: 1 })),
        around('a token in quotes', JSON.stringify(valid), 'a quote'),
        noToken('a list with a token', JSON.stringify([valid])),
        noToken(
          'a token that is both, the other claims first',
          `{" ${header}.${admin}.${signature}":1,"protected":"${header}","payload":"${claims}","signature":"${signature}"}`,
        ),
        stray(
          `${valid}{"payload":"${admin}"}`,
          valid.length,
          'a valid token with the JSON serialisation of another behind it',
        ),
        stray(
          `${header}.${claims}.{"payload":"${admin}"}.${signature}`,
          header.length + claims.length + 2,
          'a valid token with the JSON serialisation of another in it',
        ),
      ],
    ),
    ...attacks('to pass by being put into something else', 'RFC 6750, RFC 9901', [
      around('Bearer in front', `Bearer ${valid}`, '"Bearer"'),
      around('a space in front', ` ${valid}`, 'white space'),
      around('a line break in front', `\n${valid}`, 'white space'),
      around('a byte order mark in front', `\u{EF}\u{BB}\u{BF}${valid}`, 'a byte order mark'),
      noToken('token= in front', `token=${valid}`),
      noToken('a scheme of PostgreSQL in front', `md5${valid}`),
      noToken('all of it in base64', Buffer.from(valid).toString('base64url')),
      noToken('in UTF-16', Buffer.from(valid, 'utf16le').toString('latin1').replaceAll('\0', ' ')),
      stray(
        `${valid}~WyJzYWx0Iiwic3ViIiwiYWRtaW4iXQ~`,
        valid.length,
        'a disclosure of an SD-JWT behind',
      ),
      stray(`${valid},${valid}`, valid.length, 'two tokens with a comma'),
      stray(`${valid} ${valid}`, valid.length, 'two tokens with a space'),
      stray(`${valid}\n${valid}`, valid.length, 'two tokens with a line break'),
      stray(`${valid};x=1`, valid.length, 'a parameter behind'),
      stray(`${valid}#fragment`, valid.length, 'a fragment behind'),
      {
        name: 'a line break behind',
        password: `${valid}\n`,
        expected: malformed('the token ends in white space'),
      },
      {
        name: 'two tokens with a dot',
        password: `${valid}.${valid}`,
        expected: parts(6),
      },
    ]),
    ...attacks(
      'to get around a comparison of tokens by another way to write the same bytes',
      'RFC 7515 section 2, RFC 4648 section 3',
      [
        stray(`${valid}=`, valid.length, 'padding behind the signature'),
        stray(`${header}=.${claims}.${signature}`, header.length, 'padding behind the header'),
        stray(
          `${header}==.${claims}.${signature}`,
          header.length,
          'twice padding behind the header',
        ),
        stray(
          `${header}.${claims}.+${signature.slice(1)}`,
          header.length + claims.length + 2,
          'a plus of base64 in the signature',
        ),
        stray(
          `${header}.${claims}./${signature.slice(1)}`,
          header.length + claims.length + 2,
          'a slash of base64 in the signature',
        ),
        stray(
          `${header.slice(0, 8)}\n${header.slice(8)}.${claims}.${signature}`,
          8,
          'a line break in the header',
        ),
        stray(
          `${header.slice(0, 8)}\0${header.slice(8)}.${claims}.${signature}`.replace('\0', '\u{1}'),
          8,
          'a control character in the header',
        ),
        stray(
          `${header}%2E${claims}%2E${signature}`,
          header.length,
          'dots in the encoding of URLs',
        ),
        stray(
          `${header}\u{E3}\u{80}\u{82}${claims}\u{E3}\u{80}\u{82}${signature}`,
          header.length,
          'dots of another script',
        ),
        stray(
          `${header}.${claims}\u{E2}\u{80}\u{8B}.${signature}`,
          header.length + 1 + claims.length,
          'a zero-width space behind the claims',
        ),
        stray(
          `${header}\u{AD}.${claims}.${signature}`,
          header.length,
          'a byte beyond ASCII behind the header',
        ),
      ],
    ),
    ...attacks('to have parts counted, left out or mixed up', 'RFC 7515 section 3.1', [
      swapped(
        'header and claims only',
        `${header}.${claims}`,
        truncated(`${header}.${claims}`, 'it ends in its claims'),
      ),
      swapped('the header only', header, truncated(header, 'it ends in its header')),
      noToken('an empty header', `.${claims}.${signature}`),
      noToken('an empty header and an empty signature', `.${claims}.`),
      noToken('nothing but dots', '..'),
      noToken('the signature first', `${signature}.${header}.${claims}`),
      swapped(
        'an empty part in front of the claims',
        `${header}..${claims}.${signature}`,
        parts(4),
      ),
      swapped('an empty part behind', `${valid}.`, parts(4)),
      swapped('the claims twice', `${header}.${claims}.${admin}.${signature}`, parts(4)),
      swapped('claims and header swapped', `${claims}.${header}.${signature}`, {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message:
          'the token is signed with alg undefined; expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87',
      }),
      swapped(
        'claims and signature swapped',
        `${header}.${signature}.${claims}`,
        claimsUnreadable('not UTF-8'),
      ),
      swapped('the header as claims', `${header}.${header}.${signature}`, {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no iss; expected iss, aud, sub and exp',
      }),
      swapped(
        'other claims under the same signature',
        `${header}.${admin}.${signature}`,
        signatureInvalid(),
      ),
      swapped(
        'another header over the same claims and signature',
        `${encode('{"alg":"RS256","kid":"cluster-rs256"}')}.${claims}.${signature}`,
        signatureInvalid(),
      ),
      swapped(
        'a header with a space more over the same claims and signature',
        `${encode(`${Buffer.from(header, 'base64url').toString()} `)}.${claims}.${signature}`,
        signatureInvalid(),
      ),
    ]),
    ...attacks('to have more memory taken than was sent', 'CVE-2025-30204, CVE-2025-27144', [
      {
        name: '16,381 dots behind the start of a token',
        password: `eyJ${'.'.repeat(16_381)}`,
        expected: parts(16_382),
      },
      { name: '16,384 dots', password: '.'.repeat(16_384), expected: NOT_A_TOKEN },
    ]),
  ];
}
