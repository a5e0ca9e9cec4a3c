// `pgtoken doctor`, as root and without --db, beside a server like Debian's: it finds the server, asks it, and tells what keeps
// clients from it that its rules seem to let in. What it says of a line is held against what PostgreSQL says and does.
import { chmod, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  fault,
  ROLE,
  SERVICE,
  startExaminedHost,
  type ExaminedHost,
} from '../support/examined-host.ts';
import { DEBIAN_LINES } from '../doctor/hba/debian-lines.ts';
import { poll } from '../support/poll.ts';
import { startPostgresCluster, type PostgresCluster } from '../support/postgres-cluster.ts';
import { run } from '../support/run.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeSecret } from '../support/write-secret.ts';

const PAM = `pam pamservice=${SERVICE}`;
const README = `hostssl all all 0.0.0.0/0 ${PAM}`;

const stack = new AsyncDisposableStack();
let host: ExaminedHost;
let cluster: PostgresCluster;
let hba: string;
let certificate: string;
let shown: string;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
  const folder = stack.use(await createTemporaryFolder('snakeoil')).path;
  const { key, cert } = await host.authority.issue();
  certificate = join(folder, 'ssl-cert-snakeoil.pem');
  await writeSecret(certificate, cert);
  await chmod(certificate, 0o644);
  await writeSecret(join(folder, 'ssl-cert-snakeoil.key'), key);
  const module = `required ${host.module}\n`;
  cluster = stack.use(
    await startPostgresCluster({
      hba: [...DEBIAN_LINES, README],
      pamServices: { [SERVICE]: `auth ${module}account ${module}` },
      setup: [`create role "${ROLE}" login`],
      settings: {
        listen_addresses: 'localhost',
        ssl: 'on',
        ssl_cert_file: certificate,
        ssl_key_file: join(folder, 'ssl-cert-snakeoil.key'),
      },
    }),
  );
  hba = join(cluster.folder, 'data', 'pg_hba.conf');
  shown = `host=${cluster.socketFolder} port=${cluster.port} dbname=postgres user=postgres`;
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** As if it had been written long ago, so that the server knows it. */
async function writeRules(...lines: readonly string[]): Promise<void> {
  await writeFile(hba, ['local all postgres peer map=tester', ...lines, ''].join('\n'));
  await utimes(hba, new Date(0), new Date(0));
  await reload();
}

/** Also where nobody can log in to ask for it. */
async function reload(): Promise<void> {
  const mark = await cluster.log.mark();
  const [pid] = (await readFile(join(cluster.folder, 'data', 'postmaster.pid'), 'utf8')).split(
    '\n',
  );
  process.kill(Number(pid), 'SIGHUP');
  await poll(
    'the server to read its files',
    async () => (await cluster.log.since(mark)).includes('received SIGHUP') || undefined,
  );
}

afterEach(async () => {
  await writeRules(...DEBIAN_LINES, README);
});

const LISTENING = (seen: string): ReturnType<typeof fault> =>
  fault(
    'warning',
    'server-listening',
    shown,
    `listen_addresses is "localhost"${seen}: no client of another host gets here, and ${hba}:8 is for such clients`,
    seen === ''
      ? "Run:\n  ALTER SYSTEM SET listen_addresses = '*'\nThen restart PostgreSQL. If only programs of this host are to log in, write 127.0.0.1/32 and ::1/128 in the line."
      : 'Restart PostgreSQL.',
  );

const SNAKEOIL = (): ReturnType<typeof fault> =>
  fault(
    'warning',
    'server-certificate-placeholder',
    certificate,
    "the server's certificate is the placeholder that Debian makes for each host, signed by nobody else: a client can verify it only with a copy of it, and one that does not verify it sends its token to whoever answers",
    'Put a certificate for the name of this server into ssl_cert_file, from an authority that clients trust, and its key into ssl_key_file; then run:\n  SELECT pg_reload_conf()',
  );

const EXCEPTION = (): ReturnType<typeof fault> =>
  fault(
    'note',
    'hba-exception',
    `${hba}:8`,
    'not used by clients at 127.0.0.1/32: line 3 (host, scram-sha-256) above it takes those connections',
    `If they are to log in with tokens too, write above line 3:\n  hostssl all all 127.0.0.1/32 ${PAM}`,
  );

/** What is found beside what Debian's default comes to. */
const faultsOf = async (): Promise<readonly ReturnType<typeof fault>[]> =>
  (await host.faultsOf({ hba })).filter(
    ({ fault: name }) =>
      !['server-listening', 'server-certificate-placeholder'].includes(name ?? ''),
  );

