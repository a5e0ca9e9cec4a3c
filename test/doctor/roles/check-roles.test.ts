// Roles that rules name, without and with what the server knows of them.
import { describe, expect, it } from 'vitest';

import { checkRoles, findNamedRoles } from '../../../src/doctor/roles/check-roles.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { parseHBA } from '../../../src/doctor/hba/parse-hba.ts';
import { type DatabaseRole, MAX_ROLE_BYTES } from '../../../src/doctor/roles/read-roles.ts';
import { MAX_ROLE_BYTES as REAL_MAX } from '../../../src/roles/check-role.ts';
import { entry, loadIssuers } from '../load-issuers.ts';
import { fakeRole as role } from './fake-role.ts';

const rules = (...roles: readonly Record<string, unknown>[]): Record<string, unknown> =>
  entry({ roles });

async function check(
  given: Record<string, unknown>,
  roles?: readonly DatabaseRole[],
  hba = '',
  top = {},
): Promise<readonly Finding[]> {
  const policy = await loadIssuers([given], top);
  const parsed = parseHBA('pg_hba.conf', hba, { read: () => undefined, list: () => [] });
  return checkRoles(policy, findNamedRoles(policy, parsed.rules, ['x']), roles);
}

const faults = (findings: readonly Finding[]): unknown[] =>
  findings.flatMap(({ fault, subject }) => (fault === undefined ? [] : [[fault, subject]]));

const long = (bytes: number): string => 'r'.repeat(bytes);

describe('a rule', () => {
  it('has the limit of the decision', () => {
    expect(MAX_ROLE_BYTES).toBe(REAL_MAX);
  });

  it.each([
    [long(63), []],
    [long(64), [['role-too-long', 'homelab: roles[0]']]],
    ['é'.repeat(31), []],
    ['é'.repeat(32), [['role-too-long', 'homelab: roles[0]']]],
    ['pg_monitor', [['role-protected', 'homelab: roles[0]']]],
    ['postgres', [['role-protected', 'homelab: roles[0]']]],
  ])('that yields %s: %j', async (name, expected) => {
    expect(faults(await check(rules({ claim: 'groups', equals: 'a', role: name })))).toEqual(
      expected,
    );
  });

  it.each([
    [`${long(63)}\\1`, []],
    [`${long(64)}\\1`, [['role-too-long', 'homelab: roles[0]']]],
  ])('of a pattern that yields %s: %j', async (name, expected) => {
    const pattern = rules({ claim: 'sub', pattern: 'a(.*)', role: name });
    expect(faults(await check(pattern))).toEqual(expected);
  });

  it('may yield postgres where it is not protected', async () => {
    const given = rules({ claim: 'groups', equals: 'a', role: 'postgres' });
    expect(faults(await check(given, undefined, '', { protectedRoles: [] }))).toEqual([]);
    const server = [role('postgres', { isSuperuser: true })];
    expect(faults(await check(given, server, '', { protectedRoles: [] }))).toEqual([
      ['role-superuser', 'homelab: roles[0]'],
    ]);
  });

  it('says how much was looked at', async () => {
    const given = rules({ claim: 'groups', equals: 'a', role: ['a', 'b'] });
    expect(await check(given)).toMatchObject([
      { level: 'ok', message: '2 named word for word; whether they exist was not asked (--db)' },
    ]);
    expect(await check(given, [role('a'), role('b')])).toMatchObject([
      { level: 'ok', message: '2 named word for word; they exist and may log in' },
    ]);
    expect(await check(rules({ claim: 'sub' }))).toMatchObject([
      { level: 'ok', message: 'no rule names a role word for word' },
    ]);
  });
});

describe('a role of the server', () => {
  const open = rules({ claim: 'sub' });
  const closed = rules({ claim: 'groups', equals: 'a', role: 'a' });

  it.each<readonly [role: DatabaseRole, expected: readonly unknown[]]>([
    [role('app'), []],
    [role('admin', { isSuperuser: true }), [['role-superuser', 'admin']]],
    [role('admin', { isSuperuser: true, mayLogIn: false }), []],
    [role('postgres', { isSuperuser: true }), []],
    [role(long(63)), [['role-cut', long(63)]]],
    [role(long(62)), []],
    [role('é'.repeat(31)), [['role-cut', 'é'.repeat(31)]]],
    [role(`${'é'.repeat(29)}x`), []],
  ])('%j', async (seen, expected) => {
    expect(faults(await check(open, [seen]))).toEqual(expected);
    // Where rules name roles only word for word, no claim leads there.
    expect(faults(await check(closed, [role('a'), seen]))).toEqual([]);
  });
});

describe('a line of pg_hba.conf', () => {
  const given = rules({ claim: 'groups', equals: 'a', role: 'a' });

  it.each([
    ['hostssl all b,"c" all pam pamservice=x', [['role-missing', 'pg_hba.conf:1']]],
    ['hostssl all b all pam pamservice=y', []],
    ['hostssl all b all scram-sha-256', []],
    ['hostssl all all,+b,/^b all pam pamservice=x', []],
    ['hostssl all "all" all pam pamservice=x', [['role-missing', 'pg_hba.conf:1']]],
    ['hostssl all postgres all pam pamservice=x', []],
  ])('%s: %j', async (line, expected) => {
    const server = [role('a'), role('c'), role('postgres', { isSuperuser: true })];
    expect(faults(await check(given, server, line))).toEqual(expected);
  });
});
