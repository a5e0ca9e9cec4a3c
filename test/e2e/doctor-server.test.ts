// `pgtoken doctor` on a host with one fault at a time in pg_hba.conf, among roles, or on the way to the server: it names that
// fault and its fix, and no other. What the server says of itself, the real one says.
import { appendFile, copyFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  answerSchema,
  fault,
  ROLE,
  SERVICE,
  startExaminedHost,
  type ExaminedHost,
} from '../support/examined-host.ts';
import { runChecked } from '../support/run-checked.ts';

const stack = new AsyncDisposableStack();
let host: ExaminedHost;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
});

afterAll(async () => {
  await stack.disposeAsync();
});

const LONG_ROLE = `team-a:${'reporting-'.repeat(6)}x`;
const CUT_ROLE = `app:${'y'.repeat(70)}`.slice(0, 63);

const entryFor = (role: string): Record<string, unknown> =>
  host.entry({ roles: [{ claim: 'groups', equals: 'dba', role }] });

describe('names the fault and the fix where, in pg_hba.conf,', () => {
  const pam = `pam pamservice=${SERVICE}`;

  it('a broader line above wins', async () => {
    const hba = await host.newHBA(
      '# comment',
      'local all postgres peer',
      'host all all 0.0.0.0/0 scram-sha-256',
      `hostssl all all 10.0.0.0/8 ${pam}`,
    );
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'hba-shadowed',
        `${hba}:4`,
        'never used: line 3 (host, scram-sha-256) above it is broader, and the first line that matches decides',
        'Move this line above line 3.',
      ),
    ]);
  });

  it('host stands in place of hostssl', async () => {
    const hba = await host.newHBA(`host all all 10.0.0.0/8 ${pam}`);
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'hba-cleartext',
        `${hba}:1`,
        'host lets clients send the token without TLS, for everybody on the way to read',
        'Write hostssl in place of host.',
      ),
    ]);
  });

  it('the name of the service is wrong', async () => {
    const hba = await host.newHBA('hostssl all all all pam pamservice=postgresql-k8');
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'hba-service',
        `${hba}:1`,
        'pamservice=postgresql-k8, and there is no such service: every login by this line is denied',
        `Write pamservice=${SERVICE}, or the name of another file of the PAM folder.`,
      ),
      fault(
        'failure',
        'hba-unused',
        hba,
        `no line sends logins to PAM service ${SERVICE}; pam lines name postgresql-k8`,
        `Write, above broader lines:\n  hostssl all all 0.0.0.0/0 ${pam}`,
      ),
    ]);
  });

  it('no line uses pam', async () => {
    const hba = await host.newHBA('hostssl all all all scram-sha-256');
    const { faults } = await host.examine({ hba });
    expect(faults).toMatchObject([
      {
        fault: 'hba-unused',
        message: `no line sends logins to PAM service ${SERVICE}; there is none with pam`,
      },
    ]);
  });

  it('an option is not for pam', async () => {
    const hba = await host.newHBA(`hostssl all all all ${pam} map=people`);
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'hba-option',
        `${hba}:1`,
        'option map=people is not for pam; with it PostgreSQL keeps the rules of before, and does not start',
        'Take map= away: the role rules of issuers.yaml say who may be what.',
      ),
    ]);
  });

  it('a line cannot be read', async () => {
    const hba = await host.newHBA(`hostssl all all 10.0.0.0/8 ${pam}`, 'hosts all all all reject');
    const { faults } = await host.examine({ hba });
    expect(faults).toMatchObject([
      {
        fault: 'hba-syntax',
        subject: `${hba}:2`,
        message:
          '"hosts" is no connection type; expected local, host, hostssl, hostnossl, hostgssenc, hostnogssenc; with it PostgreSQL keeps the rules of before',
        hint: 'Correct the line, then run:\n  SELECT pg_reload_conf()',
      },
    ]);
  });

  it('the file is not there', async () => {
    const hba = join(await host.newFolder(), 'pg_hba.conf');
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'hba-unreadable',
        hba,
        'no such file',
        'Name the right one with --hba FILE.',
      ),
    ]);
  });

  it('a name is there of over 63 bytes', async () => {
    const hba = await host.newHBA(`hostssl all ${LONG_ROLE} all ${pam}`);
    expect(await host.faultsOf({ hba })).toEqual([
      fault(
        'failure',
        'role-too-long',
        `${hba}:1`,
        `role "${LONG_ROLE}" has 68 bytes; PostgreSQL's role names have at most 63, so that nobody can ask for it`,
        'Write a shorter role, and give the role in the database that name.',
      ),
    ]);
  });
});

