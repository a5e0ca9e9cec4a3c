// Whole, valid tokens: what must not be refused.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const TYPES = ['JWT', 'jwt', 'application/jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'JOSE'];

const spaced = (value: unknown): string => JSON.stringify(value, undefined, 1);

export function kinds({ token, publicKey, defaultHeader, defaultClaims }: Mint): Recipe[] {
  const jwk = publicKey('attacker-rs256');
  return [
    ...[
      'cluster-rs256',
      'cluster-ps256',
      'cluster-rs512',
      'cluster-es256',
      'cluster-es384',
      'cluster-es512',
      'cluster-eddsa',
    ].map((key) => ({
      name: `grants a token signed with ${key}`,
      password: token({ key }),
      expected: granted(),
    })),
    ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map((algorithm) => ({
      name: `grants a token with alg ${algorithm} by an RSA key that names no algorithm`,
      password: token({ key: 'cluster-rsa', algorithm, header: { alg: algorithm } }),
      expected: granted(),
    })),
    ...TYPES.map((typ) => ({
      name: `grants a token with typ ${typ}`,
      password: token({ header: { typ } }),
      expected: granted(),
    })),
    {
      name: 'grants a token without typ',
      password: token({ header: { typ: undefined } }),
      expected: granted(),
    },
    {
      name: 'ignores headers that offer a key, when the token is signed with the right one',
      password: token({
        header: {
          jwk,
          jku: 'https://attacker.example.com/keys',
          x5u: 'https://attacker.example.com/chain',
          x5c: ['MIIB'],
          x5t: 'abc',
        },
      }),
      expected: granted(),
    },
    {
      name: 'ignores headers and claims it does not know, b64 without crit among them',
      password: token({
        header: { b64: false, cty: 'JWT', zip: 'DEF', enc: 'A128GCM' },
        claims: { azp: 'x', nested: { list: [1, [2, { three: null }]] } },
      }),
      expected: granted(),
    },
    {
      name: 'reads a header and claims with white space between their members',
      password: token({
        headerText: spaced(defaultHeader()),
        claimsText: spaced(defaultClaims()).replaceAll('\n', '\r\n\t'),
      }),
      expected: granted(),
    },
    {
      name: 'takes aud as text as well as a list',
      password: token({ claims: { aud: 'postgres' } }),
      expected: granted(),
    },
    {
      name: 'grants a token without nbf and jti',
      password: token({ claims: { nbf: undefined, jti: undefined } }),
      expected: granted(),
    },
    {
      name: 'lets the same member stand in two objects',
      password: token({ claims: { a: { sub: 'x', b: [{ sub: 'y' }, { sub: 'z' }] } } }),
      expected: granted(),
    },
  ];
}
