// What the schema knows of the use of roles, and which of them it retires, on whatever major version a server has: every attempt to
// have it take away what is in use, is not pgtoken's, or holds something.
import { beforeEach, expect, it } from 'vitest';

import { recordLogins } from '../../../src/postgres/record-logins.ts';
import {
  listManagedRoles,
  planRetirement,
  retireRole,
  type RetirementStep,
} from '../../../src/postgres/retire-roles.ts';
import type { ServerClient } from '../../../src/postgres/server-client.ts';
import { ALLOWED, type PreparedServer } from './sql-server.ts';

const [READ, WRITE] = ALLOWED;
const DAY = 86_400;
const UNUSED = 90 * DAY;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @param on there from `beforeAll` on. */
export function describeRetire(on: () => PreparedServer): void {
  const asDaemon: Pick<ServerClient, 'query'> = {
    query: async (text, values) =>
      (await on().daemon.query<Record<string, unknown>>(text, [...values])).rows,
  };
  const sql = async (text: string, ...values: readonly unknown[]) =>
    (await on().dba.query<Record<string, unknown>>(text, [...values])).rows;
  const plan = async (wantsDrop = false) => planRetirement(asDaemon, UNUSED, wantsDrop);
  const stepOf = async (role: string, wantsDrop = false): Promise<RetirementStep | undefined> =>
    (await plan(wantsDrop)).find((step) => step.role === role);
  const idOf = async (role: string): Promise<string> =>
    String((await sql('select oid::text as id from pg_roles where rolname = $1', role))[0]?.['id']);
  /** By its name, whatever a plan says. */
  const retire = async (role: string, wantsDrop = false, id?: string): Promise<string | null> =>
    retireRole(asDaemon, UNUSED, {
      id: id ?? (await idOf(role)),
      role,
      step: wantsDrop ? 'drop' : 'retire',
    });
  const canLogin = async (role: string): Promise<unknown> =>
    (await sql('select rolcanlogin from pg_roles where rolname = $1', role))[0]?.['rolcanlogin'];
  /** Lets time have passed for a role. */
  const age = async (role: string, days: number): Promise<void> => {
    await sql(
      `update pgtoken.logins set made = made - $2 * interval '1 day', counted_from = counted_from - $2 * interval '1 day',
         last_login = last_login - $2 * interval '1 day', retired = retired - $2 * interval '1 day'
       where role_id = (select oid from pg_roles where rolname = $1)`,
      role,
      days,
    );
  };
  const make = async (role: string, days = 100): Promise<void> => {
    await on().provision({ role, memberOf: [READ] });
    await recordLogins(asDaemon, [{ role, entry: 'people', subject: `sub of ${role}` }], true);
    await age(role, days);
  };

  beforeEach(async () => {
    await sql(`select pgtoken.allow_retirement('30 days', may_drop => true)`);
    await recordLogins(asDaemon, [], true);
    await sql(`update pgtoken.recording set since = now() - interval '1 year', last = now()`);
  });

  it('knows of each managed role, and of no other, by whom it was last logged in to', async () => {
    const { provision, dba } = on();
    await provision({ role: 'used:one', memberOf: [READ, WRITE] });
    await dba.query('create role "used:by-hand" login');
    const known = async (role: string) =>
      (await listManagedRoles(asDaemon)).find((one) => one.role === role);
    const made = await known('used:one');
    expect(made).toMatchObject({
      memberOf: [READ, WRITE],
      lastLogin: null,
      retired: null,
      canLogin: true,
      sessions: 0,
    });
    expect(made?.made).toBeGreaterThan(Date.now() / 1000 - 600);
    const uses = ['used:one', 'used:by-hand', 'postgres', 'nobody there'].map((role) => ({
      role,
      entry: 'people',
      subject: 'anna\n\u0000\u202e鈴木',
    }));
    expect(await recordLogins(asDaemon, uses, true)).toBe(true);
    const used = await known('used:one');
    expect(used).toMatchObject({ entry: 'people', subject: 'anna???鈴木' });
    expect(used?.lastLogin).toBeGreaterThanOrEqual(Number(made?.made));
    expect(await known('used:by-hand')).toBeUndefined();
    expect(await known('postgres')).toBeUndefined();
    expect(await known('pgtoken_owner')).toBeUndefined();
    const session = await on().connect('used:one');
    expect(await known('used:one')).toMatchObject({ sessions: 1 });
    await session.end();
    await dba.query('drop role "used:by-hand"');
  });

  it('records 1,200 logins at once, and refuses more in one call', async () => {
    const uses = Array.from({ length: 1200 }, (_, index) => ({
      role: `used:n${index}`,
      entry: 'people',
      subject: undefined,
    }));
    await on().provision({ role: 'used:n1199' });
    expect(await recordLogins(asDaemon, uses, true)).toBe(true);
    const last = (await listManagedRoles(asDaemon)).find(({ role }) => role === 'used:n1199');
    expect(last?.lastLogin).not.toBeNull();
    const names = `array_fill('x'::text, array[501])`;
    await expect(
      on().daemon.query(`select pgtoken.record(2, ${names}, ${names}, ${names}, true)`),
    ).rejects.toThrow('something is missing or too long');
  });

  it('retires what is unused: NOLOGIN, and nothing else of it changes', async () => {
    await make('idle:one');
    await make('idle:busy', 89);
    const step = await stepOf('idle:one');
    expect(step).toMatchObject({
      step: 'retire',
      because: null,
      entry: 'people',
      subject: 'sub of idle:one',
    });
    expect(await stepOf('idle:busy')).toBeUndefined();
    expect(await canLogin('idle:one')).toBe(true);
    expect(step && (await retireRole(asDaemon, UNUSED, step))).toBeNull();
    expect(await canLogin('idle:one')).toBe(false);
    expect(await on().membershipsOf('idle:one')).toEqual([READ]);
    const known = (await listManagedRoles(asDaemon)).find(({ role }) => role === 'idle:one');
    expect(known?.retired).not.toBeNull();
    expect(await retire('idle:one')).toBe('it is NOLOGIN already');
    expect(await retire('idle:busy')).toMatch(/^last login at /);
    expect(await canLogin('idle:busy')).toBe(true);
  });

  it.each<readonly [what: string, change: string, why: string]>([
    [
      'nobody has allowed it',
      'select pgtoken.disallow_retirement()',
      'no superuser has allowed roles to be retired',
    ],
    [
      'less is asked for than allowed',
      `select pgtoken.allow_retirement('120 days')`,
      'roles may be retired after 120 days, not after',
    ],
    ['nothing was ever recorded', 'delete from pgtoken.recording', 'no logins have been recorded'],
    [
      'it was recorded for too short a time',
      `update pgtoken.recording set since = now() - interval '89 days'`,
      'logins have been recorded without a pause since',
    ],
    [
      'nothing was recorded lately, as when the clock was set forward',
      `update pgtoken.recording set last = now() - interval '3 days'`,
      'logins were last recorded at',
    ],
    [
      'the clock was set back',
      `update pgtoken.recording set last = now() + interval '1 year'`,
      'logins were last recorded at',
    ],
  ])('retires nothing where %s', async (_what, change, why) => {
    await make('idle:kept');
    await sql(change);
    await expect(plan()).rejects.toThrow(why);
    await expect(retire('idle:kept')).rejects.toThrow(why);
    await expect(retire('idle:kept', true)).rejects.toThrow(why);
    expect(await canLogin('idle:kept')).toBe(true);
  });

  it('drops nothing where that is not allowed by itself', async () => {
    await sql(`select pgtoken.allow_retirement('30 days')`);
    await expect(plan(true)).rejects.toThrow('no superuser has allowed roles to be dropped');
    await expect(retire('idle:kept', true)).rejects.toThrow(
      'no superuser has allowed roles to be dropped',
    );
  });

  it('is allowed for no less than 7 days, and by superusers alone', async () => {
    await expect(sql(`select pgtoken.allow_retirement('6 days')`)).rejects.toThrow(
      'expected at least 7 days',
    );
    await expect(sql('select pgtoken.allow_retirement(null)')).rejects.toThrow(
      'expected at least 7 days',
    );
    await expect(on().daemon.query(`select pgtoken.allow_retirement('7 days')`)).rejects.toThrow(
      'permission denied for function allow_retirement',
    );
  });

  it.each([
    ['the clock was set forward and back', `last = now() + interval '1 year', since = now()`, true],
    ['its start is in the future', `since = now() + interval '1 day'`, true],
    ['nothing was recorded for three days', `last = now() - interval '3 days'`, true],
    ['logins are missing', 'last = now()', false],
  ])('counts from now on where %s', async (_what, change, isComplete) => {
    await make('idle:again');
    await sql(`update pgtoken.recording set ${change}`);
    await recordLogins(asDaemon, [], isComplete);
    await expect(retire('idle:again')).rejects.toThrow(
      'logins have been recorded without a pause since',
    );
    const [kept] = await sql(
      `select since > now() - interval '1 minute' and since <= now() as new from pgtoken.recording`,
    );
    expect(kept).toEqual({ new: true });
  });

  it('goes on counting while logins are recorded', async () => {
    const since = async () => sql('select since from pgtoken.recording');
    await sql(`update pgtoken.recording set last = now() - interval '47 hours'`);
    const before = await since();
    await recordLogins(asDaemon, [], true);
    expect(await since()).toEqual(before);
  });

  it.each([
    ['postgres', 'there is no managed role of this name any more'],
    ['pgtoken', 'there is no managed role of this name any more'],
    ['pgtoken_owner', 'there is no managed role of this name any more'],
    ['pgtoken_managed', 'there is no managed role of this name any more'],
    ['pg_monitor', 'there is no managed role of this name any more'],
    [READ, 'there is no managed role of this name any more'],
  ])('leaves %s alone', async (role, why) => {
    const before = await sql('select * from pg_roles where rolname = $1', role);
    for (const wantsDrop of [false, true]) {
      expect(await retire(role, wantsDrop)).toBe(why);
    }
    expect(await sql('select * from pg_roles where rolname = $1', role)).toEqual(before);
  });

  it('leaves alone whose mark was taken, who has got an attribute, another of its name, and what is not recorded', async () => {
    const { version } = on();
    await make('idle:unmarked');
    await sql(
      `revoke pgtoken_managed from "idle:unmarked"${version >= 160_000 ? ' granted by pgtoken_owner' : ''}`,
    );
    expect(await retire('idle:unmarked')).toBe('there is no managed role of this name any more');
    expect(await retire('idle:unmarked', true)).toBe(
      'there is no managed role of this name any more',
    );
    await make('idle:mighty');
    await sql('alter role "idle:mighty" createrole');
    const mighty = 'it has SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS';
    expect(await retire('idle:mighty')).toBe(mighty);
    expect(await retire('idle:mighty', true)).toBe(mighty);
    await make('idle:other');
    expect(await retire('idle:other', false, await idOf('postgres'))).toBe(
      'there is no managed role of this name any more',
    );
    const id = await idOf('idle:other');
    await sql('alter role "idle:other" rename to "idle:renamed"');
    expect(await retire('idle:other', false, id)).toBe(
      'there is no managed role of this name any more',
    );
    await sql('delete from pgtoken.logins where role_id = $1', id);
    expect(await retire('idle:renamed')).toBe('nothing is recorded of it yet');
    expect(await stepOf('idle:renamed')).toBeUndefined();
    // From the next record on it is known, and counts from then.
    await recordLogins(asDaemon, [], true);
    expect(await retire('idle:renamed')).toMatch(/^it is known since /);
    for (const role of ['idle:unmarked', 'idle:mighty', 'idle:renamed']) {
      expect(await canLogin(role)).toBe(true);
    }
  });

  it('leaves alone who has a session open, and whose last login is in the future', async () => {
    await make('idle:open');
    const session = await on().connect('idle:open');
    expect(await stepOf('idle:open')).toMatchObject({ step: 'keep', because: 'open sessions: 1' });
    expect(await retire('idle:open')).toBe('open sessions: 1');
    await session.end();
    await age('idle:open', -1000);
    expect(await retire('idle:open')).toMatch(/^last login at /);
    expect(await canLogin('idle:open')).toBe(true);
  });

  it('does not retire again at once whom a DBA has let in again', async () => {
    await make('idle:back');
    expect(await retire('idle:back')).toBeNull();
    await sql('alter role "idle:back" login');
    expect(await retire('idle:back')).toBe('somebody has let it in again');
    await recordLogins(asDaemon, [], true);
    expect(await retire('idle:back')).toMatch(/^it is known since /);
    expect(await canLogin('idle:back')).toBe(true);
  });

  it('counts anew where a DBA kept it out, and lets it in again', async () => {
    await make('idle:kept-out');
    await sql('alter role "idle:kept-out" nologin');
    await recordLogins(asDaemon, [], true);
    await age('idle:kept-out', 100);
    // It is not dropped for that, and the record of it is as it was.
    expect(await retire('idle:kept-out', true)).toBe('it was not retired by pgtoken');
    await sql('alter role "idle:kept-out" login');
    expect(await retire('idle:kept-out')).toBe('somebody has let it in again');
    await recordLogins(asDaemon, [], true);
    expect(await retire('idle:kept-out')).toMatch(/^it is known since /);
    await age('idle:kept-out', 100);
    expect(await retire('idle:kept-out')).toBeNull();
  });

  it('counts anew what was NOLOGIN when it became known', async () => {
    await sql(
      'create role "idle:handed-over" nologin; grant pgtoken_managed to "idle:handed-over"',
    );
    if (on().version >= 160_000) {
      await sql(
        'grant "idle:handed-over" to pgtoken_owner with admin true, inherit false, set false',
      );
    }
    await recordLogins(asDaemon, [], true);
    await age('idle:handed-over', 100);
    await sql('alter role "idle:handed-over" login');
    expect(await retire('idle:handed-over')).toBe('somebody has let it in again');
    await recordLogins(asDaemon, [], true);
    expect(await retire('idle:handed-over')).toMatch(/^it is known since /);
  });

  it('takes no record for that of another role, as after a dump and restore', async () => {
    await make('idle:was-here');
    expect(await retire('idle:was-here')).toBeNull();
    await age('idle:was-here', 100);
    await make('idle:is-here');
    // The OID of one that has been retired is that of the other now.
    await sql(`delete from pgtoken.logins where role_id = '"idle:is-here"'::regrole`);
    await sql(
      `update pgtoken.logins set role_id = '"idle:is-here"'::regrole where role_id = '"idle:was-here"'::regrole`,
    );
    const known = async () =>
      (await listManagedRoles(asDaemon)).find(({ role }) => role === 'idle:is-here');
    expect(await known()).toMatchObject({ made: null, lastLogin: null, retired: null });
    expect(await stepOf('idle:is-here')).toBeUndefined();
    expect(await retire('idle:is-here')).toBe('nothing is recorded of it yet');
    await sql('alter role "idle:is-here" nologin');
    expect(await stepOf('idle:is-here', true)).toBeUndefined();
    expect(await retire('idle:is-here', true)).toBe('it was not retired by pgtoken');
    await sql('alter role "idle:is-here" login');
    await recordLogins(asDaemon, [{ role: 'idle:is-here', entry: 'people', subject: 'one' }], true);
    expect(await known()).toMatchObject({ made: null, subject: 'one', retired: null });
    expect(await retire('idle:is-here')).toMatch(/^last login at /);
    expect(
      await sql(`select role_name from pgtoken.logins where role_id = '"idle:is-here"'::regrole`),
    ).toEqual([{ role_name: 'idle:is-here' }]);
  });

  it('goes by the time at which it is done, not by that at which a transaction began', async () => {
    const { daemon } = on();
    await make('idle:slow');
    await make('idle:gone', 100);
    await daemon.query('begin');
    await daemon.query('select now(), pg_sleep(0.3)');
    const call = (names: string, isComplete: boolean): string =>
      `select pgtoken.record(2, ${names}, ${names}, ${names}, ${isComplete})`;
    await daemon.query(call(`'{idle:slow}'`, true));
    await daemon.query(
      `select pgtoken.retire(2, '90 days', (select oid from pg_roles where rolname = 'idle:gone'), 'idle:gone', false)`,
    );
    await daemon.query(
      `select pgtoken.provision(1, 'idle:made', true, '{}', true, null, '{}', '{}', false)`,
    );
    await daemon.query(call(`'{}'`, false));
    const { rows } = await daemon.query<{ began: Date }>(
      `select now() + interval '0.2 s' as began`,
    );
    await daemon.query('commit');
    const began = rows[0]?.began;
    expect(
      await sql(
        `select l.role_name, l.last_login > $1 as used, l.retired > $1 as retired, l.made > $1 as made, l.counted_from > $1 as counted
         from pgtoken.logins l where l.role_name in ('idle:slow', 'idle:gone', 'idle:made') order by 1`,
        began,
      ),
    ).toEqual([
      { role_name: 'idle:gone', used: false, retired: true, made: false, counted: false },
      { role_name: 'idle:made', used: null, retired: null, made: true, counted: true },
      { role_name: 'idle:slow', used: true, retired: null, made: false, counted: false },
    ]);
    expect(
      await sql('select since > $1 as since, last > $1 as last from pgtoken.recording', began),
    ).toEqual([{ since: true, last: true }]);
  });

  it('is refused by a transaction that began before recording stopped', async () => {
    const { daemon } = on();
    await make('idle:late');
    await daemon.query('begin');
    await daemon.query('select now(), pg_sleep(0.3)');
    // As if two days had passed since, in which nothing was recorded.
    await sql(`update pgtoken.recording set last = clock_timestamp() - interval '2 days 0.1 s'`);
    try {
      await expect(
        daemon.query(
          `select pgtoken.retire(2, '90 days', (select oid from pg_roles where rolname = 'idle:late'), 'idle:late', false)`,
        ),
      ).rejects.toThrow('logins were last recorded at');
    } finally {
      await daemon.query('rollback');
    }
    expect(await canLogin('idle:late')).toBe(true);
  });

  it('never takes a later login back, as when the clock was set', async () => {
    await make('idle:ahead', -10);
    const before = await sql(
      `select last_login > now() + interval '9 days' as ahead from pgtoken.logins where role_name = 'idle:ahead'`,
    );
    expect(before).toEqual([{ ahead: true }]);
    await recordLogins(asDaemon, [{ role: 'idle:ahead', entry: 'people', subject: 'new' }], true);
    expect(
      await sql(
        `select last_login > now() + interval '9 days' as ahead, subject from pgtoken.logins where role_name = 'idle:ahead'`,
      ),
    ).toEqual([{ ahead: true, subject: 'new' }]);
  });

  it('drops what it retired an hour before, and what owns nothing', async () => {
    await make('gone:one');
    expect(await retire('gone:one', true)).toBe('it was not retired by pgtoken');
    expect(await retire('gone:one')).toBeNull();
    expect(await stepOf('gone:one', true)).toMatchObject({
      step: 'keep',
      because: expect.stringContaining('an hour has to pass') as unknown,
    });
    expect(await retire('gone:one', true)).toMatch(/an hour has to pass$/);
    await age('gone:one', 1);
    // Without --drop nothing is said of it.
    expect(await stepOf('gone:one')).toBeUndefined();
    const step = await stepOf('gone:one', true);
    expect(step).toMatchObject({ step: 'drop', because: null });
    expect(step && (await retireRole(asDaemon, UNUSED, step))).toBeNull();
    expect(await canLogin('gone:one')).toBeUndefined();
    expect(await sql('select from pgtoken.logins where role_id = $1', step?.id)).toEqual([]);
    // Who comes with a token again gets a role again.
    expect(await on().provision({ role: 'gone:one' })).toMatchObject({ created: true });
  });

  it.each<readonly [what: string, change: (role: string) => readonly string[], why: RegExp]>([
    [
      'owns something',
      (role) => [`create table owned_by_it (x int)`, `alter table owned_by_it owner to ${role}`],
      /^database postgres: owns 1, has rights on 0$/,
    ],
    [
      'has rights on something',
      (role) => [`create table seen_by_it (x int)`, `grant select on seen_by_it to ${role}`],
      /^database postgres: owns 0, has rights on 1$/,
    ],
    [
      'owns a database',
      (role) => [`create database of_it owner ${role}`],
      /^the server: owns 1, has rights on 0$/,
    ],
    [
      'has default privileges',
      (role) => [`alter default privileges for role ${role} grant select on tables to ${READ}`],
      /^database postgres: owns 1, has rights on 0$/,
    ],
    [
      'was granted something by a DBA',
      (role) => [`grant ${WRITE} to ${role}`],
      new RegExp(`^granted to it by somebody else: ${WRITE}$`),
    ],
    [
      'has members',
      (role) => [`create role of_its_own`, `grant ${role} to of_its_own`],
      /^members of it: of_its_own$/,
    ],
    [
      'has settings of a DBA',
      (role) => [`alter role ${role} set search_path to app`],
      /^it has settings that pgtoken has not made$/,
    ],
    [
      'has settings in a database',
      (role) => [`alter role ${role} in database postgres set statement_timeout to 1`],
      /^it has settings that pgtoken has not made$/,
    ],
    [
      'has a security label',
      (role) => [
        // No provider of labels comes with PostgreSQL.
        'set allow_system_table_mods = on',
        `insert into pg_shseclabel (objoid, classoid, provider, label) values ('${role}'::regrole, 'pg_authid'::regclass, 'any', 'x')`,
        'reset allow_system_table_mods',
      ],
      /^it has a security label$/,
    ],
    [
      'has a comment',
      (role) => [`comment on role ${role} is 'ask the DBA first'`],
      /^it has a comment$/,
    ],
    [
      'may make databases',
      (role) => [`alter role ${role} createdb`],
      /^somebody has given it CREATEDB$/,
    ],
    [
      'ends some day',
      (role) => [`alter role ${role} valid until '2100-01-01'`],
      /^somebody has given it VALID UNTIL$/,
    ],
    [
      'is kept out by its connection limit',
      (role) => [`alter role ${role} noinherit connection limit 0`],
      /^somebody has given it NOINHERIT, CONNECTION LIMIT 0$/,
    ],
    [
      'was handed over, and not made by pgtoken',
      () => [`update pgtoken.logins set made = null`],
      /^it was not made by pgtoken, or before that was recorded$/,
    ],
    [
      'is still asked for with tokens',
      (role) => [
        `update pgtoken.logins set last_login = retired + interval '1 s' where role_id = '${role}'::regrole`,
      ],
      /^a token for it came at /,
    ],
    ['was let in again', (role) => [`alter role ${role} login`], /^somebody has let it in again$/],
    [
      'is kept out by a DBA, and not by pgtoken',
      (role) => [`update pgtoken.logins set retired = null where role_id = '${role}'::regrole`],
      /^it was not retired by pgtoken$/,
    ],
  ])('does not drop who %s', async (what, change, why) => {
    const role = `held:${what.slice(0, 40)}`;
    await make(role);
    expect(await retire(role)).toBeNull();
    await age(role, 1);
    for (const statement of change(quoted(role))) await sql(statement);
    expect(await retire(role, true)).toMatch(why);
    const step = await stepOf(role, true);
    expect(step === undefined || (step.step === 'keep' && why.test(step.because ?? ''))).toBe(true);
    expect(await canLogin(role)).toBe(what === 'was let in again');
    await sql('drop table if exists owned_by_it, seen_by_it');
    await sql('drop database if exists of_it');
    await sql(`drop owned by ${quoted(role)}`);
    await sql('drop role if exists of_its_own');
  });

  it('does not drop who has a password, before 16; from then on nobody but superusers sees that', async () => {
    await make('held:password');
    expect(await retire('held:password')).toBeNull();
    await age('held:password', 1);
    await sql(`alter role "held:password" password 'x'`);
    const isSeen = on().version < 160_000;
    expect(await retire('held:password', true)).toBe(isSeen ? 'it has a password' : null);
    expect(await canLogin('held:password')).toBe(isSeen ? false : undefined);
  });

  it('waits for a login that writes, and then looks again', async () => {
    const { dba, connect } = on();
    await make('idle:race');
    const other = await connect('postgres');
    await other.query('begin; lock table pgtoken.turn in exclusive mode');
    const waiting = retire('idle:race');
    await dba.query(
      `update pgtoken.logins set last_login = now() where role_id = (select oid from pg_roles where rolname = 'idle:race')`,
    );
    await other.query('commit');
    await other.end();
    expect(await waiting).toMatch(/^last login at /);
    expect(await canLogin('idle:race')).toBe(true);
  });

  it('does not decide by what was so when a transaction began', async () => {
    await make('idle:stale');
    const id = await idOf('idle:stale');
    const { daemon } = on();
    await daemon.query('begin isolation level repeatable read');
    await expect(
      daemon.query(`select pgtoken.retire(2, '90 days', ${id}, 'idle:stale', false)`),
    ).rejects.toThrow('expected read committed');
    await daemon.query('rollback');
    expect(await canLogin('idle:stale')).toBe(true);
  });
}
