// Roles that are as good as a superuser, as far as tokens may log in as them.
import { describe, expect, it } from 'vitest';

import { checkRoles, findNamedRoles } from '../../../src/doctor/roles/check-roles.ts';
import { entry, loadIssuers } from '../load-issuers.ts';
import { checkAgainst as check, NAMED, OPEN } from './check-against.ts';
import { fakeRole as role } from './fake-role.ts';

const POWERS = ['REPLICATION', 'a member of "dba" (SUPERUSER)'];

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
