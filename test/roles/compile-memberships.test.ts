// What a token says of memberships: which there are, and whether that is all of them.
import { describe, expect, it } from 'vitest';

import type { RoleRule } from '../../src/config/schema/schema.ts';
import { compileMemberships } from '../../src/roles/compile-memberships.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';

const PROTECTED = ['postgres', 'pg_*'];
const GROUPS: RoleRule = { claim: 'groups', pattern: 'db-(.+)', role: '\\1', shorten: false };

function compile(memberOf: readonly (string | RoleRule)[] | undefined) {
  const problems: string[] = [];
  const membershipsOf = compileMemberships(
    memberOf,
    PROTECTED,
    RULE_TOOLS,
    (path, message, hint) => {
      problems.push(`${path.join('.')}: ${message}`, ...(hint === undefined ? [] : [hint]));
    },
  );
  return { membershipsOf, problems };
}

describe('memberships', () => {
  it.each<
    readonly [
      what: string,
      claims: Readonly<Record<string, unknown>>,
      roles: string[],
      isComplete: boolean,
    ]
  >([
    ['a list', { groups: ['db-a', 'x', 'db-b', 'db-a'] }, ['app', 'a', 'b'], true],
    ['one text', { groups: 'db-a' }, ['app', 'a'], true],
    ['an empty list', { groups: [] }, ['app'], true],
    ['an empty text', { groups: '' }, ['app'], true],
    ['no claim', {}, ['app'], false],
    ['null', { groups: null }, ['app'], false],
    ['a number', { groups: 7 }, ['app'], false],
    ['a mapping', { groups: { 'db-a': true } }, ['app'], false],
    [
      'too many, which the token only points to',
      { _claim_names: { groups: 'src1' } },
      ['app'],
      false,
    ],
    ['too many, as Entra says it in some tokens', { hasgroups: true }, ['app'], false],
  ])('of %s', (_what, claims, roles, isComplete) => {
    const { membershipsOf, problems } = compile(['app', GROUPS]);
    expect(problems).toEqual([]);
    expect(membershipsOf(claims)).toEqual({ roles, isComplete, withheld: [] });
  });

  it('are known only where every claim is there', () => {
    const { membershipsOf } = compile([GROUPS, { ...GROUPS, claim: 'teams' }]);
    expect(membershipsOf({ groups: ['db-a'] })).toMatchObject({ roles: ['a'], isComplete: false });
    expect(membershipsOf({ groups: ['db-a'], teams: [] })).toMatchObject({ isComplete: true });
  });

  it('are left alone where nothing is written, and are none where the list is empty', () => {
    const none = { roles: [], withheld: [] };
    expect(compile(undefined).membershipsOf({})).toEqual({ ...none, isComplete: false });
    expect(compile([]).membershipsOf({})).toEqual({ ...none, isComplete: true });
  });

  it('have no protected role: as a name it is a problem, from a claim it is withheld', () => {
    expect(
      compile(['app', 'pg_monitor', { ...GROUPS, role: ['a', 'postgres'] }, GROUPS]).problems,
    ).toEqual([
      '1: Invalid value: "pg_monitor": is protected (protectedRoles), and never granted',
      'Make a role of your own that has what is needed of it, and name that one.',
      '2: Invalid value: "postgres": is protected (protectedRoles), and never granted',
      'Make a role of your own that has what is needed of it, and name that one.',
    ]);
    expect(compile([GROUPS]).membershipsOf({ groups: ['db-postgres', 'db-pg_x', 'db-a'] })).toEqual(
      {
        roles: ['a'],
        isComplete: true,
        withheld: ['postgres', 'pg_x'],
      },
    );
  });

  it('say where a pattern cannot be used', () => {
    expect(compile(['a', { ...GROUPS, pattern: '(' }]).problems[0]).toMatch(
      /^1\.pattern: Invalid value: not an RE2/,
    );
  });

  it('of an address that is not verified are none', () => {
    const rule: RoleRule = { claim: 'email', pattern: '.*@a\\.com', role: 'a', shorten: false };
    const claims = { email: 'x@a.com', email_verified: false };
    expect(compile([rule]).membershipsOf(claims)).toMatchObject({ roles: [], isComplete: true });
  });
});