describe('names the fault and the fix where, among roles,', () => {
  it('a rule yields one of over 63 bytes', async () => {
    expect(await host.faultsOf({ config: await host.newConfig(entryFor(LONG_ROLE)) })).toEqual([
      fault(
        'failure',
        'role-too-long',
        'homelab: roles[0]',
        `role "${LONG_ROLE}" has 68 bytes; PostgreSQL's role names have at most 63, so that nobody can ask for it`,
        'Write a shorter role, and give the role in the database that name.',
      ),
    ]);
  });

  it('a rule yields a protected one', async () => {
    expect(await host.faultsOf({ config: await host.newConfig(entryFor('postgres')) })).toEqual([
      fault(
        'failure',
        'role-protected',
        'homelab: roles[0]',
        'role "postgres" is protected: no token may log in as it, whatever this rule says',
        'Name another role, or take it out of protectedRoles.',
      ),
    ]);
  });

  it('one does not exist, another may not log in, a third is a superuser', async () => {
    await host.daemonHost.cluster.sql('create role dba_group nologin');
    await host.daemonHost.cluster.sql('create role dba_super superuser login');
    try {
      expect(
        await host.faultsOf({
          config: await host.newConfig(
            host.entry({
              roles: [
                { claim: 'groups', equals: 'a', role: ['dba_ro', 'dba_group'] },
                { claim: 'groups', equals: 'b', role: 'dba_super' },
              ],
            }),
          ),
          more: [`--db=${host.connection}`],
        }),
      ).toEqual([
        fault(
          'failure',
          'role-missing',
          'homelab: roles[0]',
          'role "dba_ro" does not exist',
          'Run:\n  CREATE ROLE "dba_ro" LOGIN\nOr correct the name, case and all.',
        ),
        fault(
          'failure',
          'role-no-login',
          'homelab: roles[0]',
          'role "dba_group" may not log in',
          'Run:\n  ALTER ROLE "dba_group" LOGIN',
        ),
        fault(
          'warning',
          'role-superuser',
          'homelab: roles[1]',
          'role "dba_super" is a superuser, and this rule lets a token log in as it',
          'Name a role without SUPERUSER, and add this one to protectedRoles.',
        ),
      ]);
    } finally {
      await host.daemonHost.cluster.sql('drop role dba_group, dba_super');
    }
  });

  it('claims may lead to a superuser that is not protected, or to a name that was cut', async () => {
    await host.daemonHost.cluster.sql('create role dba_super superuser login');
    await host.daemonHost.cluster.sql(`create role "${CUT_ROLE}yyyy" login`);
    try {
      expect(
        await host.faultsOf({
          config: await host.newConfig(
            host.entry({ roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }] }),
          ),
          more: [`--db=${host.connection}`],
        }),
      ).toEqual([
        fault(
          'warning',
          'role-superuser',
          'dba_super',
          'it is a superuser and not protected: a token with a claim that reads so may log in as it (rules of homelab)',
          'Add "dba_super" to protectedRoles.',
        ),
        fault(
          'warning',
          'role-cut',
          CUT_ROLE,
          'it has 63 bytes, and PostgreSQL keeps at most 63: if it was made by a longer name, no token fits it (rules of homelab)',
          'Give it a shorter name, and write a role rule that yields that one.',
        ),
      ]);
    } finally {
      await host.daemonHost.cluster.sql(`drop role dba_super, "${CUT_ROLE}"`);
    }
  });

  it('they are as good as a superuser, or past their VALID UNTIL, by themselves or by memberships', async () => {
    const { sql } = host.daemonHost.cluster;
    const roles = {
      a_plain: 'login',
      b_replication: 'login replication',
      c_bypass: 'login bypassrls',
      d_create: 'login createrole',
      e_member: 'login noinherit in role team',
      f_program: 'login in role pg_execute_server_program',
      g_files: 'login in role files',
      h_expired: "login valid until '2020-01-02 12:00Z'",
      i_later: "login valid until '2100-01-01'",
      j_never: "login valid until 'infinity'",
      k_locked: 'nologin superuser',
      l_monitor: 'login in role pg_monitor',
    };
    await sql('create role dba superuser nologin');
    await sql('create role team nologin in role dba');
    await sql('create role files nologin in role pg_read_server_files, pg_write_server_files');
    for (const [name, rest] of Object.entries(roles)) await sql(`create role ${name} ${rest}`);
    try {
      const config = await host.newConfig(
        host.entry({ roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }] }),
      );
      const faults = await host.faultsOf({ config, more: [`--db=${host.connection}`] });
      const told = faults.map((one) => [
        one.fault,
        one.subject,
        /as good as a superuser \((.*)\) and not/.exec(one.message)?.[1],
      ]);
      const privileged = 'role-privileged';
      expect(told).toEqual([
        [privileged, 'b_replication', 'REPLICATION'],
        [privileged, 'c_bypass', 'BYPASSRLS'],
        [privileged, 'd_create', 'CREATEROLE'],
        [privileged, 'e_member', 'a member of "dba" (SUPERUSER)'],
        [privileged, 'f_program', 'a member of "pg_execute_server_program"'],
        [
          privileged,
          'g_files',
          'a member of "pg_read_server_files"; a member of "pg_write_server_files"',
        ],
        ['role-expired', 'VALID UNTIL', undefined],
      ]);
      expect(faults.at(-1)?.message).toMatch(/^is over for "h_expired", and yet /);
    } finally {
      await sql(`drop role ${[...Object.keys(roles), 'files', 'team', 'dba'].join(', ')}`);
    }
  });

  it('an entry makes an exception for a protected one, as the daemon does', async () => {
    const named = {
      roles: [{ claim: 'groups', equals: 'dba', role: 'postgres' }],
      allowProtectedRoles: ['postgres'],
    };
    expect(
      await host.faultsOf({
        config: await host.newConfig(host.entry(named)),
        more: [`--db=${host.connection}`],
      }),
    ).toEqual([
      fault(
        'warning',
        'role-superuser',
        'homelab: roles[0]',
        'role "postgres" is a superuser, and allowProtectedRoles lets tokens of homelab log in as it',
        'Take it out of allowProtectedRoles, and grant what is needed to another role.',
      ),
    ]);
  });
});

