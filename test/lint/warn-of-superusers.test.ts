// Open rules that reach roles as good as superusers, and split names.
import { expect, it } from 'vitest';

import { type Entry, entryWith, findWarningsIn, PROTECTED, warningsOf } from './warnings-of.ts';

const DEFAULT = { protectedRoles: ['postgres', 'root', 'pg_*'] };

async function toldOf(rule: Entry, top: Entry = DEFAULT): Promise<readonly string[]> {
  const warnings = await findWarningsIn([entryWith({ roles: [rule] })], top);
  return warnings.map(({ message }) => message).filter((message) => message.includes('superusers'));
}

it.each<readonly [rule: Entry, value: string]>([
  [{ claim: 'sub' }, 'sub "rds_superuser"'],
  [{ claim: 'preferred_username', pattern: '[a-z_]+' }, 'preferred_username "rds_superuser"'],
  [{ claim: 'email', trimSuffix: '@example.com' }, 'email "rds_superuser@example.com"'],
  [
    { claim: 'email', pattern: String.raw`(.+)@example\.com`, role: String.raw`\1` },
    'email "rds_superuser@example.com"',
  ],
  [{ claim: 'sub', replace: { '-': '_' } }, 'sub "rds_superuser"'],
  [{ claim: 'sub', replace: { '.': '' } }, 'sub "rds_superuser"'],
  [
    { claim: 'name', pattern: '([a-z-]+)', role: String.raw`\1`, replace: { '-': '_' } },
    'name "rds-superuser"',
  ],
  [{ claim: '/realm_access/roles' }, '/realm_access/roles "rds_superuser"'],
  [{ claim: 'groups', trimPrefix: '/' }, 'groups "/rds_superuser"'],
  [
    { claim: 'groups', pattern: '([a-z]*)_([a-z]*)', role: String.raw`\1_\2` },
    'groups "rds_superuser"',
  ],
  [
    { claim: 'groups', pattern: '(.+)', role: [String.raw`app_\1`, String.raw`\1`] },
    'groups "rds_superuser"',
  ],
])('an open rule is told with a value that reaches one: %j', async (rule, value) => {
  expect(await toldOf(rule)).toEqual([expect.stringContaining(`as with ${value}: `)]);
});

it.each<Entry>([
  { claim: 'sub', trimPrefix: 'system:serviceaccount:' },
  { claim: 'groups', trimPrefix: 'pg-' },
  { claim: 'groups', equals: 'dba', role: 'dba_ro' },
  // Written so, it is what is meant.
  { claim: 'groups', equals: 'rds_superuser', role: 'rds_superuser' },
  { claim: 'sub', pattern: '(.+)', role: String.raw`u_\1` },
  { claim: 'sub', pattern: '.*', role: 'everybody' },
  { claim: 'sub', pattern: '[0-9a-f-]{36}' },
])('a rule that reaches none is not: %j', async (rule) => {
  expect(await toldOf(rule)).toEqual([]);
});

it('each that is reached is named, three at most, at the first rule that reaches any', async () => {
  const roles = [{ claim: 'sub', trimPrefix: 'app:' }, { claim: 'sub' }, { claim: 'name' }];
  const warnings = await findWarningsIn([entryWith({ roles })], DEFAULT);
  expect(warnings).toMatchObject([
    {
      path: ['issuers', 0, 'roles', 1],
      message:
        'whoever is called so may be "rds_superuser", "cloudsqlsuperuser", "alloydbsuperuser" and 10 more, as with sub "rds_superuser": as good as superusers, where a provider or a tool has made them',
      hint: 'Protect them, such as protectedRoles: [postgres, root, "pg_*", "*superuser", "*admin", "*repl*", barman, repmgr, enterprisedb], or put something before the name.',
    },
  ]);
});

it('what is protected is not reached, and root is only where it is not', async () => {
  const withoutRoot = PROTECTED.filter((role) => role !== 'root');
  expect(await toldOf({ claim: 'sub' }, { protectedRoles: PROTECTED })).toEqual([]);
  expect(await toldOf({ claim: 'sub' }, { protectedRoles: withoutRoot })).toEqual([
    expect.stringContaining('whoever is called so may be "root", as with sub "root"'),
  ]);
});

it.each(['sub', '/sub', 'preferred_username', 'repository'])(
  'a part of %s is told, where it is split',
  async (claim) => {
    const rule = { claim, split: ' ', equals: 'admin', role: 'app' };
    const of = { claim, split: ' ', requiredValue: 'admin' };
    const told = (place: string): string =>
      `issuers[0].${place}.split: a part of "${claim}" is enough, which is a name and no list: "stranger admin" counts as "admin"`;
    expect(await warningsOf(entryWith({ roles: [rule] }))).toEqual([told('roles[0]')]);
    expect(await warningsOf(entryWith({ claimValidationRules: [of] }))).toEqual([
      told('claimValidationRules[0]'),
    ]);
  },
);

it('a part of a list is not', async () => {
  for (const claim of ['scope', 'scp', 'groups', '/realm_access/roles', '/user/name']) {
    const rule = { claim, split: ' ', equals: 'admin', role: 'app' };
    expect(await warningsOf(entryWith({ roles: [rule] }))).toEqual([]);
  }
});
