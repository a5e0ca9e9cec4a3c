// By which line of pg_hba.conf a login would come, on whatever major version a server has.
import { afterAll, beforeAll, expect, it } from 'vitest';

import { findHBALine } from '../../../src/postgres/find-hba-line.ts';
import type { PreparedServer } from './sql-server.ts';

/** Named by their numbers below. */
const LINES = [
  'local all postgres peer',
  'local replication all reject',
  'local sameuser all scram-sha-256',
  'local app +hba_group pam pamservice=of-group',
  'local all all pam pamservice=local-people',
  'host all all client.example.com reject',
  'hostnossl all all 10.0.0.0/8 pam pamservice=plain',
  'hostssl all all 10.0.0.0/8 pam pamservice=encrypted',
  'host app,other "hba:some one",hba:x 192.0.2.0 255.255.255.0 ldap ldapserver=ldap.example.com ldapbinddn="cn=x" ldapbindpasswd=topsecret ldapbasedn="dc=x"',
  'host all all 2001:db8::/32 pam',
  'host samerole all 198.51.100.0/24 reject',
  'host all /^hba:.+ 198.51.100.0/24 pam pamservice=by-pattern',
];

/** @param on there from `beforeAll` on. */
export function describeHBA(on: () => PreparedServer): void {
  let before: readonly string[] = [];
  const write = async (lines: readonly string[]): Promise<void> => {
    const { dba } = on();
    const { rows } = await dba.query<{ path: string }>(
      `select current_setting('hba_file') as path`,
    );
    const [array, file] = [lines, rows[0]?.path].map((value) => JSON.stringify(value));
    await dba.query(
      `do $do$ begin execute format('copy (select value from jsonb_array_elements_text(%L::jsonb)) to %L', $$${array}$$, $$${file?.slice(1, -1)}$$); end $do$`,
    );
  };
  const met = async (
    role: string,
    database: string,
    address?: string,
  ): Promise<
    readonly [line: number, method: string, service: string | null, undecided: unknown] | undefined
  > => {
    const query = async (text: string, values: readonly unknown[]) =>
      (await on().daemon.query<Record<string, unknown>>(text, [...values])).rows;
    const line = await findHBALine({ query }, { role, database, address });
    return line && [line.line, line.method, line.service, line.undecided];
  };

  beforeAll(async () => {
    const { rows } = await on().dba.query<{ text: string }>(
      `select pg_read_file(current_setting('hba_file')) as text`,
    );
    before = (rows[0]?.text ?? '').replace(/\n$/, '').split('\n');
    await on().dba.query('create role hba_group; create role hba_middle in role hba_group');
    await on().dba.query(
      'create role "hba:in" login in role hba_middle; create role "hba:x" login; create role "hba:mighty" superuser login',
    );
    await write(LINES);
  });
  afterAll(async () => {
    await write(before);
    await on().dba.query('drop role hba_group, hba_middle, "hba:in", "hba:x", "hba:mighty"');
  });

  it.each<readonly [role: string, database: string, address: string | undefined, met: unknown]>([
    ['postgres', 'app', undefined, [1, 'peer', null, []]],
    ['app', 'app', undefined, [3, 'scram-sha-256', null, []]],
    ['hba:in', 'app', undefined, [4, 'pam', 'of-group', []]],
    ['hba:in', 'other', undefined, [5, 'pam', 'local-people', []]],
    // Whoever does not exist, or is a superuser, is a member of nothing.
    ['hba:new', 'app', undefined, [5, 'pam', 'local-people', []]],
    ['hba:mighty', 'app', undefined, [5, 'pam', 'local-people', []]],
    // These servers have no TLS.
    ['hba:x', 'app', '10.1.2.3', [7, 'pam', 'plain', [6]]],
    ['hba:x', 'app', '192.0.2.255', [9, 'ldap', null, [6]]],
    ['hba:some one', 'other', '192.0.2.1', [9, 'ldap', null, [6]]],
    ['hba:x', 'postgres', '192.0.2.1', undefined],
    ['hba:x', 'app', '192.0.3.1', undefined],
    ['hba:x', 'app', '2001:db8::1', [10, 'pam', null, [6]]],
    ['hba:x', 'app', '2001:db9::1', undefined],
    ['hba:in', 'hba_group', '198.51.100.7', [11, 'reject', null, [6]]],
  ])('%s to %s from %s', async (role, database, address, expected) => {
    expect(await met(role, database, address)).toEqual(expected);
  });

  it('knows regular expressions from 16 on, as the server does', async () => {
    const found = await met('hba:x', 'app', '198.51.100.7');
    expect(found).toEqual(on().version >= 160_000 ? [12, 'pam', 'by-pattern', [6]] : undefined);
  });

  it('shows nothing that is secret', async () => {
    const { rows } = await on().daemon.query(
      `select h::text as text from pgtoken.hba_line(2, 'hba:x', 'app', '192.0.2.1') h`,
    );
    expect(JSON.stringify(rows)).toContain('ldap');
    expect(JSON.stringify(rows)).not.toMatch(/topsecret|cn=x/);
  });
}
