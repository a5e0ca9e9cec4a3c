// sub and cnf, and claims whose names mean something to JavaScript.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const missing = (name: string, claim: string, password: string): Recipe => ({
  name,
  password,
  expected: {
    code: 'ERR_CLAIM_MISSING',
    message: `the token has no ${claim}; expected iss, aud, sub and exp`,
  },
});

export function claims({ token, defaultClaims }: Mint): Recipe[] {
  // JSON.stringify cannot write these, as objects have them already.
  const withRaw = (member: string, without: readonly string[] = []): string => {
    const rest = Object.entries(defaultClaims()).filter(([name]) => !without.includes(name));
    return token({
      claimsText: `{${member},${JSON.stringify(Object.fromEntries(rest)).slice(1)}`,
    });
  };
  const bound = (name: string, cnf: unknown): Recipe => ({
    name,
    password: token({ claims: { cnf } }),
    expected: {
      code: 'ERR_CLAIM_REJECTED',
      message:
        'the token is bound to a key (cnf), whose possession cannot be checked here; expected a bearer token',
      hint: 'Ask the issuer for a token without proof of possession (DPoP, mTLS).',
    },
  });
  return [
    missing('refuses a token without sub', 'sub', token({ claims: { sub: undefined } })),
    missing('refuses a token without any claim', 'iss', token({ claimsText: '{}' })),
    ...[null, '', 1, true, ['system:serviceaccount:foo:myservice'], {}].map((sub) => ({
      name: `refuses ${JSON.stringify(sub)} as sub`,
      password: token({ claims: { sub } }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: `sub is ${JSON.stringify(sub)}; expected text that is not empty`,
      } as const,
    })),
    bound('refuses a token that is bound to a key (DPoP)', {
      jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    }),
    bound('refuses a token that is bound to a certificate (mTLS)', { 'x5t#S256': 'abc' }),
    bound('refuses a token with cnf null', null),
    bound('refuses a token with an empty cnf', {}),
    missing(
      'does not find claims in __proto__',
      'sub',
      withRaw('"__proto__":{"sub":"system:serviceaccount:foo:myservice"}', ['sub']),
    ),
    missing(
      'does not find iss in __proto__',
      'iss',
      withRaw('"__proto__":{"iss":"https://k8s.example.com"}', ['iss']),
    ),
    {
      name: 'takes a claim named __proto__ for nothing special',
      password: withRaw('"__proto__":{"cnf":{"jkt":"x"},"exp":1}'),
      expected: granted(),
    },
    {
      name: 'takes claims named constructor, toString, toJSON and hasOwnProperty for nothing special',
      password: withRaw(
        '"constructor":{"prototype":{"x":1}},"toString":1,"toJSON":2,"hasOwnProperty":null,"valueOf":[]',
      ),
      expected: granted(),
    },
    {
      name: 'is not granted by a token that says it is granted',
      role: 'foo:admin',
      password: token({
        claims: { granted: true, code: 'x', issuer: 'cluster', role: 'foo:admin' },
        header: { granted: true },
      }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "foo:admin" asked for, and the token may only be "foo:myservice"',
      },
    },
  ];
}
