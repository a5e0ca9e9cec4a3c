// What pgtoken.provision() does and refuses, on whatever major version a server has.
import { expect, it } from 'vitest';

import { provisionRole } from '../../../src/postgres/provision-role.ts';
import { provisionSQL } from '../../../src/postgres/schema/provision-sql.ts';
import { ALLOWED, DAEMON_ROLE, type PreparedServer } from './sql-server.ts';

const [READ, WRITE, ODD] = ALLOWED;
const NOTHING = {
  created: false,
  granted: [],
  revoked: [],
  skipped: [],
  altered: [],
  isStandby: false,
  failed: null,
};
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @param on there from `beforeAll` on. */
export function describeSchema(on: () => PreparedServer): void {
  const attributesOf = async (role: string): Promise<unknown> => {
    const { rows } = await on().dba.query(
      `select rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit, rolconfig
       from pg_roles where rolname = $1`,
      [role],
    );
    return rows[0];
  };

  it('makes a role with what it is to have, marked, and with no attribute but LOGIN', async () => {
    const role = 'made:one';
    const wanted = {
      role,
      memberOf: [READ],
      mayRevoke: true,
      connectionLimit: 50,
      settings: { statement_timeout: '30s' },
    };
    expect(await on().provision(wanted)).toEqual({
      ...NOTHING,
      created: true,
      granted: [READ],
      altered: ['statement_timeout'],
    });
    expect(await attributesOf(role)).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      rolbypassrls: false,
      rolconnlimit: 50,
      rolconfig: ['statement_timeout=30s'],
    });
    // It is usable at once, and cannot be handed on.
    const client = await on().connect(role);
    await client.query(`set role ${READ}`);
    await client.query('reset role');
    await expect(client.query(`grant ${READ} to ${DAEMON_ROLE}`)).rejects.toThrow(
      /must have admin option|permission denied to grant role/,
    );
    await expect(client.query(`grant pgtoken_managed to ${READ}`)).rejects.toThrow(
      /must have admin option|permission denied to grant role/,
    );
    await client.end();
  });

  it('writes nothing where nothing differs', async () => {
    const wanted = {
      role: 'made:still',
      memberOf: [READ, 'no such'],
      mayRevoke: true,
      connectionLimit: 5,
      settings: { work_mem: '8MB' },
    };
    await on().provision(wanted);
    const next = async (): Promise<unknown> =>
      (await on().dba.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next')).rows;
    const before = await next();
    await on().daemon.query('begin');
    expect(await on().provision(wanted)).toEqual({ ...NOTHING, skipped: ['no such'] });
    const { rows } = await on().daemon.query('select pg_current_xact_id_if_assigned() as id');
    await on().daemon.query('commit');
    expect(rows).toEqual([{ id: null }]);
    expect(await on().provision({ ...wanted, memberOf: [READ] })).toEqual(NOTHING);
    expect(await next()).toEqual(before);
    // What is looked at is what would be written.
    await on().provision({ ...wanted, connectionLimit: 6 });
    expect(await next()).not.toEqual(before);
  });

  // One statement tells that nothing differs, before anything else is looked at; a plan never goes by it.
  it.each([
    ['nothing', 'select', 'same'],
    [
      'a membership that was revoked',
      'revoke app_read from $role granted by pgtoken_owner',
      'other',
    ],
    [
      'a membership that is not wanted',
      'grant app_write to $role granted by pgtoken_owner',
      'other',
    ],
    ['a membership that a DBA granted', 'grant app_write to $role', 'same'],
    [
      'a mark that was taken',
      'revoke pgtoken_managed from $role granted by pgtoken_owner',
      'other',
    ],
    ['an attribute', 'alter role $role bypassrls', 'other'],
    ['no login', 'alter role $role nologin', 'same'],
    ['another limit', 'alter role $role connection limit 7', 'other'],
    ['another value', `alter role $role set work_mem = '9MB'`, 'other'],
    ['a setting that is gone', 'alter role $role reset work_mem', 'other'],
    ['all settings gone', 'alter role $role reset all', 'other'],
    ['a setting besides', `alter role $role set lock_timeout = '1s'`, 'same'],
    ['a role that is allowed no more', `select pgtoken.disallow('app_read')`, 'other'],
    ['an allowed role of another name', 'alter role app_read rename to app_renamed', 'other'],
    ['an allowed role with an attribute', 'alter role app_read createrole', 'other'],
    [
      'an allowed role that has power by another',
      'grant pg_write_server_files to app_read',
      'other',
    ],
    ['an allowed role that is harmless by another', 'grant app_write to app_read', 'same'],
    [
      'an allowed role that may provision',
      'grant usage on schema pgtoken to app_read; grant execute on all functions in schema pgtoken to app_read',
      'other',
    ],
    ['a name that is reserved', 'alter role $role rename to pgtoken_seen', 'other', 'pgtoken_seen'],
    ['a name that is cut', `alter role $role rename to ${'n'.repeat(63)}`, 'other', 'n'.repeat(64)],
  ])('sees as in its plan: %s', async (_what, sql, outcome, name = 'made:seen') => {
    const wanted = {
      role: 'made:seen',
      mayCreate: true,
      memberOf: [READ],
      mayRevoke: true,
      connectionLimit: 5,
      settings: { work_mem: '8MB' },
    };
    await on().provision(wanted);
    const { dba } = on();
    const ask = async (onlyPlan: boolean): Promise<unknown> => {
      await dba.query('savepoint asked');
      const said = await provisionRole(
        {
          query: async (text, values) =>
            (await dba.query<Record<string, unknown>>(text, [...values])).rows,
        },
        { ...wanted, role: name },
        onlyPlan,
      ).catch((error: unknown) => String(error));
      await dba.query('rollback to asked');
      return said;
    };
    await dba.query('begin');
    try {
      await dba.query(sql.replaceAll('$role', quoted(wanted.role)));
      await dba.query(`set local session authorization ${DAEMON_ROLE}`);
      const planned = await ask(true);
      expect(await ask(false)).toEqual(planned);
      expect(JSON.stringify(planned) === JSON.stringify(NOTHING)).toBe(outcome === 'same');
    } finally {
      await dba.query('rollback');
    }
  });

  it('follows what is said: grants what is new, revokes what it granted, and nothing where that is not known', async () => {
    const role = 'made:follows';
    await on().provision({ role, memberOf: [READ, WRITE], mayRevoke: true });
    expect(await on().provision({ role, memberOf: [], mayRevoke: false })).toEqual(NOTHING);
    expect(await on().membershipsOf(role)).toEqual([READ, WRITE]);
    expect(await on().provision({ role, memberOf: [WRITE, ODD], mayRevoke: true })).toEqual({
      ...NOTHING,
      granted: [ODD],
      revoked: [READ],
    });
    expect(await on().provision({ role, memberOf: [], mayRevoke: true })).toEqual({
      ...NOTHING,
      revoked: [ODD, WRITE].toSorted(),
    });
    expect(await on().membershipsOf(role)).toEqual([]);
  });

  it('never takes away what a DBA has granted, nor what a DBA has taken over', async () => {
    const { dba, provision, membershipsOf, version } = on();
    const role = 'made:kept';
    await provision({ role });
    await dba.query(`grant ${READ} to ${quoted(role)}`);
    await provision({ role, memberOf: [READ, WRITE], mayRevoke: true });
    await provision({ role, memberOf: [], mayRevoke: true });
    expect(await membershipsOf(role)).toEqual([READ]);
    // Revoked and granted by hand in between.
    await provision({ role, memberOf: [WRITE], mayRevoke: true });
    await dba.query(
      `revoke ${WRITE} from ${quoted(role)}${version >= 160_000 ? ' granted by pgtoken_owner' : ''}`,
    );
    await dba.query(`grant ${WRITE} to ${quoted(role)}`);
    expect(await provision({ role, memberOf: [], mayRevoke: true })).toEqual(NOTHING);
    expect(await membershipsOf(role)).toEqual([READ, WRITE]);
  });

  it('grants again what somebody revoked by hand and the token still says', async () => {
    const { dba, provision, version } = on();
    const role = 'made:again';
    await provision({ role, memberOf: [READ], mayRevoke: true });
    await dba.query(
      `revoke ${READ} from ${quoted(role)}${version >= 160_000 ? ' granted by pgtoken_owner' : ''}`,
    );
    expect(await provision({ role, memberOf: [READ], mayRevoke: true })).toMatchObject({
      granted: [READ],
    });
  });

  it.each([
    `o'brien`,
    'a"b',
    'a\\b',
    `"; drop role postgres; --`,
    `x' superuser login --`,
    '%I %s $1 $pgtoken$',
    'jörg.müller@example.com',
    '鈴木',
    'system:serviceaccount:foo:bar',
    'UPPER lower',
    'x'.repeat(63),
  ])('makes role %s under exactly that name', async (role) => {
    expect(await on().provision({ role, memberOf: [ODD] })).toMatchObject({
      created: true,
      granted: [ODD],
    });
    expect(await attributesOf(role)).toMatchObject({ rolcanlogin: true, rolsuper: false });
    expect(await on().membershipsOf(role)).toEqual([ODD]);
    expect(await on().provision({ role, memberOf: [], mayRevoke: true })).toMatchObject({
      created: false,
      revoked: [ODD],
    });
  });

  it.each([
    ['', 'a name of 0 bytes'],
    ['x'.repeat(64), 'a name of 64 bytes'],
    ['ö'.repeat(32), 'a name of 64 bytes'],
    ['two\nlines', 'without control characters'],
    ['public', 'its name is reserved'],
    ['none', 'its name is reserved'],
    ['pg_new', 'its name is reserved'],
    ['pg_monitor', 'its name is reserved'],
    ['pgtoken', 'its name is reserved'],
    ['pgtoken_owner', 'its name is reserved'],
    ['pgtoken_managed', 'its name is reserved'],
    ['postgres', 'was not made by pgtoken, and is left alone'],
    [READ, 'was not made by pgtoken, and is left alone'],
  ])('leaves role %j alone: %s', async (role, reason) => {
    const before = await attributesOf(role);
    await expect(
      on().provision({
        role,
        memberOf: [WRITE],
        connectionLimit: 1,
        settings: { work_mem: '1MB' },
      }),
    ).rejects.toThrow(reason);
    expect(await attributesOf(role)).toEqual(before);
  });

  it('makes none where it is not to', async () => {
    await expect(on().provision({ role: 'made:never', mayCreate: false })).rejects.toThrow(
      'does not exist, and the entry makes none',
    );
    expect(await attributesOf('made:never')).toBeUndefined();
  });

  it('leaves alone whom a DBA has given an attribute, or has taken the mark', async () => {
    const { dba, provision, version } = on();
    const role = 'made:changed';
    await provision({ role });
    for (const attribute of ['superuser', 'createrole', 'replication', 'bypassrls']) {
      await dba.query(`alter role ${quoted(role)} ${attribute}`);
      await expect(provision({ role, memberOf: [READ] })).rejects.toThrow(
        'has SUPERUSER, CREATEROLE',
      );
      await dba.query(`alter role ${quoted(role)} no${attribute}`);
    }
    await dba.query(
      `revoke pgtoken_managed from ${quoted(role)}${version >= 160_000 ? ' granted by pgtoken_owner' : ''}`,
    );
    await expect(provision({ role, memberOf: [READ] })).rejects.toThrow('was not made by pgtoken');
    expect(await on().membershipsOf(role)).toEqual([]);
  });

  it('keeps out whom a DBA keeps out', async () => {
    const role = 'made:retired';
    await on().provision({ role });
    await on().dba.query(`alter role ${quoted(role)} nologin`);
    await on().provision({ role, memberOf: [READ], connectionLimit: 7 });
    expect(await attributesOf(role)).toMatchObject({ rolcanlogin: false, rolconnlimit: 7 });
  });

  it.each(['superuser', 'createrole', 'replication', 'bypassrls'])(
    'does not grant what has %s, itself or by a membership of a membership, and revokes what got it later',
    async (attribute) => {
      const { dba, provision, membershipsOf } = on();
      const [low, middle, high] = ['low', 'middle', 'high'].map((name) => `${name}_${attribute}`);
      await dba.query(
        `create role ${low}; create role ${middle}; create role ${high}; grant ${middle} to ${low}; grant ${high} to ${middle}`,
      );
      await dba.query('select pgtoken.allow($1)', [low]);
      const role = `made:${attribute}`;
      expect(await provision({ role, memberOf: [low ?? ''], mayRevoke: true })).toMatchObject({
        granted: [low],
      });
      await dba.query(`alter role ${high} ${attribute}`);
      expect(await provision({ role, memberOf: [low ?? ''], mayRevoke: true })).toMatchObject({
        granted: [],
        revoked: [low],
        skipped: [low],
      });
      expect(await membershipsOf(role)).toEqual([]);
      for (const refused of [low, middle, high]) {
        await expect(dba.query('select pgtoken.allow($1)', [refused])).rejects.toThrow(
          'must not be granted by pgtoken',
        );
      }
      const { rows } = await dba.query(
        'select not_granted_because as why from pgtoken.allowed() where role_name = $1',
        [low],
      );
      expect(rows).toEqual([{ why: expect.stringContaining(`${high} `) as unknown }]);
    },
  );

  it('grants predefined roles by their names alone, and never those that are as good as a superuser', async () => {
    const { dba, provision } = on();
    await dba.query('create role watcher; grant pg_monitor to watcher');
    await expect(dba.query(`select pgtoken.allow('watcher')`)).rejects.toThrow(
      'pg_monitor is predefined, and not allowed by its name',
    );
    await dba.query(`select pgtoken.allow('pg_monitor'), pgtoken.allow('watcher')`);
    expect(await provision({ role: 'made:watcher', memberOf: ['watcher'] })).toMatchObject({
      granted: ['watcher'],
    });
    await dba.query(`select pgtoken.disallow('pg_monitor')`);
    expect(
      await provision({ role: 'made:watcher', memberOf: ['watcher'], mayRevoke: true }),
    ).toMatchObject({ revoked: ['watcher'] });
    for (const name of [
      'pg_execute_server_program',
      'pg_read_server_files',
      'pg_write_server_files',
    ]) {
      await expect(dba.query('select pgtoken.allow($1)', [name])).rejects.toThrow(
        'as good as a superuser',
      );
    }
    for (const name of [DAEMON_ROLE, 'pgtoken_managed', 'pgtoken_owner', 'made:watcher']) {
      await expect(dba.query('select pgtoken.allow($1)', [name])).rejects.toThrow(
        'must not be granted by pgtoken',
      );
    }
  });

  it('skips what is dropped, renamed, made again under its name, cut to its name, or no longer allowed', async () => {
    const { dba, provision, membershipsOf } = on();
    const role = 'made:skips';
    const long = 'l'.repeat(63);
    await dba.query(`create role gone; create role renamed; create role ${long}`);
    await dba.query('select pgtoken.allow($1), pgtoken.allow($2), pgtoken.allow($3)', [
      'gone',
      'renamed',
      long,
    ]);
    await provision({ role, memberOf: ['renamed', long, 'gone'], mayRevoke: true });
    await dba.query(`drop role gone; create role gone; alter role renamed rename to other`);
    expect(
      await provision({
        role,
        memberOf: ['gone', 'renamed', 'other', `${long}l`],
        mayRevoke: true,
      }),
    ).toEqual({
      ...NOTHING,
      revoked: [long, 'other'].toSorted(),
      skipped: ['gone', `${long}l`, 'other', 'renamed'].toSorted(),
    });
    await provision({ role, memberOf: [READ, long], mayRevoke: true });
    // At once, and from all.
    await dba.query('select pgtoken.disallow($1)', [long]);
    expect(await membershipsOf(role)).toEqual([READ]);
    expect(await provision({ role, memberOf: [READ, long] })).toMatchObject({ skipped: [long] });
  });

  it('takes a role that was renamed away by the name by which it was allowed', async () => {
    const { dba, provision, membershipsOf } = on();
    const role = 'made:renamed';
    await dba.query(`create role before; select pgtoken.allow('before')`);
    await provision({ role, memberOf: ['before'] });
    await dba.query('alter role before rename to behind; create role before');
    await dba.query(`select pgtoken.disallow('before')`);
    expect(await membershipsOf(role)).toEqual([]);
    await dba.query('drop role behind, before');
  });

  it('sets nothing but what is on its list, and by %L', async () => {
    const role = 'made:set';
    for (const name of [
      'search_path',
      'role',
      'session_preload_libraries',
      'statement_timeout; x',
      'STATEMENT_TIMEOUT',
      '',
    ]) {
      await expect(on().provision({ role, settings: { [name]: '1' } })).rejects.toThrow(
        'is none of those that pgtoken may set',
      );
    }
    const value = `a' superuser; \\ "`;
    expect(await on().provision({ role, settings: { application_name: value } })).toMatchObject({
      altered: ['application_name'],
    });
    expect(await attributesOf(role)).toMatchObject({
      rolsuper: false,
      rolconfig: [`application_name=${value}`],
    });
    expect(await on().provision({ role, settings: { application_name: value } })).toEqual(NOTHING);
    expect(await on().provision({ role, settings: { work_mem: 'much' } })).toEqual({
      ...NOTHING,
      failed: expect.stringContaining('invalid value for parameter') as unknown,
    });
    await expect(
      on().provision({ role: 'made:unset', settings: { work_mem: 'much' } }),
    ).rejects.toThrow('invalid value');
    // As a whole or not at all.
    expect(await attributesOf('made:unset')).toBeUndefined();
  });

  it.each([
    ['settings', `set statement_timeout = '1h'`, { settings: { statement_timeout: '30s' } }],
    ['password', `password 'x'`, { connectionLimit: 3 }],
  ])(
    'revokes from who holds up changes of its role by its own %s, says what failed, and is soon done',
    async (what, change, more) => {
      const role = `made:holds ${what}`;
      await on().provision({ role, memberOf: [READ] });
      const holder = await on().connect(role);
      try {
        await holder.query(`begin; alter role current_user ${change}`);
        await on().daemon.query(`set lock_timeout = '1h'; set statement_timeout = '5s'`);
        expect(await on().provision({ role, memberOf: [WRITE], mayRevoke: true, ...more })).toEqual(
          {
            ...NOTHING,
            granted: [WRITE],
            revoked: [READ],
            failed: 'canceling statement due to lock timeout',
          },
        );
        expect(await on().membershipsOf(role)).toEqual([WRITE]);
        const { rows } = await on().daemon.query('show lock_timeout');
        expect(rows).toEqual([{ lock_timeout: '1h' }]);
      } finally {
        await holder.end();
        await on().daemon.query('reset lock_timeout; reset statement_timeout');
      }
      expect(await on().provision({ role, ...more })).toMatchObject({ failed: null });
    },
  );

  it('tells a membership that could not be revoked from everything else', async () => {
    const { dba, daemon, provision } = on();
    const role = 'made:stuck';
    await provision({ role, memberOf: [READ] });
    await dba.query('begin; lock table pgtoken.turn in share mode');
    await daemon.query(`set lock_timeout = '50ms'`);
    try {
      const stuck = provision({ role, memberOf: [WRITE], mayRevoke: true });
      await expect(stuck).rejects.toMatchObject({
        code: 'PT004',
        message: 'a membership cannot be revoked: canceling statement due to lock timeout',
      });
      await expect(provision({ role, memberOf: [WRITE] })).rejects.toMatchObject({ code: '55P03' });
    } finally {
      await daemon.query('reset lock_timeout');
      await dba.query('rollback');
    }
  });

  it('is not held up by a role that hands itself on to one that is allowed, which it may before 15', async () => {
    const { provision, connect, membershipsOf, version } = on();
    const [role, other] = ['made:hands', 'made:other'];
    await provision({ role });
    const client = await connect(role);
    const handed = await client.query(`grant ${quoted(role)} to ${WRITE}`).then(
      () => true,
      () => false,
    );
    await client.end();
    expect(handed).toBe(version < 150_000);
    // Elsewhere a DBA may.
    if (!handed) await on().dba.query(`grant ${quoted(role)} to ${WRITE}`);
    expect(await provision({ role: other, memberOf: [WRITE] })).toMatchObject({
      granted: [WRITE],
      skipped: [],
    });
    await on().dba.query(`drop role ${quoted(role)}`);
    expect(await membershipsOf(other)).toEqual([WRITE]);
  });

  it('lets one wait for another that makes the same role', async () => {
    const { dba, provision, connect } = on();
    const other = await connect(DAEMON_ROLE);
    await other.query('begin');
    await other.query(
      `select pgtoken.provision(1, 'made:both', true, '{${READ}}', true, null, '{}', '{}', false)`,
    );
    const waiting = provision({ role: 'made:both', memberOf: [READ], mayRevoke: true });
    await other.query('commit');
    await other.end();
    expect(await waiting).toEqual(NOTHING);
    const { rows } = await dba.query(
      `select count(*)::int as n from pg_roles where rolname = 'made:both'`,
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('is refused by the daemon where it is older', async () => {
    const { dba, daemon, provision } = on();
    const ask = `select pgtoken.provision(3, 'made:old', true, '{}', true, null, '{}', '{}', false)`;
    await expect(daemon.query(ask)).rejects.toThrow(
      'schema pgtoken has version 2, and the daemon expects 3',
    );
    await dba.query('alter schema pgtoken rename to elsewhere');
    await expect(provision({ role: 'made:old' })).rejects.toThrow(
      'schema "pgtoken" does not exist',
    );
    await dba.query('alter schema elsewhere rename to pgtoken');
  });

  it('is not made over what somebody else has prepared', async () => {
    const { dba } = on();
    await dba.query('create role stranger; grant pgtoken_owner to stranger');
    await expect(dba.query(provisionSQL(DAEMON_ROLE))).rejects.toThrow('pgtoken_owner has members');
    await dba.query(
      'rollback; revoke pgtoken_owner from stranger; alter schema pgtoken owner to stranger',
    );
    await expect(dba.query(provisionSQL(DAEMON_ROLE))).rejects.toThrow(
      'there is a schema pgtoken that is not of a superuser',
    );
    await dba.query('rollback; alter schema pgtoken owner to postgres; drop role stranger');
    await dba.query(provisionSQL(DAEMON_ROLE));
  });
}
