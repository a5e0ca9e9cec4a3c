// `pgtoken pooler` when things go wrong with its process and its PgBouncer. PostgreSQL lets everybody in here: what a token is
// worth is for other tests.
import { chmod, mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { poll } from '../support/poll.ts';
import { type PostgresCluster, startPostgresCluster } from '../support/postgres-cluster.ts';
import {
  askThrough,
  createPoolerHost,
  type PoolerHost,
  type PoolerLine,
  type PoolerProcess,
  type StartPoolerOptions,
} from '../support/start-pooler.ts';
import { stageInstallation, type StagedInstallation } from '../support/stage-installation.ts';
import { writeSecret } from '../support/write-secret.ts';
import { makeToken } from '../client/make-token.ts';

const stack = new AsyncDisposableStack();
let host: PoolerHost;
let cluster: PostgresCluster;
let installation: StagedInstallation;

beforeAll(async () => {
  installation = stack.use(await stageInstallation('pooler'));
  host = stack.use(await createPoolerHost());
  const authority = stack.use(await createCertificateAuthority());
  const other = stack.use(await createCertificateAuthority());
  const { cert, key } = await authority.issue(['IP:127.0.0.1']);
  await writeFile(host.inside('ca.crt'), authority.certificate);
  await writeFile(host.inside('other-ca.crt'), other.certificate);
  await writeFile(host.inside('server.crt'), cert);
  await writeSecret(host.inside('server.key'), key);
  cluster = stack.use(
    await startPostgresCluster({
      hba: ['host all all 127.0.0.0/8 trust'],
      pamServices: {},
      setup: ['create role app login'],
      settings: {
        listen_addresses: '127.0.0.1,127.0.0.2',
        ssl: 'on',
        ssl_cert_file: host.inside('server.crt'),
        ssl_key_file: host.inside('server.key'),
      },
    }),
  );
}, 300_000);

afterAll(async () => {
  await stack.disposeAsync();
});

const now = (): number => Math.floor(Date.now() / 1000);
async function publish(name: string, life = 3600): Promise<string> {
  const file = host.inside(name);
  await writeFile(`${file}.new`, makeToken({ iat: now(), exp: now() + life }));
  await rename(`${file}.new`, file);
  return file;
}

const tenant = (file: string, more = '', alias = 'app'): string =>
  `- {alias: ${alias}, host: 127.0.0.1, port: ${cluster.port}, database: postgres, role: app, token: {file: ${file}}${more}}\n`;
const yamlOf = (...tenants: readonly string[]): string =>
  `tls: {mode: disable}\ndrain: 3s\ntenants:\n${tenants.join('')}`;

async function start(yaml: string, more: Partial<StartPoolerOptions> = {}): Promise<PoolerProcess> {
  return host.start({ command: installation.command, yaml, ...more });
}
const ask = async (pooler: PoolerProcess, alias = 'app') => askThrough(pooler, alias, 'app');
/** For a session that is held open; not connected yet. */
const newClient = ({ folder, port }: PoolerProcess): Client =>
  new Client({ host: folder, port, database: 'app', user: 'app' });

const isDown = ({ msg }: PoolerLine): boolean => msg === 'PgBouncer does not run';

describe('PgBouncer', () => {
  it('that is killed is started again, with the tokens', async () => {
    const pooler = await start(yamlOf(tenant(await publish('killed'))));
    await pooler.waitForLine('ready');
    const { pgbouncer } = await pooler.status();
    process.kill(pgbouncer.pid!, 'SIGKILL');
    expect(await pooler.waitForLine('PgBouncer does not run')).toMatchObject({
      level: 'error',
      reason: 'it was ended by SIGKILL',
    });
    await poll('an answer', async () => ask(pooler).catch(() => undefined));
    await pooler.waitForLine('PgBouncer is up', 1 + pooler.lines().findIndex(isDown));
    expect((await pooler.status()).pgbouncer).toMatchObject({ up: true, restarts: 1 });
    expect(await pooler.stop()).toBe(0);
  });

  it('that hangs is reported, and goes on when it does', async () => {
    const pooler = await start(yamlOf(tenant(await publish('hung'))));
    await pooler.waitForLine('ready');
    const { pgbouncer } = await pooler.status();
    process.kill(pgbouncer.pid!, 'SIGSTOP');
    expect(await pooler.waitForLine('PgBouncer does not answer')).toMatchObject({
      level: 'error',
      reason: 'no answer within 3 s',
    });
    expect((await pooler.get('/readyz')).status).toBe(503);
    process.kill(pgbouncer.pid!, 'SIGCONT');
    await pooler.waitForLine('PgBouncer answers again');
    expect((await pooler.status()).pgbouncer).toMatchObject({ pid: pgbouncer.pid, restarts: 0 });
    expect(await ask(pooler)).toBe('app');
    expect(await pooler.stop()).toBe(0);
  });

  it('that finds its port taken says so, and comes up when it is free', async () => {
    const port = await findFreePort();
    const other = createServer((socket) => socket.destroy());
    await listenOnLoopback(other, port);
    const yaml = yamlOf(tenant(await publish('taken')));
    const pooler = await start(yaml, { port, address: '127.0.0.1' });
    const line = await pooler.waitForLine('PgBouncer does not run');
    expect(line['reason']).toMatch(/in use/);
    other.close();
    await pooler.waitForLine('ready');
    expect(await pooler.stop()).toBe(0);
  });

  it.each([
    ['echo PgBouncer 1.25.1', 'it is version 1.25.1; expected 1.25.2 or newer'],
    ['exit 3', 'it ended with status 3'],
  ])('that answers --version by "%s" is refused', async (script, reason) => {
    const program = host.inside('other');
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    const pooler = await start(yamlOf(tenant(await publish('old'))), { program });
    expect(await pooler.ended).toBe(1);
    expect(pooler.output()).toContain(`pgtoken: ${program}: ${reason}\nHINT: `);
  });

  it('that a killed pooler has left behind is ended by the next one', async () => {
    const yaml = yamlOf(tenant(await publish('orphan')));
    const first = await start(yaml);
    await first.waitForLine('ready');
    const { pid } = (await first.status()).pgbouncer;
    first.signal('SIGKILL');
    await first.ended;
    const second = await start(yaml, { folder: first.folder, port: first.port });
    expect(
      await second.waitForLine(
        'a PgBouncer was ended that a pooler before this one has left behind',
      ),
    ).toMatchObject({ level: 'warn', pid });
    await second.waitForLine('ready');
    expect(await ask(second)).toBe('app');
    expect(await second.stop()).toBe(0);
  });
});

describe('a folder', () => {
  it('has files that nobody else reads, and is for one pooler', async () => {
    const yaml = yamlOf(tenant(await publish('folder')));
    const pooler = await start(yaml);
    await pooler.waitForLine('ready');
    expect((await stat(pooler.folder)).mode & 0o777).toBe(0o700);
    for (const name of ['pgbouncer.ini', 'userlist.txt', 'hba.conf']) {
      expect([name, (await stat(`${pooler.folder}/${name}`)).mode & 0o777]).toEqual([name, 0o600]);
    }
    const second = await start(yaml, { folder: pooler.folder });
    expect(await second.ended).toBe(1);
    expect(second.output()).toBe(
      `pgtoken: ${pooler.folder}: another pgtoken pooler runs on it\nHINT: Each needs a folder of its own.\n`,
    );
    expect(await ask(pooler)).toBe('app');
    expect(await pooler.stop()).toBe(0);
  });

  it('that others may enter, or that is somebody else’s, is refused', async () => {
    const yaml = yamlOf(tenant(await publish('open')));
    const folder = await host.makeFolder('open-folder');
    const open = await start(yaml, { folder });
    expect(await open.ended).toBe(1);
    expect(open.output()).toContain('it has mode 0755; expected 0700, as tokens are in it');
    const none = await start(yaml, { folder: '/proc/none' });
    expect(await none.ended).toBe(1);
    expect(none.output()).toContain('pgtoken: /proc/none: user ID');
  });
});

describe('the console', () => {
  it('is for the own user alone, and by no role', async () => {
    const pooler = await start(yamlOf(tenant(await publish('console'))));
    await pooler.waitForLine('ready');
    for (const [database, user, refusal] of [
      ['pgbouncer', 'app', 'not allowed'],
      ['pgbouncer', 'postgres', 'no authentication method is found'],
      ['app', 'pgbouncer', 'no authentication method is found'],
      ['app', 'postgres', 'no authentication method is found'],
      ['postgres', 'app', 'no authentication method is found'],
    ] as const) {
      await expect(askThrough(pooler, database, user), `${database} ${user}`).rejects.toThrow(
        refusal,
      );
    }
    // Root may enter the folder, and is not its user.
    const shown = await askThrough(pooler, 'pgbouncer', 'pgbouncer', 'show version').then(
      () => 'let in',
      (error: unknown) => String(error),
    );
    expect(shown).toBe(
      process.geteuid?.() === 0 ? 'error: no authentication method is found' : 'let in',
    );
    expect(await pooler.stop()).toBe(0);
  });
});

describe('TLS to the server', () => {
  const yamlWith = (file: string, tls: string, name: string): string =>
    `${tls}drain: 1s\ntenants:\n${tenant(file).replace('127.0.0.1', name)}`;

  it('is verified, by the authority and by the name', async () => {
    const ca = `tls: {caFile: ${host.inside('ca.crt')}}\n`;
    const pooler = await start(yamlWith(await publish('tls'), ca, '127.0.0.1'));
    await pooler.waitForLine('ready');
    const sql = 'select ssl as answer from pg_stat_ssl where pid = pg_backend_pid()';
    expect(await askThrough(pooler, 'app', 'app', sql)).toBe(true);
    expect(await pooler.stop()).toBe(0);
  });

  it.each([
    ['other-ca.crt', '127.0.0.1', /certificate verify failed/],
    ['ca.crt', '127.0.0.2', /name .* not present in server certificate|verif/],
  ])('is not made with %s to %s, and no token is sent', async (ca, name, message) => {
    const tls = `tls: {caFile: ${host.inside(ca)}}\n`;
    const pooler = await start(yamlWith(await publish('no-tls'), tls, name));
    await pooler.waitForLine('ready');
    const mark = await cluster.log.mark();
    const asked = ask(pooler).then(
      () => 'answered',
      () => 'refused',
    );
    const said = await poll('what PgBouncer says', () =>
      pooler.lines().find(({ line }) => message.test(String(line))),
    );
    expect(said.msg).toBe('PgBouncer said');
    expect(await pooler.stop()).toBe(0);
    expect(await asked).toBe('refused');
    expect(await cluster.log.since(mark)).not.toMatch(/FATAL.*(?:password|role)/);
  });

  it('needs its authorities: without their file nothing starts', async () => {
    const tls = `tls: {caFile: ${host.inside('none.crt')}}\n`;
    const pooler = await start(yamlWith(await publish('no-ca'), tls, '127.0.0.1'));
    expect(await pooler.ended).toBe(1);
    expect(pooler.output()).toMatch(/none\.crt: user ID \d+ cannot use it \(ENOENT\)\nHINT: /);
  });
});

describe('a tenant', () => {
  it('without a token at the start is refused, and let in when its token comes late; half a token is none', async () => {
    const good = await publish('good');
    const late = host.inside('late');
    const pooler = await start(yamlOf(tenant(good), tenant(late, '', 'late-one.x')));
    await pooler.waitForLine('a tenant has no token, and its clients are refused');
    expect(await ask(pooler)).toBe('app');
    await expect(ask(pooler, 'late-one.x')).rejects.toThrow('database "late-one.x" is disabled');
    const token = makeToken({ iat: now(), exp: now() + 3600 });
    for (const [text, fault] of [
      ['', /^it is empty/],
      [token.slice(0, token.lastIndexOf('.') + 9), /signature|not a JWT/],
    ] as const) {
      await writeFile(late, text);
      await poll(`a word on it: ${fault}`, async () => {
        const { tenants } = await pooler.status();
        return fault.test(String(tenants[1]?.['fault'])) ? true : undefined;
      });
      await expect(ask(pooler, 'late-one.x')).rejects.toThrow('database "late-one.x" is disabled');
    }
    await rm(late);
    await mkdir(late);
    await poll('a word on the folder', async () => {
      const { tenants } = await pooler.status();
      return String(tenants[1]?.['fault']).startsWith('it is a folder') ? true : undefined;
    });
    await rmdir(late);
    await publish('late');
    await poll('a login', async () => ask(pooler, 'late-one.x').catch(() => undefined));
    await pooler.waitForLine('ready');
    expect(await pooler.stop()).toBe(0);
    expect(pooler.output()).not.toContain('eyJ');
  });

  it('keeps sessions that are open when its token has expired, and PgBouncer has none then', async () => {
    const file = await publish('short', 6);
    const pooler = await start(yamlOf(tenant(file)));
    await pooler.waitForLine('ready');
    const client = newClient(pooler);
    await client.connect();
    await client.query('begin');
    await pooler.waitForLine('a tenant has no token, and its clients are refused');
    expect(await readFile(`${pooler.folder}/pgbouncer.ini`, 'utf8')).not.toContain('password');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.query('commit');
    await client.end();
    await expect(ask(pooler)).rejects.toThrow('database "app" is disabled');
    expect(await pooler.stop()).toBe(0);
  });

  it('goes on with the token from before when the file of PgBouncer cannot be replaced, which is told', async () => {
    const pooler = await start(yamlOf(tenant(await publish('unwritten'))));
    await pooler.waitForLine('ready');
    const ini = `${pooler.folder}/pgbouncer.ini`;
    const kept = await readFile(ini, 'utf8');
    await rm(ini);
    await mkdir(ini);
    await publish('unwritten', 3000);
    const told = await pooler.waitForLine('tokens cannot be put in force, and are tried again');
    expect(told.level).toBe('error');
    expect(told['reason']).toMatch(/^pgbouncer\.ini: /);
    expect(await ask(pooler)).toBe('app');
    await rmdir(ini);
    await poll('a reload', async () => {
      const { pgbouncer } = await pooler.status();
      return pgbouncer['reloads'] === 1 ? true : undefined;
    });
    expect(await readFile(ini, 'utf8')).not.toBe(kept);
    expect(await pooler.stop()).toBe(0);
  });
});

it('goes on when a server is back that was away while tokens expired, with the newest one', async () => {
  const port = await findFreePort();
  // One that lasts until it is ready, however long that takes here.
  const file = await publish('away');
  const pooler = await start(
    yamlOf(tenant(file).replace(`port: ${cluster.port}`, `port: ${port}`)),
  );
  await pooler.waitForLine('ready');
  await publish('away', 6);
  const waiting = ask(pooler);
  // The first of these is over when the server is back.
  for (const _ of [1, 2, 3]) {
    await delay(2500);
    await publish('away', 6);
  }
  await publish('away');
  const back = createServer((client) => {
    const backend = createConnection(cluster.port, '127.0.0.1');
    for (const socket of [client, backend]) socket.on('error', () => undefined);
    client.pipe(backend).pipe(client);
  });
  await listenOnLoopback(back, port);
  expect(await waiting).toBe('app');
  expect((await pooler.status()).tenants[0]).toMatchObject({ ready: true });
  expect(await pooler.stop()).toBe(0);
  back.close();
  expect(pooler.output()).not.toContain('eyJ');
});

describe('SIGTERM', () => {
  it('lets a transaction end, takes no new clients, and ends when the last client has', async () => {
    const pooler = await start(yamlOf(tenant(await publish('drained'))));
    await pooler.waitForLine('ready');
    const client = newClient(pooler);
    await client.connect();
    await client.query('begin');
    pooler.signal('SIGTERM');
    await pooler.waitForLine('stopping; new clients are refused');
    await poll('a refusal', async () =>
      ask(pooler).then(
        () => undefined,
        () => true,
      ),
    );
    pooler.signal('SIGTERM');
    await delay(300);
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.query('commit');
    await client.end();
    expect(await pooler.ended).toBe(0);
    expect(pooler.output()).not.toContain('clients are still connected');
  });

  it('disconnects who is still there when the time is over', async () => {
    const pooler = await start(yamlOf(tenant(await publish('stayed'))));
    await pooler.waitForLine('ready');
    const client = newClient(pooler);
    const lost = Promise.withResolvers<undefined>();
    client.on('error', () => {
      lost.resolve(undefined);
    });
    await client.connect();
    expect(await pooler.stop()).toBe(0);
    await lost.promise;
    expect(pooler.output()).toContain('clients are still connected, and are disconnected');
    await client.end().catch(() => undefined);
  });
});
