// Roles that are as good as a superuser, and roles past their VALID UNTIL, as far as tokens may log in as them.
import { describe, expect, it } from 'vitest';

import { checkRoles, findNamedRoles } from '../../../src/doctor/roles/check-roles.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { DatabaseRole } from '../../../src/doctor/roles/read-roles.ts';
import { mergeRoles } from '../../../src/doctor/server/merge-roles.ts';
import { fakeRole as role } from './fake-role.ts';
import { entry, loadIssuers } from '../load-issuers.ts';

const NAMED = { roles: [{ claim: 'groups', equals: 'a', role: 'app' }] };
const OPEN = { roles: [{ claim: 'sub' }] };
const POWERS = ['REPLICATION', 'a member of "dba" (SUPERUSER)'];

async function check(
  over: Record<string, unknown>,
  ...roles: readonly DatabaseRole[]
): Promise<readonly Finding[]> {
  const policy = await loadIssuers([entry(over)]);
  const found = checkRoles(policy, findNamedRoles(policy, [], ['x']), roles);
  return found.filter(({ level }) => level !== 'ok');
}

describe('a role as good as a superuser', () => {
  it('is told where a rule names it', async () => {
    expect(await check(NAMED, role('app', { powers: POWERS }))).toEqual([
      {
        topic: 'role',
        level: 'warning',
        fault: 'role-privileged',
        subject: 'homelab: roles[0]',
        message:
          'role "app" is as good as a superuser (REPLICATION; a member of "dba" (SUPERUSER)), and this rule lets a token log in as it',
        hint: 'Name a role without these rights, and add this one to protectedRoles.',
      },
    ]);
  });

  it('is told where a claim may lead to it', async () => {
    expect(await check(OPEN, role('app', { powers: POWERS }))).toMatchObject([
      {
        fault: 'role-privileged',
        subject: 'app',
        message:
          'it is as good as a superuser (REPLICATION; a member of "dba" (SUPERUSER)) and not protected: a token with a claim that reads so may log in as it (rules of homelab)',
        hint: 'Add "app" to protectedRoles.',
      },
    ]);
  });

  it.each<
    readonly [what: string, over: Record<string, unknown>, name: string, faults: readonly string[]]
  >([
    ['nobody may log in as', NAMED, 'other', ['role-missing']],
    ['is protected', OPEN, 'pg_other', []],
  ])('is none that %s', async (_what, over, name, faults) => {
    const found = await check(over, role(name, { powers: POWERS }));
    expect(found.map(({ fault }) => fault)).toEqual(faults);
  });
});

describe('an exception from protectedRoles', () => {
  const allowed = { allowProtectedRoles: ['postgres'] };
  const postgres = role('postgres', { isSuperuser: true });
  const named = { roles: [{ claim: 'groups', equals: 'a', role: 'postgres' }] };
  const message =
    'role "postgres" is a superuser, and allowProtectedRoles lets tokens of homelab log in as it';

  it.each([
    [{ ...named, ...allowed }, 'homelab: roles[0]'],
    [{ ...OPEN, ...allowed }, 'postgres'],
  ])('%j is known: %s', async (over, subject) => {
    expect(await check(over, postgres)).toMatchObject([
      {
        level: 'warning',
        fault: 'role-superuser',
        subject,
        message,
        hint: 'Take it out of allowProtectedRoles, and grant what is needed to another role.',
      },
    ]);
  });

  it('is for its own entry alone', async () => {
    const policy = await loadIssuers([
      entry({ ...OPEN, ...allowed }),
      entry({ ...named, name: 'b' }),
    ]);
    const found = checkRoles(policy, findNamedRoles(policy, [], []), [postgres]);
    expect(found.map(({ fault, subject }) => [fault, subject])).toEqual([
      ['role-protected', 'b: roles[0]'],
      ['role-superuser', 'postgres'],
    ]);
  });
});

describe('VALID UNTIL', () => {
  const expired = { expiredAt: Date.UTC(2020, 0, 2) / 1000 };

  it('that is over does not keep a token out, where a rule names the role', async () => {
    expect(await check(NAMED, role('app', expired))).toEqual([
      {
        topic: 'role',
        level: 'warning',
        fault: 'role-expired',
        subject: 'homelab: roles[0]',
        message:
          'role "app" was valid until 2020-01-02, and yet a token logs in as it: PostgreSQL looks at VALID UNTIL for its own passwords alone',
        hint: 'To lock it, run:\n  ALTER ROLE "app" NOLOGIN\nIf only its password was to expire, run:\n  ALTER ROLE "app" PASSWORD NULL VALID UNTIL \'infinity\'',
      },
    ]);
  });

  it('of roles that claims may lead to is told once for all', async () => {
    const roles = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => role(name, expired));
    expect(await check(OPEN, ...roles, role('h'))).toMatchObject([
      {
        fault: 'role-expired',
        subject: 'VALID UNTIL',
        message:
          'is over for "a", "b", "c", "d", "e" and 2 more, and yet tokens may log in (rules of homelab): PostgreSQL looks at VALID UNTIL for its own passwords alone',
      },
    ]);
  });

  it('does not matter of a role that may not log in, or that no token reaches', async () => {
    expect(await check(OPEN, role('a', { ...expired, mayLogIn: false }))).toEqual([]);
    expect(await check(OPEN, role('postgres', expired))).toEqual([]);
  });

  it('may be before all dates', async () => {
    const [found] = await check(NAMED, role('app', { expiredAt: -Infinity }));
    expect(found?.message).toMatch(/^role "app" was valid until long ago, /);
  });
});

describe('roles of several servers', () => {
  it('may what they may on one of them', () => {
    expect(
      mergeRoles([
        { roles: [role('a', { mayLogIn: false, powers: ['REPLICATION'] }), role('b')] },
        { roles: [role('a', { powers: ['REPLICATION', 'BYPASSRLS'], expiredAt: 1 })] },
      ]),
    ).toEqual([role('a', { powers: ['REPLICATION', 'BYPASSRLS'], expiredAt: 1 }), role('b')]);
  });
});
