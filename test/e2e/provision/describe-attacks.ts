// What whoever holds the daemon's database role could try, on whatever major version: all of it is refused by PostgreSQL.
import { expect, it } from 'vitest';

import { ALLOWED, DAEMON_ROLE, type PreparedServer } from './sql-server.ts';

const [READ, WRITE] = ALLOWED;
const call = (role: string, memberOf: string, settings = `'{}', '{}'`): string =>
  `select pgtoken.provision(1, ${role}, true, ${memberOf}, true, null, ${settings}, false)`;

/** Each is one statement, or several; the last one is refused. docs/understand/assurance.md counts them. */
export const REFUSED: readonly (readonly [what: string, sql: string, why: RegExp])[] = [
  ['alters postgres', 'alter role postgres password null', /permission denied|must be superuser/],
  [
    'alters a role that it made',
    `${call(`'prey'`, `'{}'`)}; alter role prey superuser`,
    /permission denied|must be superuser/,
  ],
  ['alters itself', `alter role ${DAEMON_ROLE} createrole`, /permission denied/],
  ['makes a role by itself', 'create role own superuser', /permission denied|must be superuser/],
  ['makes a plain role by itself', 'create role own', /permission denied/],
  [
    'grants an allowed role to itself',
    `grant ${READ} to ${DAEMON_ROLE}`,
    /must have admin option|permission denied/,
  ],
  [
    'grants to itself by the function',
    call(`'${DAEMON_ROLE}'`, `'{${READ}}'`),
    /its name is reserved/,
  ],
  ['has the function alter postgres', call(`'postgres'`, `'{${READ}}'`), /was not made by pgtoken/],
  [
    'has the function alter its owner',
    call(`'pgtoken_owner'`, `'{${READ}}'`),
    /its name is reserved/,
  ],
  [
    'has the function alter what is allowed',
    call(`'${READ}'`, `'{${WRITE}}'`),
    /was not made by pgtoken/,
  ],
  ['marks a role', 'grant pgtoken_managed to postgres', /must have admin option|permission denied/],
  [
    'takes a mark away',
    `${call(`'prey'`, `'{}'`)}; revoke pgtoken_managed from prey`,
    /must have admin option|permission denied/,
  ],
  [
    'takes a membership away',
    `${call(`'prey'`, `'{${READ}}'`)}; revoke ${READ} from prey`,
    /must have admin option|permission denied/,
  ],
  ['becomes the owner', 'set role pgtoken_owner', /permission denied/],
  ['becomes the marker', 'set role pgtoken_managed', /permission denied/],
  ['becomes a role that it made', `${call(`'prey'`, `'{}'`)}; set role prey`, /permission denied/],
  ['becomes what is allowed', `set role ${READ}`, /permission denied/],
  ['changes its session user', 'set session authorization postgres', /permission denied/],
  ['allows a role', `select pgtoken.allow('pg_monitor')`, /permission denied for function allow/],
  [
    'disallows a role',
    `select pgtoken.disallow('${READ}')`,
    /permission denied for function disallow/,
  ],
  ['lists what is allowed', 'select pgtoken.allowed()', /permission denied for function allowed/],
  ['asks for powers', `select pgtoken.power_of(10)`, /permission denied for function power_of/],
  [
    'writes the list',
    `insert into pgtoken.allowed_roles values (10, 'postgres')`,
    /permission denied for table allowed_roles/,
  ],
  [
    'reads the list',
    'select * from pgtoken.allowed_roles',
    /permission denied for table allowed_roles/,
  ],
  [
    'reads the list by its view',
    'select * from pgtoken.grantable',
    /permission denied for view grantable/,
  ],
  [
    'holds up writers',
    'begin; lock table pgtoken.turn in exclusive mode',
    /permission denied for table turn/,
  ],
  [
    'puts a trigger on the list',
    'create trigger t before insert on pgtoken.allowed_roles execute function pg_catalog.suppress_redundant_updates_trigger()',
    /permission denied/,
  ],
  [
    'replaces the function',
    `create or replace function pgtoken.version() returns integer language sql as 'select 1'`,
    /permission denied for schema pgtoken/,
  ],
  [
    'adds a function that comes first',
    `create function pgtoken.power_of(text) returns text language sql as 'select null'`,
    /permission denied for schema pgtoken/,
  ],
  ['adds a table', 'create table pgtoken.allowed (x int)', /permission denied for schema pgtoken/],
  [
    'takes the function over',
    `alter function pgtoken.version() owner to ${DAEMON_ROLE}`,
    /must be owner/,
  ],
  ['changes how the function runs', 'alter function pgtoken.version() reset all', /must be owner/],
  ['drops the schema', 'drop schema pgtoken cascade', /must be owner/],
  [
    'sets search_path of a role',
    call(`'prey'`, `'{}'`, `'{search_path}', '{evil}'`),
    /is none of those that pgtoken may set/,
  ],
  [
    'sets a role to become',
    call(`'prey'`, `'{}'`, `'{role}', '{postgres}'`),
    /is none of those that pgtoken may set/,
  ],
  [
    'adds a statement in a name',
    call(`'x"; alter role ${DAEMON_ROLE} superuser; --' || repeat('y', 64)`, `'{}'`),
    /a name of/,
  ],
  [
    'sends a name with U+0000',
    `select pgtoken.provision(1, E'a\\u0000b', true, '{}', true, null, '{}', '{}', false)`,
    /invalid Unicode escape value|null character/,
  ],
  ['leaves names out', call('null', `'{}'`), /something is missing/],
  ['leaves roles out', call(`'prey'`, 'null'), /something is missing/],
  ['has a role without a name', call(`'prey'`, `array[null]::text[]`), /something is missing/],
  [
    'sends settings without values',
    call(`'prey'`, `'{}'`, `'{work_mem}', '{}'`),
    /something is missing/,
  ],
  ['takes a record of a login away', 'delete from pgtoken.logins', /permission denied for table/],
  [
    'makes a role look unused',
    `update pgtoken.logins set last_login = '2000-01-01', counted_from = '2000-01-01'`,
    /permission denied for table logins/,
  ],
  [
    'makes logins look recorded for long',
    `update pgtoken.recording set since = '2000-01-01'`,
    /permission denied for table recording/,
  ],
  [
    'allows roles to be retired',
    `select pgtoken.allow_retirement('7 days', true)`,
    /permission denied for function allow_retirement/,
  ],
  [
    'allows it by the table',
    `insert into pgtoken.retirement (unused, may_drop) values ('7 days', true)`,
    /permission denied for table retirement/,
  ],
  [
    'retires a role without that',
    `select pgtoken.retire(2, '90 days', 10, 'postgres', false)`,
    /no superuser has allowed roles to be retired/,
  ],
  [
    'drops a role without that',
    `select pgtoken.retire(2, '90 days', 10, 'postgres', true)`,
    /no superuser has allowed roles to be retired/,
  ],
  ['drops a role by itself', `${call(`'prey'`, `'{}'`)}; drop role prey`, /permission denied/],
  [
    'takes LOGIN away by itself',
    `${call(`'prey'`, `'{}'`)}; alter role prey nologin`,
    /permission denied/,
  ],
  [
    'has the checks say what it likes',
    `select pgtoken.not_retired_because(10, '1 day')`,
    /permission denied for function not_retired_because/,
  ],
  ['reads pg_hba.conf', 'select * from pg_hba_file_rules', /permission denied for view/],
  [
    'records a login without a name',
    `select pgtoken.record(2, array[null]::text[], '{x}', '{x}', true)`,
    /something is missing or too long/,
  ],
  [
    'fills the records',
    `select pgtoken.record(2, '{x}', '{x}', array[repeat('x', 1000000)], true)`,
    /something is missing or too long/,
  ],
  [
    'runs a program',
    `copy (select 1) to program 'true'`,
    /permission denied to COPY|must be superuser/,
  ],
  ['reads a file', `select pg_read_file('/etc/passwd')`, /permission denied for function/],
  ['reads passwords', 'select rolpassword from pg_authid', /permission denied for table pg_authid/],
  [
    'writes the catalog',
    `update pg_auth_members set admin_option = true`,
    /permission denied for table pg_auth_members/,
  ],
];

