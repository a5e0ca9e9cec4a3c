// The SQL that a superuser runs: names in it are names, whatever they are.
import { describe, expect, it } from 'vitest';

import { databaseSQL, removalSQL } from '../../src/postgres/database-sql.ts';

describe('the SQL of a role', () => {
  it('makes it with what it needs, and nothing else', () => {
    const sql = databaseSQL('pgtoken');
    expect(sql).toContain('--   local  all  pgtoken  peer\n');
    expect(sql).toContain('CREATE ROLE "pgtoken";');
    expect(sql).toContain(
      'ALTER ROLE "pgtoken" LOGIN INHERIT NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 6 PASSWORD NULL;',
    );
    expect(sql).toContain('GRANT pg_signal_backend, pg_read_all_stats TO "pgtoken";');
    expect(sql.match(/GRANT/g)).toHaveLength(2);
  });

  it('is taken back', () => {
    expect(removalSQL('a"b')).toContain('DROP ROLE IF EXISTS "a""b";\n');
  });

  it.each([
    ["o'brien", `'o''brien'`, `"o'brien"`],
    ['a"b', `'a"b'`, `"a""b"`],
    ['a\\b', `E'a\\\\b'`, `"a\\b"`],
    [`\\';drop`, `E'\\\\'';drop'`, `"\\';drop"`],
    ['jörg', `'jörg'`, `"jörg"`],
  ])('has %s in quotes', (role, literal, identifier) => {
    const sql = databaseSQL(role);
    expect(sql).toContain(`rolname = ${literal})`);
    expect(sql).toContain(`CREATE ROLE ${identifier};`);
  });

  it('has no part of a role outside of its comment', () => {
    const sql = databaseSQL('a\nDROP TABLE x; --\u{2028}b');
    expect(sql.split('\n')[0]).toContain('as role a?DROP TABLE x; --?b.');
    expect(sql).toContain('local  all  "a?DROP TABLE x; --?b"  peer');
  });

  it.each(['$pgtoken$', 'x$pgtoken$; DROP TABLE y; --', '$pgtoken_$ $pgtoken$'])(
    'is one statement with role %s',
    (role) => {
      const sql = databaseSQL(role);
      const quotes = /^DO (\$\w+\$)$/m.exec(sql)?.[1] ?? '';
      expect(sql.split(quotes)).toHaveLength(3);
      expect(sql.endsWith(`END\n${quotes};\n`)).toBe(true);
    },
  );

  it('lets nobody in by a line of pg_hba.conf that is for everybody', () => {
    expect(databaseSQL('all')).toContain('local  all  "all"  peer');
    expect(databaseSQL('A b')).toContain('local  all  "A b"  peer');
  });
});
