// Roles follow tokens: real logins through PostgreSQL, the module and the daemon, from a first login to a revoked group, and what
// becomes of a login whose role cannot be provisioned. For the PostgreSQL of this machine or of a root folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { entryOf } from '../../support/entry-of.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { serverCommand } from '../../support/as-server-user.ts';
import { findPostgres } from '../../support/find-postgres.ts';
import { serverRoot } from '../../support/server-root.ts';
import { run } from '../../support/run.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { type DaemonHost, startDaemonHost } from '../../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../../support/start-daemon-process.ts';
import { countOutcomes, tryLogin } from '../../support/try-logins.ts';
import { poll } from '../../support/poll.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

/** The tests of a host of their own. */
export function describeLogins(): void {
  const stack = new AsyncDisposableStack();
  let host: DaemonHost;
  let issuer: Issuer;
  let daemonRole = '';
  /** That of the tests of one rule; stopped after each. */
  let daemon: DaemonProcess | undefined;

  beforeAll(async () => {
    const authority = stack.use(await createCertificateAuthority());
    issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
    host = stack.use(await startDaemonHost(['by-hand'], {}, {}, undefined, true));
    daemonRole = /user=(\S+)/.exec(host.connection)?.[1] ?? '';
    await prepare();
    await host.cluster.sql('create role app_read; create role app_write; create role secret');
    await host.cluster.sql(`select pgtoken.allow('app_read'), pgtoken.allow('app_write')`);
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  /** Runs what the command prints. */
  async function prepare(change = (sql: string): string => sql): Promise<void> {
    const { stdout } = await runPgtoken(['database', 'sql', '--provision', '--role', daemonRole]);
    await host.cluster.sql(change(stdout));
  }

  const GROUPS = [{ claim: 'groups', pattern: 'db-(.+)', role: '\\1' }];

  async function start(
    provision: Readonly<Record<string, unknown>>,
    connection = '',
  ): Promise<DaemonProcess> {
    daemon = await host.startDaemon({
      issuers: [
        entryOf('cluster', issuer, { provision: { create: true, onError: 'deny', ...provision } }),
      ],
      top: { servers: [{ name: 'main', connection: host.connection + connection }] },
    });
    return daemon;
  }

  async function logIn(
    role: string,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const password = await issuer.mint({ sub: `system:serviceaccount:${role}`, ...claims });
    return tryLogin(host.cluster, { role, password });
  }

  /** The command, as a user who may read the configuration and whom the server knows by peer. */
  async function asDaemonUser(args: readonly string[], stdin = '') {
    const drop = process.geteuid?.() === 0;
    return run(
      'setpriv',
      [
        ...(drop ? ['--reuid=nobody', '--regid=postgres', '--clear-groups'] : []),
        '--',
        'env',
        'HOME=/nonexistent',
        host.installation.command,
        ...args,
        `--config=${host.installation.config}`,
      ],
      { stdin },
    );
  }

  async function membershipsOf(role: string): Promise<string> {
    return host.cluster.sql(
      `select coalesce(string_agg(g.rolname, ' ' order by g.rolname), '') from pg_auth_members m join pg_roles g on g.oid = m.roleid
     where m.member = (select oid from pg_roles where rolname = '${role.replaceAll("'", "''")}') and g.rolname <> 'pgtoken_managed'`,
    );
  }

  /** The line of the last decision. */
  async function decisionOf(running: DaemonProcess, role: string): Promise<LogLine> {
    return poll(`a decision on ${role}`, () =>
      running.lines().findLast((line) => line.msg === 'decision' && line['role'] === role),
    );
  }
  const refused = (role: string): string => `PAM authentication failed for user "${role}"`;

  describe('a first login', () => {
    it('makes the role with memberships, connection limit and settings, and the session has them', async () => {
      const running = await start({
        memberOf: ['app_read', ...GROUPS],
        connectionLimit: 7,
        settings: { statement_timeout: '30s' },
      });
      const role = 'foo:first';
      const password = await issuer.mint({
        sub: `system:serviceaccount:${role}`,
        groups: ['db-app_write', 'staff'],
      });
      const sql = `set role app_read; set role app_write; reset role; select session_user, current_setting('statement_timeout'),
      (select rolconnlimit from pg_roles where rolname = session_user)`;
      const { stdout, stderr } = await host.cluster.psql({ role, password, sql });
      expect({ stdout, stderr }).toEqual({
        stdout: 'SET\nSET\nRESET\nfoo:first|30s|7\n',
        stderr: '',
      });
      expect(await decisionOf(running, role)).toMatchObject({
        outcome: 'granted',
        created: true,
        grantedRoles: ['app_read', 'app_write'],
      });
      expect(await host.cluster.psql({ role, password })).toMatchObject({ status: 0 });
      await poll('a second decision', () =>
        running.lines().filter(({ msg }) => msg === 'decision').length === 2 ? true : undefined,
      );
      expect(await decisionOf(running, role)).not.toHaveProperty('created');
    });

    it.each(['a"b', "o'brien", 'back\\slash', '鈴木', `x"; drop role app_read; --`])(
      'makes role %s',
      async (role) => {
        await start({ memberOf: ['app_read'] });
        expect(await logIn(role)).toBe('granted');
        expect(await membershipsOf(role)).toBe('app_read');
      },
    );

    it('of 64 at once, as one role and as as many, lets all of them in', async () => {
      await start({ memberOf: ['app_read'] });
      const one = Array.from({ length: 32 }, async () => logIn('foo:same'));
      const many = Array.from({ length: 32 }, async (_, index) => logIn(`foo:n${index}`));
      expect(countOutcomes(await Promise.all([...one, ...many]))).toEqual({ granted: 64 });
    });

    it('makes none without create, and says so', async () => {
      const running = await start({ create: false, memberOf: ['app_read'] });
      expect(await logIn('foo:none')).toBe(refused('foo:none'));
      expect(await decisionOf(running, 'foo:none')).toMatchObject({
        outcome: 'unavailable',
        code: 'ERR_PROVISION',
        reason:
          'role "foo:none" cannot be provisioned in server main: role "foo:none" does not exist, and the entry makes none (provision.create)',
      });
    });

    it('makes none for a token that is refused', async () => {
      await start({ memberOf: ['app_read'] });
      expect(await logIn('foo:refused', { aud: 'vault' })).toBe(refused('foo:refused'));
      expect(
        await host.cluster.sql(`select count(*) from pg_roles where rolname = 'foo:refused'`),
      ).toBe('0');
    });
  });

  describe('groups', () => {
    it('are followed: granted, revoked before the session is there, and left alone where the token does not say', async () => {
      await start({ memberOf: GROUPS });
      const role = 'foo:groups';
      const become = async (
        claims: Readonly<Record<string, unknown>>,
        wanted: string,
      ): Promise<string> => {
        const password = await issuer.mint({ sub: `system:serviceaccount:${role}`, ...claims });
        const { stderr } = await host.cluster.psql({ role, password, sql: `set role ${wanted}` });
        return stderr;
      };
      expect(await become({ groups: ['db-app_write'] }, 'app_write')).toBe('');
      expect(await become({}, 'app_write')).toBe('');
      const overage = {
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://x' } },
      };
      expect(await become(overage, 'app_write')).toBe('');
      expect(await become({ groups: ['db-app_read'] }, 'app_write')).toContain(
        'permission denied to set role',
      );
      expect(await become({ groups: ['db-app_read'] }, 'app_read')).toBe('');
      expect(await become({ groups: [] }, 'app_read')).toContain('permission denied to set role');
      expect(await membershipsOf(role)).toBe('');
    });

    it('take nothing away that a DBA granted', async () => {
      await start({ memberOf: GROUPS });
      await logIn('foo:dba', { groups: [] });
      await host.cluster.sql('grant secret, app_read to "foo:dba"');
      expect(await logIn('foo:dba', { groups: ['db-app_write'] })).toBe('granted');
      expect(await logIn('foo:dba', { groups: [] })).toBe('granted');
      expect(await membershipsOf('foo:dba')).toBe('app_read secret');
    });

    it('that are not allowed are skipped, and told of once', async () => {
      const running = await start({ memberOf: GROUPS });
      const groups = [
        'db-app_read',
        'db-secret',
        'db-postgres',
        'db-pg_execute_server_program',
        'db-app_read" to "foo:evil"; grant "postgres',
        'db-app_read, postgres',
        'db-pgtoken_owner',
        'db-x\u0000y',
        `db-${'l'.repeat(200)}`,
      ];
      expect(await logIn('foo:evil', { groups })).toBe('granted');
      expect(await logIn('foo:evil', { groups })).toBe('granted');
      expect(await membershipsOf('foo:evil')).toBe('app_read');
      const told = (): readonly LogLine[] =>
        running.lines().filter(({ msg }) => msg.startsWith('a membership is not granted'));
      await poll('all of them', () => (told().length >= groups.length - 1 ? true : undefined));
      expect(told()).toHaveLength(groups.length - 1);
    });
  });

  describe('a role that cannot be provisioned', () => {
    it('is refused where it was made by hand, and let in where onError is allow; it is left alone', async () => {
      const before = await host.cluster.sql(`select * from pg_roles where rolname = 'by-hand'`);
      const running = await start({ memberOf: ['app_read'], connectionLimit: 1 });
      expect(await logIn('by-hand')).toBe(refused('by-hand'));
      expect(await decisionOf(running, 'by-hand')).toMatchObject({
        code: 'ERR_PROVISION',
        reason:
          'role "by-hand" cannot be provisioned in server main: role "by-hand" was not made by pgtoken, and is left alone',
      });
      await running.stop();
      const allowing = await start({
        memberOf: ['app_read'],
        connectionLimit: 1,
        onError: 'allow',
      });
      expect(await logIn('by-hand')).toBe('granted');
      expect(await decisionOf(allowing, 'by-hand')).toMatchObject({
        outcome: 'granted',
        provisionError: expect.stringContaining('was not made by pgtoken') as unknown,
      });
      expect(await host.cluster.sql(`select * from pg_roles where rolname = 'by-hand'`)).toBe(
        before,
      );
      expect(await membershipsOf('by-hand')).toBe('');
    });

    it('is refused in bounded time while something holds a lock on pg_authid', async () => {
      const running = await start({ memberOf: ['app_read'] });
      expect(await logIn('foo:before')).toBe('granted');
      const holder = await host.cluster.connect({ role: 'postgres', password: '', over: 'socket' });
      try {
        // Logins read it all the same.
        await holder.query('begin; lock table pg_authid in share mode');
        expect(await logIn('foo:locked')).toBe(refused('foo:locked'));
        expect(await decisionOf(running, 'foo:locked')).toMatchObject({
          code: 'ERR_PROVISION',
          reason: expect.stringContaining('canceling statement due to lock timeout') as unknown,
        });
        // Nothing is to be written.
        expect(await logIn('foo:before')).toBe('granted');
      } finally {
        await holder.end();
      }
      expect(await logIn('foo:locked')).toBe('granted');
    });

    it('is refused where the schema is older or gone, the daemon may not use it, or is not let in', async () => {
      const running = await start({ memberOf: ['app_read'] });
      const reasonOf = async (role: string): Promise<unknown> => {
        expect(await logIn(role)).toBe(refused(role));
        return (await decisionOf(running, role))['reason'];
      };
      await prepare((sql) =>
        sql
          .replace('wanted_version > 2 THEN', 'wanted_version > 0 THEN')
          .replaceAll('has version 2', 'has version 0'),
      );
      expect(await reasonOf('foo:older')).toContain(
        'schema pgtoken has version 0, and the daemon expects 1',
      );
      await host.cluster.sql(`revoke execute on function pgtoken.provision from "${daemonRole}"`);
      expect(await reasonOf('foo:execute')).toContain('permission denied for function provision');
      await host.cluster.sql('alter schema pgtoken rename to away');
      expect(await reasonOf('foo:gone')).toContain('schema "pgtoken" does not exist');
      await host.cluster.sql('alter schema away rename to pgtoken');
      await prepare();
      expect(await logIn('foo:back')).toBe('granted');
      await host.cluster.sql(
        `alter role "${daemonRole}" nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = '${daemonRole}'`,
      );
      expect(await reasonOf('foo:closed')).toContain('is not permitted to log in');
      await host.cluster.sql(`alter role "${daemonRole}" login`);
    });

    it('is refused in bounded time where the server takes too long, and where there is no such database', async () => {
      const running = await start({ memberOf: ['app_read'] });
      await prepare((sql) =>
        sql.replace(
          'is_standby := pg_is_in_recovery();',
          'is_standby := pg_is_in_recovery(); PERFORM pg_sleep(60);',
        ),
      );
      expect(await logIn('foo:slow')).toBe(refused('foo:slow'));
      expect(await decisionOf(running, 'foo:slow')).toMatchObject({
        code: 'ERR_PROVISION',
        reason: expect.stringContaining('canceling statement due to statement timeout') as unknown,
      });
      await prepare();
      expect(await logIn('foo:slow')).toBe('granted');
      await running.stop();
      const elsewhere = await start({ memberOf: ['app_read'] }, ' dbname=not-there');
      expect(await logIn('foo:nowhere')).toBe(refused('foo:nowhere'));
      expect(await decisionOf(elsewhere, 'foo:nowhere')).toMatchObject({
        code: 'ERR_PROVISION',
        reason: expect.stringContaining('database "not-there" does not exist') as unknown,
      });
    });

    it('is refused where the server has no connection left, and let in once it has', async () => {
      const { cluster } = host;
      const hold = async () => cluster.connect({ role: 'postgres', password: '', over: 'socket' });
      await cluster.sql('alter system set max_connections = 12');
      await cluster.restart();
      const holders: Awaited<ReturnType<typeof hold>>[] = [];
      try {
        const running = await start({ memberOf: ['app_read'] });
        // What remains is one for the login, and one of those that are kept for superusers.
        while (holders.length < 10) holders.push(await hold());
        await holders[0]?.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${daemonRole}'`,
        );
        expect(await logIn('foo:full')).toBe(refused('foo:full'));
        expect(await decisionOf(running, 'foo:full')).toMatchObject({
          code: 'ERR_PROVISION',
          reason: expect.stringMatching(
            /remaining connection slots are reserved|too many clients already/,
          ) as unknown,
        });
        for (const holder of holders.splice(0)) await holder.end();
        // It is not asked again at once.
        await poll('a login', async () =>
          (await logIn('foo:full')) === 'granted' ? true : undefined,
        );
      } finally {
        for (const holder of holders) await holder.end();
        await daemon?.stop();
        await cluster.sql('alter system reset max_connections');
        await cluster.restart();
      }
    });
  });

  it('what is allowed no more, and what is dropped, is skipped', async () => {
    await start({ memberOf: ['app_read', 'app_write'] });
    await host.cluster.sql('create role passing');
    expect(await logIn('foo:dropped')).toBe('granted');
    await host.cluster.sql(`select pgtoken.disallow('app_write')`);
    expect(await membershipsOf('foo:dropped')).toBe('app_read');
    expect(await logIn('foo:dropped')).toBe('granted');
    await host.cluster.sql(`select pgtoken.allow('app_write')`);
  });

  it('mode=exec refuses what only the daemon can do, and leaves it where onError is allow', async () => {
    const decide = async (onError: string) => {
      await daemon?.stop();
      await start({ memberOf: ['app_read'], onError });
      return runPgtoken(
        ['pam', `--config=${host.installation.config}`, `--cache-dir=${host.cacheFolder}`],
        {
          env: {
            PAM_USER: 'foo:exec',
            PAM_SERVICE: 'postgresql-k8s',
            PAM_TYPE: 'auth',
            PATH: process.env['PATH'] ?? '',
          },
          stdin: await issuer.mint({ sub: 'system:serviceaccount:foo:exec' }),
        },
      );
    };
    const refusal = await decide('deny');
    expect(refusal.stderr).toContain(
      'ERR_PROVISION role "foo:exec" cannot be provisioned: the login is decided by a command',
    );
    expect(refusal.status).toBe(2);
    expect(await decide('allow')).toMatchObject({ status: 0, stderr: '' });
  });

  it('pgtoken explain --server says what would be done, and does nothing', async () => {
    await start({ memberOf: ['app_read', ...GROUPS], connectionLimit: 3 });
    const explain = async (role: string, groups: readonly string[]) =>
      asDaemonUser(
        ['explain', '--server', `--role=${role}`, `--cache-dir=${host.cacheFolder}`],
        await issuer.mint({ sub: `system:serviceaccount:${role}`, groups }),
      );
    const first = await explain('foo:planned', ['db-app_write', 'db-secret']);
    expect(first.stdout).toContain(
      'server main: would create foo:planned, grant "app_read", "app_write"; not',
    );
    expect(first.status).toBe(0);
    expect(first.stdout.replaceAll(/\n +/g, ' ')).toMatch(
      /^server main: to database "postgres" it would come by \S*(?:line \d+ of pg_hba\.conf|pg_hba\.conf:\d+) \(local, pam\), service "postgresql-k8s"$/m,
    );
    expect(
      await host.cluster.sql(`select count(*) from pg_roles where rolname = 'foo:planned'`),
    ).toBe('0');
    expect(await logIn('foo:planned', { groups: ['db-app_write'] })).toBe('granted');
    expect((await explain('foo:planned', [])).stdout).toContain(
      'server main: would revoke "app_write"\n',
    );
    expect((await explain('foo:planned', ['db-app_write'])).stdout).toContain(
      'server main: nothing would change\n',
    );
    const byHand = await explain('by-hand', []);
    expect(byHand.stdout).toContain(
      'server main: cannot be provisioned: role "by-hand" was not made by pgtoken',
    );
    expect(byHand.status).toBe(2);
  });

  it('pgtoken roles shows who was logged in to by whom, and retires who was not for long', async () => {
    const running = await start({ memberOf: ['app_read'] });
    expect(await logIn('foo:busy')).toBe('granted');
    expect(await logIn('foo:idle')).toBe('granted');
    expect(await logIn('foo:idle2')).toBe('granted');
    // What is not told yet is told when it stops.
    await running.stop();
    const roles = z
      .array(z.looseObject({ role: z.string(), lastLogin: z.nullable(z.string()) }))
      .parse(JSON.parse((await asDaemonUser(['roles', '--json'])).stdout));
    expect(roles.find(({ role }) => role === 'foo:busy')).toMatchObject({
      server: 'main',
      entry: 'cluster',
      subject: 'system:serviceaccount:foo:busy',
      memberOf: ['app_read'],
      lastLogin: expect.stringMatching(/^20/) as unknown,
      retired: null,
      canLogin: true,
      sessions: 0,
    });
    const table = await asDaemonUser(['roles', '--server=main']);
    expect(table.stdout).toMatch(
      /^foo:busy +cluster +system:serviceaccount:foo:busy +app_read +\d+ s ago +\d+ s ago$/m,
    );
    const retire = async (...more: readonly string[]) =>
      asDaemonUser(['roles', 'retire', '--unused=90d', ...more]);
    expect(await retire('--yes')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining(
        'server main: no superuser has allowed roles to be retired',
      ) as unknown,
    });
    await host.cluster.sql(`select pgtoken.allow_retirement('90 days', may_drop => true)`);
    await host.cluster.sql(`update pgtoken.recording set since = now() - interval '1 year'`);
    expect(await retire()).toMatchObject({ status: 0, stdout: 'server main: nothing to do\n' });
    const age = async (where: string): Promise<void> => {
      await host.cluster
        .sql(`update pgtoken.logins set last_login = last_login - interval '91 days', retired = retired - interval '1 day',
      counted_from = counted_from - interval '91 days' where ${where}`);
    };
    await age(`role_id in ('"foo:idle"'::regrole, '"foo:idle2"'::regrole)`);
    const plan =
      'server main: retire  foo:idle (last login 91 d ago by system:serviceaccount:foo:idle)\n' +
      'server main: retire  foo:idle2 (last login 91 d ago by system:serviceaccount:foo:idle2)\n';
    expect(await retire()).toMatchObject({
      status: 0,
      stdout: plan,
      stderr: 'pgtoken: nothing was done; with --yes 2 roles would\n',
    });
    expect(
      await host.cluster.sql(
        `select count(*) from pg_roles where rolname ~ '^foo:idle' and rolcanlogin`,
      ),
    ).toBe('2');
    await host.cluster.sql(
      'create table app_of_idle2 (x int); alter table app_of_idle2 owner to "foo:idle2"',
    );
    expect(await retire('--yes')).toMatchObject({
      status: 0,
      stdout: plan,
      stderr: 'pgtoken: server main: 2 roles retired, 0 dropped\n',
    });
    await start({ memberOf: ['app_read'] });
    expect(await logIn('foo:idle')).toContain('is not permitted to log in');
    expect(await logIn('foo:busy')).toBe('granted');
    await daemon?.stop();
    await host.cluster.sql(
      `update pgtoken.logins set last_login = null where role_id = '"foo:idle"'::regrole`,
    );
    await age('retired is not null');
    expect(await retire('--drop', '--yes')).toMatchObject({
      status: 0,
      stdout: `server main: drop    foo:idle (last login none recorded by system:serviceaccount:foo:idle)
server main: keep    foo:idle2: database postgres: owns 1, has rights on 0
`,
      stderr: 'pgtoken: server main: 0 roles retired, 1 dropped\n',
    });
    expect(
      await host.cluster.sql(
        `select string_agg(rolname, ' ') from pg_roles where rolname ~ '^foo:idle'`,
      ),
    ).toBe('foo:idle2');
    await host.cluster.sql('drop table app_of_idle2');
  });

  it('metrics say what was done', async () => {
    const port = await findFreePort();
    daemon = await host.startDaemon({
      issuers: [
        entryOf('cluster', issuer, {
          provision: { create: true, memberOf: GROUPS, onError: 'deny' },
        }),
      ],
      top: { servers: [{ name: 'main', connection: host.connection }] },
      args: [`--metrics=127.0.0.1:${port}`],
    });
    await logIn('foo:counted', { groups: ['db-app_read', 'db-no'] });
    await logIn('foo:counted', { groups: [] });
    await logIn('by-hand');
    const text = await poll('the metrics', async () => {
      const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return body.includes('pgtoken_provision_errors_total{issuer="cluster"} 1') ? body : undefined;
    });
    expect(text).toContain('pgtoken_roles_created_total{issuer="cluster"} 1');
    for (const change of ['granted', 'revoked', 'skipped']) {
      expect(text).toContain(`pgtoken_memberships_total{issuer="cluster",change="${change}"} 1`);
    }
  });

  it('pgtoken database apply prepares a server as who calls it, and says why it cannot', async () => {
    const top = { servers: [{ name: 'main', connection: host.connection }] };
    const provision = { create: true, onError: 'deny' };
    await host.installation.writeConfig(
      writeIssuersYAML([entryOf('cluster', issuer, { provision })], top),
    );
    const apply = async (...more: readonly string[]) =>
      runPgtoken(['database', 'apply', `--config=${host.installation.config}`, ...more]);
    await host.cluster.sql('drop schema pgtoken cascade');
    expect(await apply('--server=main', '--superuser=postgres')).toEqual({
      status: 0,
      stdout: `server main: role ${daemonRole} and schema pgtoken are as they should be\n`,
      stderr: '',
    });
    expect(await host.cluster.sql('select pgtoken.version()')).toBe('2');
    await host.cluster.sql(`select pgtoken.allow('app_read'), pgtoken.allow('app_write')`);
    expect(await apply('--server=other')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no server "other"') as unknown,
    });
    expect(await apply('--server=main', '--superuser=by-hand')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('server main, as role by-hand: ') as unknown,
    });
  });

  it('takes it all back: memberships go, roles stay', async () => {
    await start({ memberOf: ['app_read'] });
    expect(await logIn('foo:last')).toBe('granted');
    const { stdout } = await runPgtoken(['database', 'sql', '--remove', '--role', daemonRole]);
    await daemon?.stop();
    await host.cluster.sql('grant secret to "foo:last"');
    await host.cluster.sql(stdout);
    expect(await membershipsOf('foo:last')).toBe('secret');
    expect(
      await host.cluster.sql(
        `select count(*) from pg_roles where rolname in ('pgtoken_owner', 'pgtoken_managed', '${daemonRole}')`,
      ),
    ).toBe('0');
    expect(
      await host.cluster.sql(`select count(*) from pg_namespace where nspname = 'pgtoken'`),
    ).toBe('0');
    await prepare();
    await host.cluster.sql(`select pgtoken.allow('app_read'), pgtoken.allow('app_write')`);
  });

  it('on a standby nothing is written: a role that exists logs in, one that is missing is told why', async () => {
    const { cluster } = host;
    await start({ memberOf: ['app_read'] });
    expect(await logIn('foo:there')).toBe('granted');
    await daemon?.stop();
    const data = join(cluster.folder, 'data');
    const postmaster = Number(
      (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    process.kill(postmaster, 'SIGINT');
    await poll('the end of the server', async () =>
      readFile(join(data, 'postmaster.pid')).then(
        () => undefined,
        () => true,
      ),
    );
    await writeFile(join(data, 'standby.signal'), '');
    const mark = await cluster.log.mark();
    const log = await open(join(cluster.folder, 'postgresql.log'), 'a');
    const root = serverRoot();
    const options = ['-D', data, '-p', String(cluster.port), '-k', cluster.socketFolder];
    const { program, args } = serverCommand(root, join(findPostgres(root), 'postgres'), options);
    const standby = spawn(program, args, {
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C', ...cluster.shimEnvironment },
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = once(standby, 'close');
    try {
      await poll('a standby', async () =>
        (await cluster.log.since(mark)).includes('ready to accept read-only connections')
          ? true
          : undefined,
      );
      expect(await cluster.sql('select pg_is_in_recovery()')).toBe('t');
      const running = await start({ memberOf: ['app_read', 'app_write'], connectionLimit: 3 });
      expect(await logIn('foo:there')).toBe('granted');
      expect(await decisionOf(running, 'foo:there')).not.toHaveProperty('grantedRoles');
      expect(await logIn('foo:missing')).toBe(refused('foo:missing'));
      expect(await decisionOf(running, 'foo:missing')).toMatchObject({
        code: 'ERR_PROVISION',
        reason: expect.stringContaining(
          'the server is a standby, on which none can be made',
        ) as unknown,
      });
      expect(await membershipsOf('foo:there')).toBe('app_read');
    } finally {
      standby.kill('SIGINT');
      await ended;
      await log.close();
    }
  });
}
