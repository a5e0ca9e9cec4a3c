// The requested role against those that are permitted.
import { describe, expect, it } from 'vitest';

import { quote } from '../../src/quote.ts';
import { checkRole, MAX_ROLE_BYTES } from '../../src/roles/check-role.ts';

const PROTECTED = ['postgres', 'pg_*'];

function check(requested: string, ...permitted: readonly string[]) {
  return checkRole(requested, permitted, PROTECTED, []);
}

function notPermitted(asked: string, may: string) {
  return {
    granted: false,
    code: 'ERR_ROLE_NOT_PERMITTED',
    message: `role ${asked} asked for, and the token may only be ${may}`,
  };
}

describe('a role', () => {
  it('is granted when it is among the permitted ones, byte for byte', () => {
    expect(check('b', 'a', 'b', 'b')).toBeUndefined();
    expect(check('caf\u00e9', 'caf\u00e9')).toBeUndefined();
    expect(check(' a', ' a')).toBeUndefined();
    expect(check('constructor', 'constructor')).toBeUndefined();
  });

  it.each([
    ['b', ['a']],
    ['A', ['a']],
    ['a ', ['a']],
    ['a\0', ['a']],
    ['caf\u00e9', ['cafe\u0301']],
    ['\u0430', ['a']],
    ['a', ['\u0430', 'A', 'aa', 'a\0', '']],
    ['', ['a']],
    ['toString', []],
    ['0', ['a']],
    ['a', []],
  ])('%j is not granted when %j are permitted', (requested, permitted) => {
    const refusal = checkRole(requested, permitted, PROTECTED, []);
    expect(refusal).toMatchObject({ granted: false, code: 'ERR_ROLE_NOT_PERMITTED' });
    expect(refusal?.message).toMatch(/^role ".*" asked for, and the /);
  });

  it('is told apart from one that differs in case alone, with advice', () => {
    expect(check('Alice', 'bob', 'alice')).toMatchObject({
      ...notPermitted('"Alice"', '"bob", "alice"'),
      hint: 'Role names are compared byte for byte, and these differ in case; an unquoted name in SQL is folded to lower case.',
    });
    expect(check('carol', 'bob', 'alice')).toMatchObject({
      ...notPermitted('"carol"', '"bob", "alice"'),
      hint: 'Connect as a role that the token may be, or add a role rule.',
    });
  });

  it('is named among the permitted ones once, and only the first few are', () => {
    expect(check('x', 'a', 'a', 'b', 'a')).toMatchObject(notPermitted('"x"', '"a", "b"'));
    expect(check('x', ...Array.from('abcdefgh'))).toMatchObject(
      notPermitted('"x"', '"a", "b", "c", "d", "e" and 3 more'),
    );
  });

  it('that was no UTF-8 is nobody, whatever is permitted', () => {
    for (const requested of ['\u{fffd}', 'a\u{fffd}b', '\u{d800}', 'a\u{dc00}']) {
      expect(check(requested, requested)).toMatchObject({
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: `role ${quote(requested)} is not valid UTF-8; expected a role name in UTF-8`,
      });
    }
  });
});

describe('a protected role', () => {
  it.each(['postgres', 'pg_monitor', 'pg_', 'pg_*'])('is refused though permitted: %s', (role) => {
    expect(check(role, role)).toMatchObject({
      code: 'ERR_ROLE_PROTECTED',
      message: `role "${role}" is protected, no token may log in as it (protectedRoles: "postgres", "pg_*")`,
      hint: 'Log in as another role, or write this one into allowProtectedRoles of the entry.',
    });
  });

  it('is refused to a token that may be nobody, too', () => {
    expect(check('postgres')).toMatchObject({
      code: 'ERR_ROLE_PROTECTED',
      message:
        'role "postgres" is protected, no token may log in as it (protectedRoles: "postgres", "pg_*")',
    });
  });

  it.each(['Postgres', 'postgres2', 'pg', 'pgx', 'a_pg_b', 'PG_MONITOR'])(
    'is not %s, which PostgreSQL takes for another role',
    (role) => {
      expect(check(role, role)).toBeUndefined();
    },
  );

  it('is not advertised as one that a token may be', () => {
    expect(check('x', 'postgres', 'pg_monitor')).toMatchObject({
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'role "x" asked for, and the role rules permit none for this token',
    });
    expect(check('x', 'postgres', 'alice')).toMatchObject(notPermitted('"x"', '"alice"'));
  });

  it('is one that the administrator protected, and there may be none', () => {
    expect(checkRole('postgres', ['postgres'], [], [])).toBeUndefined();
    expect(checkRole('anything', ['anything'], ['*'], [])).toMatchObject({
      code: 'ERR_ROLE_PROTECTED',
      message: 'role "anything" is protected, no token may log in as it (protectedRoles: "*")',
    });
  });
});

function refused(role: string, bytes: number) {
  return {
    code: 'ERR_ROLE_TOO_LONG',
    message: `the token maps to role "${role}" of ${bytes} bytes; PostgreSQL's role names have at most 63`,
    hint: 'Write a role rule that yields a shorter name, or shorten: true.',
  };
}

describe('a long role', () => {
  const fits = 'r'.repeat(MAX_ROLE_BYTES);
  const tooLong = `${fits}s`;
  it('of 63 bytes is granted', () => {
    expect(check(fits, fits)).toBeUndefined();
  });

  it('is not granted by a role that PostgreSQL cuts to it', () => {
    expect(check(fits, tooLong)).toMatchObject(refused(tooLong, 64));
    expect(check(fits, 'alice', tooLong)).toMatchObject(refused(tooLong, 64));
  });

  it('is not granted when asked for in full', () => {
    expect(check(tooLong, tooLong)).toMatchObject(refused(tooLong, 64));
  });

  it('is granted when a rule yields exactly the cut as well', () => {
    expect(check(fits, tooLong, fits)).toBeUndefined();
  });

  it('matters only where it may have been meant', () => {
    expect(check('bob', 'alice', tooLong)).toMatchObject(notPermitted('"bob"', '"alice"'));
    expect(check('bob', tooLong)).toMatchObject(refused(tooLong, 64));
    expect(check('r'.repeat(62), 'alice', tooLong)).toMatchObject(
      notPermitted(`"${'r'.repeat(62)}"`, '"alice"'),
    );
  });

  it('is counted in bytes', () => {
    expect(check('\u00e9'.repeat(31), '\u00e9'.repeat(31))).toBeUndefined();
    const role = '\u00e9'.repeat(32);
    expect(check(role, role)).toMatchObject(refused(String.raw`\u00e9`.repeat(32), 64));
  });
});
