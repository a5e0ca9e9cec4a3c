// aud: whom a token is made for. Compared byte for byte, whole.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const ASK = 'Ask the issuer for a token with this audience; audiences are compared byte for byte.';

export function audience({ token }: Mint): Recipe[] {
  const mismatch = (name: string, aud: unknown, seen: string): Recipe => ({
    name,
    password: token({ claims: { aud } }),
    expected: {
      code: 'ERR_AUDIENCE_MISMATCH',
      message: `aud is ${seen}; expected "postgres"`,
      hint: ASK,
    },
  });
  const ofPolicy = (
    policy: 'several' | 'exact',
    name: string,
    aud: unknown,
    seen?: string,
  ): Recipe => ({
    name,
    policy: `${policy}-audiences`,
    password: token({ claims: { aud } }),
    expected:
      seen === undefined
        ? granted(policy)
        : {
            code: 'ERR_AUDIENCE_MISMATCH',
            message: `aud is ${seen}; expected ${policy === 'exact' ? 'exactly' : 'one of'} "postgres", "reporting-db"`,
            hint: ASK,
          },
  });
  return [
    mismatch('refuses another audience', 'vault', '"vault"'),
    mismatch('refuses the start of the audience', 'postgre', '"postgre"'),
    mismatch('refuses a longer audience', 'postgres-admin', '"postgres-admin"'),
    mismatch('refuses an audience that ends in ours', 'my-postgres', '"my-postgres"'),
    mismatch('refuses the audience in another case', ['Postgres'], '"Postgres"'),
    mismatch('refuses the audience with a space behind', 'postgres ', '"postgres "'),
    mismatch('refuses a list in a text', 'postgres,vault', '"postgres,vault"'),
    mismatch('refuses a JSON list in a text', '["postgres"]', String.raw`"[\"postgres\"]"`),
    mismatch('refuses a look-alike of the audience', 'p\u{43e}stgres', String.raw`"p\u043estgres"`),
    mismatch('refuses the empty audience', '', '""'),
    mismatch('refuses an empty list', [], 'an empty list'),
    mismatch('refuses several other audiences', ['a', 'b'], '"a", "b"'),
    mismatch(
      'shows the first few of many other audiences',
      Array.from({ length: 500 }, (_, n) => `a${n}`),
      '"a0", "a1", "a2", "a3", "a4" and 495 more',
    ),
    {
      name: 'finds the audience among others',
      password: token({ claims: { aud: ['vault', 'postgres', 'vault'] } }),
      expected: granted(),
    },
    {
      name: 'finds the audience at the end of a thousand others',
      password: token({
        claims: { aud: [...Array.from({ length: 1000 }, (_, n) => `a${n}`), 'postgres'] },
      }),
      expected: granted(),
    },
    {
      name: 'refuses a token without aud',
      password: token({ claims: { aud: undefined } }),
      expected: {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no aud; expected iss, aud, sub and exp',
        hint: 'Ask the issuer for a token with an audience: ID tokens have one; access tokens of Amazon Cognito and legacy service-account tokens have none.',
      },
    },
    ...[
      null,
      0,
      true,
      { postgres: true },
      { 0: 'postgres', length: 1 },
      [['postgres']],
      ['postgres', 1],
      ['postgres', null],
    ].map((aud) => ({
      name: `refuses ${JSON.stringify(aud)} as aud`,
      password: token({ claims: { aud } }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: `aud is ${JSON.stringify(aud)}; expected text or a list of texts`,
      } as const,
    })),
    ofPolicy('several', 'MatchAny takes the first of several audiences', 'postgres'),
    ofPolicy('several', 'MatchAny takes the second of several audiences', ['reporting-db']),
    ofPolicy('several', 'MatchAny takes one of several beside a foreign one', [
      'reporting-db',
      'x',
    ]),
    ofPolicy('several', 'MatchAny refuses a foreign audience', 'x', '"x"'),
    ofPolicy('several', 'MatchAny refuses an empty list', [], 'an empty list'),
    ofPolicy('exact', 'MatchExact takes all audiences', ['postgres', 'reporting-db']),
    ofPolicy('exact', 'MatchExact takes all audiences in any order, also twice', [
      'reporting-db',
      'postgres',
      'reporting-db',
    ]),
    ofPolicy('exact', 'MatchExact refuses one of two audiences', 'postgres', '"postgres"'),
    ofPolicy(
      'exact',
      'MatchExact refuses a foreign audience beside all of its own',
      ['postgres', 'reporting-db', 'x'],
      '"postgres", "reporting-db", "x"',
    ),
    ofPolicy('exact', 'MatchExact refuses an empty list', [], 'an empty list'),
  ];
}