/** Tried for memberships; none is granted, and nothing else happens. */
export const NOT_GRANTED = [
  'postgres',
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_monitor',
  'pg_signal_backend',
  'pgtoken_owner',
  'pgtoken_managed',
  DAEMON_ROLE,
  'prey',
  'public',
  'PUBLIC',
  `${READ} WITH ADMIN OPTION`,
  `${READ}, postgres`,
  `${READ}" to prey; grant "postgres`,
  READ.toUpperCase(),
  `${READ} `,
];

/** @param on there from `beforeAll` on. */
export function describeAttacks(on: () => PreparedServer): void {
  const rights = async (): Promise<unknown> => {
    const { rows } = await on().dba.query(`
      select rolname::text as name, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconfig,
        array(select g.rolname || coalesce(':' || m.grantor::regrole::text, '') || m.admin_option from pg_auth_members m
          join pg_roles g on g.oid = m.roleid where m.member = r.oid order by 1) as memberships
      from pg_roles r where rolname !~ '^prey|^"?x' order by 1`);
    // What is made on 16 and later, its owner has ADMIN on.
    return JSON.stringify(rows).replaceAll(/,?"prey:postgrestrue"/g, '');
  };
  /** As the daemon's role, in a session of its own. */
  const attempt = async (sql: string): Promise<string> => {
    const client = await on().connect(DAEMON_ROLE);
    try {
      await client.query(sql);
      return 'done';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      await client.end();
    }
  };

  it.each(REFUSED)('refuses who %s', async (_what, sql, why) => {
    const before = await rights();
    expect(await attempt(sql)).toMatch(why);
    expect(await rights()).toBe(before);
  });

  it('grants no role that is not allowed by exactly its name', async () => {
    await on().provision({ role: 'prey' });
    const before = await rights();
    const changes = await on().provision({ role: 'prey', memberOf: NOT_GRANTED, mayRevoke: true });
    expect(changes.granted).toEqual([]);
    expect(changes.skipped.toSorted()).toEqual([...NOT_GRANTED].toSorted());
    expect(await on().membershipsOf('prey')).toEqual([]);
    expect(await rights()).toBe(before);
  });

  it('is not led astray by what its caller shadows, in public or pg_temp, nor by the settings of the session', async () => {
    const { dba, connect } = on();
    await dba.query(
      `grant create, usage on schema public to ${DAEMON_ROLE}; grant temporary on database postgres to ${DAEMON_ROLE}`,
    );
    const client = await connect(DAEMON_ROLE);
    try {
      const trap = `language plpgsql as $$ begin raise exception 'trapped as %', current_user; end $$`;
      for (const schema of ['public', 'pg_temp']) {
        await client
          .query(`
          create function ${schema}.format(text, variadic "any") returns text language internal as 'text_format' ;
        `)
          .catch(() => undefined);
        await client.query(`
          create function ${schema}.quote_ident(text) returns text ${trap};
          create function ${schema}.octet_length(text) returns integer ${trap};
          create function ${schema}.starts_with(text, text) returns boolean ${trap};
          create function ${schema}.current_setting(text) returns text ${trap};
          create function ${schema}.to_regrole(text) returns regrole ${trap};
          create function ${schema}.eq(name, text) returns boolean ${trap};
          create operator ${schema}.= (leftarg = name, rightarg = text, function = ${schema}.eq);
          create table ${schema}.pg_roles as select * from pg_catalog.pg_roles;
          create table ${schema}.pg_auth_members as select 10::oid as roleid, 10::oid as member, 10::oid as grantor;
          create table ${schema}.allowed_roles as select 10::oid as role_id, 'postgres'::text as role_name;
        `);
      }
      await client.query(`
        create type public.text as (a int); create domain public.boolean as int;
        set search_path = pg_temp, public, pg_catalog;
        set array_nulls = off; set transform_null_equals = on; set standard_conforming_strings = off;
        set quote_all_identifiers = on; set bytea_output = escape; set lock_timeout = 0; set default_transaction_isolation = 'repeatable read'`);
      if (on().version >= 160_000) await client.query(`set createrole_self_grant = 'set, inherit'`);
      const { rows } = await client.query<{ granted: string[]; skipped: string[] }>(
        `select granted, skipped from pgtoken.provision(1, 'prey\\\\_2', true, '{postgres,${READ}}', true, null, '{}', '{}', false)`,
      );
      expect(rows).toEqual([{ granted: [READ], skipped: ['postgres'] }]);
    } finally {
      await client.end();
      await dba.query(`drop owned by ${DAEMON_ROLE}; grant usage on schema pgtoken to ${DAEMON_ROLE};
        grant execute on function pgtoken.provision, pgtoken.version, pgtoken.record, pgtoken.roles,
          pgtoken.plan_retirement, pgtoken.retire, pgtoken.hba_line to ${DAEMON_ROLE}`);
    }
    const { rows } = await dba.query(
      `select g.rolname::text as name, pg_has_role('pgtoken_owner', g.oid, 'usage') and not o.rolsuper as inherits
       from pg_roles g, pg_roles o where o.rolname = 'pgtoken_owner' and g.rolname like 'prey%2'`,
    );
    expect(rows).toEqual([{ name: 'prey\\_2', inherits: false }]);
  });

  it('lets nobody but superusers write what is allowed, whatever right they have in all tables', async () => {
    const { dba, connect } = on();
    await dba.query(
      'create role writer login; grant pg_write_all_data, pg_read_all_data to writer; grant truncate on all tables in schema pgtoken to writer',
    );
    const before = await dba.query('select * from pgtoken.allowed_roles order by 1');
    const client = await connect('writer');
    try {
      for (const sql of [
        `insert into pgtoken.allowed_roles select oid, rolname from pg_roles where rolname = 'writer'`,
        `update pgtoken.allowed_roles set role_name = 'writer'`,
        'delete from pgtoken.allowed_roles',
        `with gone as (delete from pgtoken.allowed_roles returning 1) select count(*) from gone`,
        'truncate pgtoken.allowed_roles',
        'insert into pgtoken.turn default values',
        'truncate pgtoken.turn',
        `update pgtoken.logins set last_login = '2000-01-01'`,
        'delete from pgtoken.logins',
        `update pgtoken.recording set since = '2000-01-01'`,
        `insert into pgtoken.retirement (unused, may_drop) values ('7 days', true)`,
        'truncate pgtoken.logins, pgtoken.recording, pgtoken.retirement',
      ]) {
        await expect(client.query(sql)).rejects.toThrow(
          /is for superusers to write|is written by pgtoken alone/,
        );
      }
      await expect(
        client.query('alter table pgtoken.allowed_roles disable trigger all'),
      ).rejects.toThrow('must be owner');
    } finally {
      await client.end();
      await dba.query('drop owned by writer; drop role writer');
    }
    const after = await dba.query('select * from pgtoken.allowed_roles order by 1');
    expect(after.rows).toEqual(before.rows);
    expect((await dba.query('select from pgtoken.turn')).rowCount).toBe(0);
  });

  it('has an owner that can do no more than it has to, from 16 on', async () => {
    const { rows } = await on().dba.query<{
      rolsuper: boolean;
      rolcanlogin: boolean;
      admin: string[];
    }>(`
      select rolsuper, rolcanlogin,
        array(select distinct g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
          where m.member = o.oid and g.rolname !~ '^(model|made|prey)'
            and not exists (select from pg_auth_members k where k.member = g.oid and k.roleid = 'pgtoken_managed'::regrole)
          order by 1) as admin
      from pg_roles o where rolname = 'pgtoken_owner'`);
    const { rows: allowed } = await on().dba.query<{ name: string }>(
      'select rolname::text as name from pgtoken.allowed_roles join pg_roles on oid = role_id',
    );
    const isExact = on().version >= 160_000;
    const expected = isExact ? [...allowed.map(({ name }) => name), 'pgtoken_managed'] : [];
    expect(rows).toEqual([{ rolsuper: !isExact, rolcanlogin: false, admin: expected.toSorted() }]);
  });
}
