// Keys that a token offers for itself, each with a signature that is right by that very key.
import { createHash } from 'node:crypto';

import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  type AttackRecipe,
  attacks,
  keyNotNamed,
  keyUnknown,
  signatureInvalid,
  signatureInvalidNameless,
} from './attack-recipe.ts';

/** @param certificate a self-signed one of attacker-rs256, in PEM. */
export function offeredKeys({ token, publicKey }: Mint, certificate: string): AttackRecipe[] {
  const der = Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
  const x5c = [der.toString('base64')];
  const jwk = publicKey('attacker-rs256');
  const named = { ...jwk, kid: 'cluster-rs256' };

  const offers: readonly (readonly [what: string, header: Readonly<Record<string, unknown>>])[] = [
    ['jwk', { jwk }],
    ["jwk with the issuer's kid", { jwk: named }],
    ['jwk as a key set', { jwk: { keys: [named] } }],
    ['jwk as text', { jwk: JSON.stringify(named) }],
    ['jwk in a list', { jwk: [named] }],
    ['JWK in capital letters', { JWK: named }],
    ['jwks', { jwks: { keys: [named] } }],
    ['keys', { keys: [named] }],
    ['key', { key: named }],
    ['x5c with a self-signed certificate', { x5c }],
    ['x5c as text', { x5c: x5c[0] }],
    ['x5c with its thumbprints', { x5c, ...thumbprints(der) }],
    ['x5t of its own certificate', thumbprints(der)],
    ['x5u', { x5u: 'https://attacker.example.com/chain.pem' }],
    ['x5u of a file', { x5u: 'file:///tmp/chain.pem' }],
    ['x5u with the certificate in it', { x5u: `data:application/x-pem-file;base64,${x5c[0]}` }],
    ['jku', { jku: 'https://attacker.example.com/keys' }],
    ['jku over http', { jku: 'http://attacker.example.com/keys' }],
    [
      "jku with the issuer's host as user",
      { jku: 'https://k8s.example.com@attacker.example.com/' },
    ],
    ["jku with the issuer's host in front", { jku: 'https://k8s.example.com.attacker.example/k' }],
    ["jku below the issuer's URL", { jku: 'https://k8s.example.com/../../attacker/keys' }],
    ["jku through the issuer's redirect", { jku: 'https://k8s.example.com/login?to=//attacker' }],
    ['jku of a file', { jku: 'file:///dev/null' }],
    ['jku with the key set in it', { jku: dataURL({ keys: [named] }) }],
    ['jku of the metadata service of a cloud', { jku: 'http://169.254.169.254/latest/meta-data/' }],
    ['jku of a port of this host', { jku: 'http://127.0.0.1:5432/' }],
    ['all of them', { jwk: named, jku: 'https://attacker.example.com/keys', x5c }],
  ];
  const signed = (
    name: string,
    header: Readonly<Record<string, unknown>>,
    expected: Recipe['expected'],
  ): Recipe => ({ name, password: token({ key: 'attacker-rs256', header }), expected });
  return [
    ...attacks(
      'to be verified with the key that the token brings along, or to make the server fetch it',
      'RFC 8725 sections 2.9 and 3.10, CVE-2018-0114, CVE-2026-27962',
      offers.flatMap(([what, header]) => [
        signed(`${what}, under a kid of its own`, header, keyUnknown('attacker-rs256')),
        signed(
          `${what}, under the kid of the issuer's key`,
          { ...header, kid: 'cluster-rs256' },
          signatureInvalid(),
        ),
        signed(`${what}, without kid`, { ...header, kid: undefined }, keyNotNamed('RS256', 2)),
      ]),
    ),
    ...attacks(
      'to be verified with the key that the token brings along, where one key alone can be meant',
      'CVE-2018-0114, CVE-2026-27962',
      offers.map(([what, header]) => ({
        ...signed(
          `${what}, where the issuer has one key without kid`,
          header,
          signatureInvalidNameless(),
        ),
        policy: 'nameless',
      })),
    ),
    ...attacks('to be verified with the key that the claims name', 'RFC 7800 section 3', [
      {
        name: 'jwk and keys among the claims',
        password: token({
          key: 'attacker-rs256',
          header: { kid: 'cluster-rs256' },
          claims: { jwk: named, keys: [named], jku: 'https://attacker.example.com/keys' },
        }),
        expected: signatureInvalid(),
      },
      {
        name: 'sub_jwk, as of a self-issued token',
        password: token({
          key: 'attacker-rs256',
          claims: { iss: 'https://self-issued.me', sub_jwk: jwk },
        }),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN',
          message:
            'issuer "https://self-issued.me" is not configured; expected "https://k8s.example.com"',
        },
      },
    ]),
    ...attacks(
      'to be verified with a secret that the token brings along',
      'CVE-2018-0114, CVE-2026-27962',
      [
        {
          name: 'jwk with a symmetric key, under alg RS256',
          password: token({
            header: { jwk: { kty: 'oct', k: 'AAAA' } },
            signature: () => Buffer.alloc(256, 7),
          }),
          expected: signatureInvalid(),
        },
      ],
    ),
  ];
}

function thumbprints(der: Buffer): Record<string, string> {
  const print = (hash: string): string => createHash(hash).update(der).digest('base64url');
  return { x5t: print('sha1'), 'x5t#S256': print('sha256') };
}

function dataURL(value: unknown): string {
  return `data:application/json;base64,${Buffer.from(JSON.stringify(value)).toString('base64')}`;
}
