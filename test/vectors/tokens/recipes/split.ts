// Several values in one text (split): each counts by itself, and nothing counts that is only part of one.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const GOOD = {
  scp: 'psql user_impersonation',
  tags: 'eu,team-a',
  scope: 'openid pg:reader reports',
  groups: 'staff, db-writer, db-analyst',
};

export function split({ token }: Mint): Recipe[] {
  const vector = (
    name: string,
    claims: TokenOptions['claims'],
    role: string,
    expected: Recipe['expected'],
  ): Recipe => ({
    name,
    policy: 'split',
    role,
    password: token({ claims: { ...GOOD, ...claims } }),
    expected,
  });
  const grants = (name: string, claims: TokenOptions['claims'], role: string): Recipe =>
    vector(name, claims, role, granted('split'));
  const rejects = (name: string, scp: unknown, shown = JSON.stringify(scp)): Recipe =>
    vector(name, { scp }, 'reader', {
      code: 'ERR_CLAIM_REJECTED',
      message: `claim "scp" is ${shown}; expected one of "psql", "pg-admin" as a part (split at " ") (claimValidationRules[0])`,
    });
  const noRole = (name: string, claims: TokenOptions['claims'], role = 'reader'): Recipe =>
    vector(name, { scope: undefined, groups: undefined, ...claims }, role, {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: `role "${role}" asked for, and the role rules permit none for this token`,
    });
  return [
    grants('grants by one word of several', {}, 'reader'),
    grants('grants by another word', {}, 'reports_rw'),
    grants('grants by a part between commas', {}, 'writer'),
    grants('grants by the last part', {}, 'analyst'),
    grants('grants where there is one word alone', { scp: 'psql', scope: 'pg:reader' }, 'reader'),
    grants('grants the other required word', { scp: 'a pg-admin b' }, 'reader'),
    grants(
      'grants whatever stands around the words',
      { scp: '  psql ', scope: ' pg:reader  ' },
      'reader',
    ),
    grants(
      'grants by the words of each text of a list',
      { scp: ['a b', 'c psql'], scope: ['x', 'y pg:reader'] },
      'reader',
    ),
    grants('grants by a whole text of a list', { scope: ['x', 'pg:reader'] }, 'reader'),

    rejects('refuses other words', 'openid user_impersonation'),
    rejects('refuses a longer word', 'psql2 user_impersonation'),
    rejects('refuses a word with something before it', 'xpsql user_impersonation'),
    rejects('refuses a word in another case', 'PSQL user_impersonation'),
    rejects('refuses a word behind another separator', 'openid,psql'),
    ...['\t', '\n', '\r', '\0', '\v', '+', '%20'].map((other) =>
      rejects(`refuses a word behind ${JSON.stringify(other)}`, `openid${other}psql`),
    ),
    ...['\u{a0}', '\u{2003}', '\u{3000}', '\u{200b}'].map((other) =>
      rejects(
        `refuses a word behind U+${other.codePointAt(0)?.toString(16).padStart(4, '0')}, which looks like a space`,
        `openid${other}psql`,
        `"openid\\u${other.codePointAt(0)?.toString(16).padStart(4, '0')}psql"`,
      ),
    ),
    rejects('refuses an empty text', ''),
    rejects('refuses spaces alone', '   '),
    rejects('refuses an empty list', []),
    rejects('refuses an object with the word', { psql: 'psql' }),
    rejects('refuses the word as the name of a member', { psql: true }),
    rejects('refuses true', true),
    rejects('refuses a list in a list', [['psql']]),
    vector(
      'refuses a text without one part that matches',
      { tags: 'eu,team-1,xteam-a' },
      'reader',
      {
        code: 'ERR_CLAIM_REJECTED',
        message:
          'claim "tags" is "eu,team-1,xteam-a"; expected text that matches "team-[a-z]+" as a part (split at ",") (claimValidationRules[1])',
      },
    ),
    vector('refuses what would match the pattern only as a whole', { tags: 'team-,a' }, 'reader', {
      code: 'ERR_CLAIM_REJECTED',
      message:
        'claim "tags" is "team-,a"; expected text that matches "team-[a-z]+" as a part (split at ",") (claimValidationRules[1])',
    }),
    vector('refuses a token without the claim', { scp: undefined }, 'reader', {
      code: 'ERR_CLAIM_MISSING',
      message:
        'the token has no "scp"; expected one of "psql", "pg-admin" as a part (split at " ") (claimValidationRules[0])',
    }),
    noRole('refuses the words of a claim that is not split', { title: 'junior dba' }, 'dba'),
    noRole('refuses a part of a word', { scope: 'xpg:reader pg:' }),
    noRole('refuses words that another separator parts', { scope: 'openid\tpg:reader' }),
    noRole('refuses a part with half of its separator', { groups: 'staff,db-reader' }),
    vector('refuses the whole text as a role', {}, 'reader reports', {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message:
        'role "reader reports" asked for, and the token may only be "reader", "reports_ro", "reports_rw", "writer", "analyst"',
    }),
    vector('refuses a protected role by a word', { scope: 'pg:postgres' }, 'postgres', {
      code: 'ERR_ROLE_PROTECTED',
      message:
        'role "postgres" is protected, no token may log in as it (protectedRoles: "postgres", "root", "pg_*")',
    }),
    // The first thousand parts are looked at: a longer text costs no more.
    noRole('refuses the word behind a thousand others', { scope: `${'x '.repeat(1000)}pg:reader` }),
    grants('grants the thousandth word', { scope: `${'x '.repeat(999)}pg:reader` }, 'reader'),
  ];
}
