// token.types, allowSenderConstrained, maxAge, requiredClaims and boundTo.
import { type Mint, type TokenOptions, NOW } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const POD = { name: 'myservice-0', uid: 'b7e1' };

const vector = (name: string, password: string, expected: Recipe['expected']): Recipe => ({
  name,
  policy: 'demands',
  password,
  expected,
});

export function demands({ token }: Mint): Recipe[] {
  /** A token that policy `demands` grants, but for this. */
  const tokenWith = (
    kubernetes: Readonly<Record<string, unknown>> = { pod: POD },
    claims: TokenOptions['claims'] = {},
    header: TokenOptions['header'] = {},
  ): string =>
    token({
      header: { typ: 'at+jwt', ...header },
      claims: { 'kubernetes.io': { namespace: 'foo', ...kubernetes }, ...claims },
    });
  const grants = (name: string, password: string) => vector(name, password, granted('demands'));
  const type = (typ: unknown, shown: string): Recipe =>
    vector(`refuses typ ${shown} where it is not listed`, tokenWith({ pod: POD }, {}, { typ }), {
      code: 'ERR_TOKEN_TYPE',
      message: `typ is ${shown}; expected one of at+jwt, application/x-login`,
    });
  const bound = (name: string, kubernetes: Readonly<Record<string, unknown>>, seen: string) =>
    vector(name, tokenWith(kubernetes), {
      code: 'ERR_CLAIM_REJECTED',
      message: `the token is bound to ${seen} (kubernetes.io); expected a token bound to a pod or node (token.boundTo)`,
      hint: 'Use the token of a projected volume, or kubectl create token --bound-object-kind.',
    });

  return [
    grants('grants a token that meets every demand', tokenWith()),
    grants('grants a listed type in another case', tokenWith({ pod: POD }, {}, { typ: 'AT+JWT' })),
    grants(
      'grants a listed type with application/ in front',
      tokenWith({ pod: POD }, {}, { typ: 'application/at+jwt' }),
    ),
    grants(
      'grants a type whose application/ is only in the list',
      tokenWith({ pod: POD }, {}, { typ: 'X-Login' }),
    ),
    type(undefined, 'none'),
    type('JWT', '"JWT"'),
    type('absent', '"absent"'),
    type('text/at+jwt', '"text/at+jwt"'),
    type('', '""'),
    {
      name: 'refuses typ "absent", which is not the same as none',
      password: token({ header: { typ: 'absent' } }),
      expected: {
        code: 'ERR_TOKEN_TYPE',
        message: 'typ is "absent"; expected none, or one of JWT, JOSE, at+jwt',
      },
    },

    grants(
      'grants a token that is bound to a key, where that is permitted',
      tokenWith({ pod: POD }, { cnf: { jkt: 'x' } }),
    ),

    grants('grants a token of the greatest age', tokenWith({ pod: POD }, { iat: NOW - 150 })),
    vector(
      'refuses a token that is older by a second',
      tokenWith({ pod: POD }, { iat: NOW - 151 }),
      {
        code: 'ERR_TOKEN_TOO_OLD',
        message:
          'the token was issued 3 min ago (iat 2025-12-31T23:57:29Z, now 2026-01-01T00:00:00Z, clockSkew 30 s); expected at most 2 min (token.maxAge)',
        hint: 'Get a new token for each connection, or raise token.maxAge.',
      },
    ),
    vector('refuses a token whose age nobody knows', tokenWith({ pod: POD }, { iat: undefined }), {
      code: 'ERR_CLAIM_MISSING',
      message: 'the token has no iat; expected one, to know its age (token.maxAge)',
    }),

    ...[undefined, null].map((jti) =>
      vector(
        `refuses a token whose required jti is ${String(jti)}`,
        tokenWith({ pod: POD }, { jti }),
        {
          code: 'ERR_CLAIM_MISSING',
          message: 'the token has no "jti"; expected one (token.requiredClaims)',
        },
      ),
    ),
    grants('grants a required claim of any other value', tokenWith({ pod: POD }, { jti: false })),
    vector(
      'refuses a token without a claim that is required further down',
      tokenWith({ pod: POD, namespace: undefined }),
      {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no "/kubernetes.io/namespace"; expected one (token.requiredClaims)',
      },
    ),

    grants('grants a token that is bound to a node', tokenWith({ node: { name: 'n', uid: '1' } })),
    grants(
      'grants a token that is bound to a pod and names its node',
      tokenWith({ pod: POD, node: { name: 'n', uid: '1' } }),
    ),
    bound('refuses a token that is bound to nothing', {}, 'nothing'),
    bound(
      'refuses a token that is bound to a secret',
      { secret: { name: 's', uid: '1' } },
      'a secret',
    ),
    bound(
      'refuses a token that is bound to a pod by name alone',
      { pod: { name: 'x' } },
      'nothing',
    ),
    bound('refuses a token that is bound to text', { pod: 'myservice-0' }, 'nothing'),
    bound('refuses a token that is bound to null', { pod: null }, 'nothing'),
    bound(
      'refuses a token whose pod has an empty name',
      { pod: { name: '', uid: 'b7e1' } },
      'nothing',
    ),
  ];
}