describe('with a connection to the server', () => {
  it('finds its pg_hba.conf, and what the server itself says of it', async () => {
    const before = join(await host.newFolder(), 'pg_hba.conf');
    await copyFile(host.hbaFile, before);
    const shown = `host=${host.daemonHost.cluster.socketFolder} port=${host.daemonHost.cluster.port} dbname=postgres user=postgres`;
    try {
      await appendFile(host.hbaFile, `hostssl all all 10.0.0.0/8 pam pamservice=${SERVICE}\n`);
      const { mtime } = await stat(host.hbaFile);
      await utimes(host.hbaFile, mtime, new Date(Date.now() + 5000));
      expect(await host.faultsOf({ hba: false, more: [`--db=${host.connection}`] })).toEqual([
        fault(
          'failure',
          'hba-unloaded',
          host.hbaFile,
          'it was changed after PostgreSQL last read it: logins go by what it said before',
          'Run:\n  SELECT pg_reload_conf()',
        ),
        fault(
          'warning',
          'server-listening',
          shown,
          `listen_addresses is "127.0.0.1": no client of another host gets here, and ${host.hbaFile}:4 is for such clients`,
          "Run:\n  ALTER SYSTEM SET listen_addresses = '*'\nThen restart PostgreSQL. If only programs of this host are to log in, write 127.0.0.1/32 and ::1/128 in the line.",
        ),
        fault(
          'failure',
          'server-tls',
          shown,
          `ssl is off: PostgreSQL never uses ${host.hbaFile}:4, which is for encrypted connections`,
          'Set ssl_cert_file and ssl_key_file, then run:\n  ALTER SYSTEM SET ssl = on;\n  SELECT pg_reload_conf();',
        ),
      ]);
    } finally {
      // Into the file that is there, so that it keeps its owner.
      await runChecked('cp', [before, host.hbaFile]);
      await utimes(host.hbaFile, new Date(0), new Date(0));
    }
  });

  it('is known to it as the user of the role, where it is root that asks', async () => {
    const { sql, socketFolder, port } = host.daemonHost.cluster;
    const before = await readFile(host.hbaFile, 'utf8');
    // As Debian has it for all databases.
    await writeFile(host.hbaFile, `local template1 postgres peer\n${before}`);
    await sql('select pg_reload_conf()');
    try {
      const db = `host=${socketFolder} port=${port} user=postgres dbname=template1`;
      const { findings } = await host.examine({ more: [`--db=${db}`] });
      expect(findings.filter(({ topic }) => topic === 'database')).toEqual([
        {
          topic: 'database',
          level: 'ok',
          fault: null,
          subject: db.replace(/ user=.*/, ' dbname=template1 user=postgres'),
          message: `answers; its rules are in ${host.hbaFile}`,
          hint: null,
        },
      ]);
    } finally {
      await writeFile(host.hbaFile, before);
      await sql('select pg_reload_conf()');
    }
  });

  it('takes the rules from the server where the file cannot be read', async () => {
    const { sql, port } = host.daemonHost.cluster;
    await sql(`grant pg_read_all_settings to "${ROLE}"`);
    await sql(`grant select on pg_hba_file_rules to "${ROLE}"`);
    await sql(`grant execute on function pg_hba_file_rules() to "${ROLE}"`);
    try {
      const { findings, faults } = await host.examine({
        asNobody: true,
        hba: false,
        more: [`--db=host=127.0.0.1 port=${port} user=${ROLE} dbname=postgres`],
        env: { PGPASSWORD: await host.issuer.mint() },
      });
      expect(faults).toEqual([]);
      expect(findings.filter(({ topic }) => topic === 'hba').map((one) => one.subject)).toEqual([
        `${host.hbaFile}:2`,
        `${host.hbaFile}:3`,
      ]);
    } finally {
      await sql(`revoke select on pg_hba_file_rules from "${ROLE}"`);
      await sql(`revoke execute on function pg_hba_file_rules() from "${ROLE}"`);
      await sql(`revoke pg_read_all_settings from "${ROLE}"`);
    }
  });

  it('says that its user may not see enough', async () => {
    const login = `host=127.0.0.1 port=${host.daemonHost.cluster.port} user=foo:myservice dbname=postgres password=${await host.issuer.mint()}`;
    const { faults } = await host.examine({ more: [`--db=${login}`] });
    expect(faults).toMatchObject([
      {
        level: 'warning',
        fault: 'database-unprivileged',
        subject: `host=127.0.0.1 port=${host.daemonHost.cluster.port} dbname=postgres user=foo:myservice`,
        hint: 'Connect as a superuser, such as postgres.',
      },
    ]);
  });

  it.each([
    (port: number) => `postgresql://somebody:Zq7secret@127.0.0.1:${port}/postgres`,
    (port: number) =>
      `host=127.0.0.1 port=${port} user=somebody dbname=postgres password=Zq7secret`,
  ])('that is refused, says so and never the password', async (format) => {
    const db = format(host.daemonHost.cluster.port);
    const { status, stdout, stderr } = await host.run({ more: [`--db=${db}`, '--json'] });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const { findings } = answerSchema.parse(JSON.parse(stdout));
    expect(findings).toContainEqual({
      topic: 'database',
      ...fault(
        'failure',
        'database-unreachable',
        `host=127.0.0.1 port=${host.daemonHost.cluster.port} dbname=postgres user=somebody`,
        'PAM authentication failed for user "somebody"',
        'Correct --db; a password may also stand in PGPASSWORD or ~/.pgpass, and peer wants the user of that name.',
      ),
    });
    expect(stdout).not.toContain('Zq7secret');
  });
});
