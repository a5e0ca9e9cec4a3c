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
} from '../doctor/examined-host.ts';
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
    const hba = await host.newHBA(`host all all 0.0.0.0/0 ${pam}`);
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
        'option map=people is not for pam; with it PostgreSQL keeps the rules of before',
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
        'role "postgres" is protected: no token may be it, whatever this rule says',
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
          'role "dba_super" is a superuser, and this rule lets a token be it',
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
          'role-cut',
          CUT_ROLE,
          'it has 63 bytes, and PostgreSQL keeps at most 63: if it was made by a longer name, no token fits it (rules of homelab)',
          'Give it a shorter name, and write a role rule that yields that one.',
        ),
        fault(
          'warning',
          'role-superuser',
          'dba_super',
          'it is a superuser and not protected: whoever has a claim that reads so may be it (rules of homelab)',
          'Add "dba_super" to protectedRoles.',
        ),
      ]);
    } finally {
      await host.daemonHost.cluster.sql(`drop role dba_super, "${CUT_ROLE}"`);
    }
  });
});

describe('with a connection to the server', () => {
  it('finds its pg_hba.conf, and what the server itself says of it', async () => {
    const before = join(await host.newFolder(), 'pg_hba.conf');
    await copyFile(host.hbaFile, before);
    try {
      await appendFile(host.hbaFile, `hostssl all all 10.0.0.0/8 pam pamservice=${SERVICE}\n`);
      const { mtime } = await stat(host.hbaFile);
      await utimes(host.hbaFile, mtime, new Date(Date.now() + 5000));
      expect(await host.faultsOf({ hba: false, more: [`--db=${host.connection}`] })).toEqual([
        fault(
          'failure',
          'hba-rejected',
          `${host.hbaFile}:4`,
          'PostgreSQL says: hostssl record cannot match because SSL is disabled',
          'Turn TLS on: ssl = on in postgresql.conf, with a certificate, then restart PostgreSQL.',
        ),
        fault(
          'warning',
          'hba-unloaded',
          host.hbaFile,
          'it was changed after PostgreSQL last read it',
          'Run:\n  SELECT pg_reload_conf()',
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