describe("with Debian's defaults and the line of the README", () => {
  it('nothing fails, and what would surprise is told', async () => {
    const { status, findings, faults } = await host.examine({ hba });
    expect({ status, faults }).toEqual({
      status: 0,
      faults: [EXCEPTION(), LISTENING(''), SNAKEOIL()],
    });
    const order = findings.filter(({ level }) => level === 'ok').map(({ subject }) => subject);
    expect(order).toEqual(expect.arrayContaining([`${hba}:8`, shown, 'rules']));
  });

  it('a change of listen_addresses that waits for a restart is told as such', async () => {
    await cluster.sql("alter system set listen_addresses = '*'");
    await reload();
    try {
      expect(await host.faultsOf({ hba })).toEqual([
        EXCEPTION(),
        LISTENING(' until a restart'),
        SNAKEOIL(),
      ]);
    } finally {
      await cluster.sql('alter system reset listen_addresses');
      await reload();
    }
  });
});

describe('it asks the server by itself, and so knows that', () => {
  it('pg_hba.conf was edited and not reloaded', async () => {
    await utimes(hba, new Date(), new Date(Date.now() + 5000));
    expect(await faultsOf()).toEqual([
      EXCEPTION(),
      fault(
        'failure',
        'hba-unloaded',
        hba,
        'it was changed after PostgreSQL last read it: logins go by what it said before',
        'Run:\n  SELECT pg_reload_conf()',
      ),
    ]);
  });

  it('a file that pg_hba.conf names was', async () => {
    const list = join(cluster.folder, 'data', 'workloads');
    await writeFile(list, `"${ROLE}"\n`);
    await writeRules(`hostssl all @workloads all ${PAM}`);
    await utimes(list, new Date(), new Date(Date.now() + 5000));
    expect(await faultsOf()).toMatchObject([{ fault: 'hba-unloaded', subject: list }]);
  });

  it('ssl is off', async () => {
    await cluster.sql('alter system set ssl = off');
    await reload();
    try {
      expect(await faultsOf()).toEqual([
        EXCEPTION(),
        fault(
          'failure',
          'server-tls',
          shown,
          `ssl is off: PostgreSQL never uses ${hba}:8, which is for encrypted connections`,
          'Set ssl_cert_file and ssl_key_file, then run:\n  ALTER SYSTEM SET ssl = on;\n  SELECT pg_reload_conf();',
        ),
      ]);
    } finally {
      await cluster.sql('alter system reset ssl');
      await reload();
    }
  });

  it('a role is not there', async () => {
    const config = await host.newConfig(
      host.entry({ roles: [{ claim: 'groups', equals: 'a', role: 'nobody-made-it' }] }),
    );
    expect((await host.faultsOf({ hba, config })).map((one) => one.fault)).toContain(
      'role-missing',
    );
  });

  it('the server does not let it in, which is a note', async () => {
    await writeFile(hba, `local all all reject\n${README}\n`);
    await utimes(hba, new Date(0), new Date(0));
    await reload();
    expect(await faultsOf()).toEqual([
      expect.objectContaining({ fault: 'hba-ipv6' }),
      fault(
        'note',
        'database-unasked',
        shown,
        'not asked about its rules and roles: pg_hba.conf rejects connection for host "[local]", user "postgres", database "postgres", no encryption',
        'Say with --db how a superuser is let in.',
      ),
    ]);
  });

  it('the server wants a password, which is a note, and gets none', async () => {
    await writeFile(hba, `local all all password\n${README}\n`);
    await utimes(hba, new Date(0), new Date(0));
    await reload();
    const mark = await cluster.log.mark();
    const { faults } = await host.examine({ hba, env: { PGPASSWORD: 'Zq7secret' } });
    expect(faults).toContainEqual(
      expect.objectContaining({
        fault: 'database-unasked',
        message: 'not asked about its rules and roles: it asks for a password',
      }),
    );
    expect(await cluster.log.since(mark)).not.toContain('password authentication failed');
  });
});

