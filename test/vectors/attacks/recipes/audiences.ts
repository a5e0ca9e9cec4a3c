// aud: other types, lists in lists, and texts that hold the right one.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  type AttackRecipe,
  attacks,
  audienceMismatch,
  claimMissing,
  claimRejected,
  claimsUnreadable,
} from './attack-recipe.ts';

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n));

export function audiences({ token }: Mint): AttackRecipe[] {
  const rejected = (aud: unknown, shown = JSON.stringify(aud)): Recipe => ({
    name: `aud ${JSON.stringify(aud).slice(0, 60)}`,
    password: token({ claims: { aud } }),
    expected: claimRejected(`aud is ${shown}; expected text or a list of texts`),
  });
  const mismatch = (aud: string | string[], shown: string): Recipe => ({
    name: `aud ${JSON.stringify(aud).slice(0, 60)}`,
    password: token({ claims: { aud } }),
    expected: audienceMismatch(shown),
  });
  return [
    ...attacks(
      'to have an audience found in something that is no list of texts',
      'RFC 8725 section 3.9, RFC 7519 section 4.1.3, CVE-2020-26160',
      [
        rejected({}),
        rejected({ 0: 'postgres', length: 1 }),
        rejected({ postgres: true }),
        rejected({ includes: 'postgres' }),
        rejected([['postgres']]),
        rejected([[['postgres']]]),
        rejected([['postgres'], 'vault']),
        rejected(['postgres', ['postgres']]),
        rejected(['postgres', 1]),
        rejected(['postgres', null]),
        rejected(['postgres', {}]),
        rejected([null]),
        rejected([{ aud: 'postgres' }]),
        rejected(null),
        rejected(true),
        rejected(0),
        rejected(1),
        {
          name: 'no aud, and azp instead',
          password: token({ claims: { aud: undefined, azp: 'postgres', client_id: 'postgres' } }),
          expected: claimMissing('aud'),
        },
        {
          name: 'no aud, and one in the header',
          password: token({ header: { aud: 'postgres' }, claims: { aud: undefined } }),
          expected: claimMissing('aud'),
        },
        {
          name: 'aud []',
          password: token({ claims: { aud: [] } }),
          expected: audienceMismatch('an empty list'),
        },
      ],
    ),
    ...attacks(
      'to have an audience found in a text that only looks like it',
      'RFC 8725 section 3.9',
      [
        mismatch('', '""'),
        mismatch([''], '""'),
        mismatch('postgres ', '"postgres "'),
        mismatch(' postgres', '" postgres"'),
        mismatch('Postgres', '"Postgres"'),
        mismatch('POSTGRES', '"POSTGRES"'),
        mismatch('postgre', '"postgre"'),
        mismatch('postgresql', '"postgresql"'),
        mismatch('xpostgres', '"xpostgres"'),
        mismatch('postgres,vault', '"postgres,vault"'),
        mismatch('postgres vault', '"postgres vault"'),
        mismatch('["postgres"]', String.raw`"[\"postgres\"]"`),
        mismatch('postgres/', '"postgres/"'),
        mismatch('https://postgres', '"https://postgres"'),
        mismatch('*', '"*"'),
        mismatch('.*', '".*"'),
        mismatch('post*', '"post*"'),
        mismatch('postgres\0', String.raw`"postgres\u0000"`),
        mismatch('postgres\n', String.raw`"postgres\n"`),
        mismatch('p\u{43E}stgres', String.raw`"p\u043estgres"`),
        mismatch('\u{FF50}ostgres', String.raw`"\uff50ostgres"`),
        mismatch('postgre\u{17F}', String.raw`"postgre\u017f"`),
        mismatch('\u{FEFF}postgres', String.raw`"\ufeffpostgres"`),
        mismatch('__proto__', '"__proto__"'),
        mismatch(['vault', 'postgresql'], '"vault", "postgresql"'),
      ],
    ),
    ...attacks('to take time and memory with a long list', 'RFC 8725 section 3.10', [
      mismatch(many(1800), '"0", "1", "2", "3", "4" and 1795 more'),
      {
        name: 'aud of 10,000 entries',
        policy: 'roomy',
        password: token({ claims: { aud: many(10_000).map((n) => n.slice(-1)) } }),
        expected: claimsUnreadable('over 2000 values'),
      },
      {
        name: 'aud of 10,000 entries, the right one last',
        policy: 'roomy',
        password: token({ claims: { aud: [...many(9999).map((n) => n.slice(-1)), 'postgres'] } }),
        expected: claimsUnreadable('over 2000 values'),
      },
    ]),
  ];
}
