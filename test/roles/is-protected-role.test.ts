import { expect, it } from 'vitest';

import { isProtectedRole } from '../../src/roles/is-protected-role.ts';

it.each<readonly [pattern: string, role: string, matches: boolean]>([
  ['postgres', 'postgres', true],
  ['postgres', 'postgres2', false],
  ['postgres', 'Postgres', false],
  ['pg_*', 'pg_', true],
  ['pg_*', 'pg_monitor', true],
  ['pg_*', 'pg', false],
  ['pg_*', 'xpg_', false],
  ['*_admin', 'app_admin', true],
  ['*_admin', '_admin', true],
  ['*_admin', 'app_admins', false],
  ['*admin*', 'admin', true],
  ['*admin*', 'superadmin1', true],
  ['*admin*', 'admi', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*a', 'aba', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'acb', false],
  ['a*b*c', 'ac', false],
  ['a*bc*c', 'abc', false],
  ['a*bc*c', 'abcc', true],
  ['*ab*ab*', 'ab', false],
  ['*ab*ab*', 'abab', true],
  ['**', '', true],
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'a', false],
  ['a.c', 'abc', false],
  ['[a]', 'a', false],
  ['a?', 'ab', false],
  ['pg_*', 'pg_\n', true],
  ['*\n*', 'a\nb', true],
])('%j protects %j: %j', (pattern, role, matches) => {
  expect(isProtectedRole(role, [pattern])).toBe(matches);
});

it('protects by any of several patterns, and by none nobody', () => {
  expect(isProtectedRole('b', ['a', 'b', 'c'])).toBe(true);
  expect(isProtectedRole('d', ['a', 'b', 'c'])).toBe(false);
  expect(isProtectedRole('postgres', [])).toBe(false);
});

it('takes no longer for an evil pattern', () => {
  expect(isProtectedRole('a'.repeat(63), [`${'*a'.repeat(5000)}b`])).toBe(false);
});