describe('what it says of a line is what comes of it:', () => {
  it('clientcert without an authority refuses everybody', async () => {
    await writeRules(`hostssl all all 127.0.0.1/32 ${PAM} clientcert=verify-full`);
    expect(await faultsOf()).toEqual([
      fault(
        'failure',
        'hba-client-certificate',
        `${hba}:2`,
        'clientcert=verify-full, and ssl_ca_file is not set: PostgreSQL refuses every login by this line',
        "Name the authority that signs the clients' certificates:\n  ALTER SYSTEM SET ssl_ca_file = '/path/to/ca.pem';\n  SELECT pg_reload_conf();",
      ),
    ]);
    const { status, stderr } = await run(
      join(cluster.binFolder, 'psql'),
      ['-X', '-w', '-c', 'select 1', `host=127.0.0.1 port=${cluster.port} sslmode=require`],
      { env: { PGUSER: ROLE, PGDATABASE: 'postgres', PGPASSWORD: await host.issuer.mint() } },
    );
    expect(status).toBe(2);
    expect(stderr).toContain(
      'FATAL:  client certificates can only be checked if a root certificate store is available',
    );
  });

  it("a pam line above the superuser's locks it out", async () => {
    await writeFile(hba, `local all all ${PAM}\nlocal all postgres peer map=tester\n${README}\n`);
    await utimes(hba, new Date(0), new Date(0));
    await reload();
    expect(await faultsOf()).toEqual([
      fault(
        'failure',
        'hba-superuser',
        `${hba}:1`,
        'takes the connections of superuser "postgres" over the unix socket, which line 2 (local, peer) below it is for: while no token lets it in, nobody can administer this server',
        'Write above this line:\n  local all postgres peer',
      ),
      expect.objectContaining({ fault: 'hba-ipv6' }),
      expect.objectContaining({ fault: 'database-unasked' }),
    ]);
    const login = { role: 'postgres', password: await host.issuer.mint(), over: 'socket' } as const;
    expect((await cluster.psql(login)).stderr).toContain(
      'FATAL:  PAM authentication failed for user "postgres"',
    );
  });

  it('a line that it calls unusable is one that PostgreSQL cannot use', async () => {
    await writeFile(
      hba,
      ['local all postgres peer map=tester', README, ...LINES].map((line) => `${line}\n`).join(''),
    );
    const { findings } = await host.examine({ hba });
    const own = findings.flatMap(({ fault: name, subject }) =>
      name === 'hba-option' || name === 'hba-syntax' ? [Number(subject.split(':').at(-1))] : [],
    );
    const answer = await cluster.sql(
      // Where it says the reason in its log alone, the row is empty.
      'select line_number from pg_hba_file_rules where error is not null or type is null order by 1',
    );
    const textOf = (line: number): string | undefined => LINES[line - 3];
    expect([...new Set(own)].toSorted((a, b) => a - b).map(textOf)).toEqual(
      answer.split('\n').map(Number).map(textOf),
    );
    const rejected = findings.filter((one) => one.fault === 'hba-rejected');
    expect(rejected).toHaveLength(answer.split('\n').length);
    expect(rejected.length).toBeGreaterThan(15);
  });
});

/** Beside each that PostgreSQL takes, one that it does not. */
const LINES = [
  'local all all pam clientcert=verify-ca',
  'host all all all pam clientcert=verify-ca',
  'hostssl all all all pam clientcert=verify-ca',
  'hostssl all all all pam clientcert=1',
  'hostssl all all all cert clientname=DN',
  'hostssl all all all pam clientname=XX',
  'host all all all pam clientname=CN',
  'host all all all trust clientcert=verify-ca',
  'hostssl all all all pam map=x',
  'hostssl all all all cert map=x',
  'host all all all peer',
  'local all all peer map=x',
  'host all all all ident map=x',
  'host all all all scram-sha-256 map=x',
  'host all all all gss krb_realm=x include_realm=1 map=y',
  'host all all all scram-sha-256 krb_realm=x',
  'host all all all pam krb_realm=x',
  'host all all all gss compat_realm=1',
  'host all all all pam pamservise=x',
  'host all all all pam pamservice=x pam_use_hostname=1',
  'host all all all pam pamservice=',
  'host all all all pam pamservice',
  'host all all all scram-sha-256 pamservice=x',
  'host all all all ldap ldapserver=x ldapprefix=a ldaptls=1 ldapscheme=ldaps ldapport=3',
  'host all all all ldap ldapserver=x ldapbasedn=a ldapsearchfilter=d',
  'host all all all radius radiusservers=1.2.3.4 radiussecrets=x radiusports=1812 radiusidentifiers=a',
  'host all all all scram-sha-265',
  'host all all all trust foo=bar',
  'host all all all reject foo=bar',
  'hostgssenc all all all pam',
  'host all all all cert',
  'local all all gss',
  'host all all all PAM',
  'HOST all all all pam',
  'host all all all "pam"',
  'host all all ALL pam',
  'host all all all pam "pamservice=x y"',
  'host all all all pam pamservice=x pamservice=y',
];
