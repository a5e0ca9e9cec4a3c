// Roles past their VALID UNTIL, as far as tokens may log in as them.
import { describe, expect, it } from 'vitest';

import { checkAgainst as check, NAMED, OPEN } from './check-against.ts';
import { fakeRole as role } from './fake-role.ts';

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
