// psql logs in through a pooler, with tokens as long as they come.
import { chmod, cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { ownedByServerUser } from '../../support/as-server-user.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { poll } from '../../support/poll.ts';
import { runChecked } from '../../support/run-checked.ts';
import { run, type RunResult } from '../../support/run.ts';
import { DAEMON_SERVICE } from '../../support/start-daemon-host.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { startProcess } from '../machine/start-process.ts';
import { POOLERS } from './poolers.ts';

const ROLE = 'foo:myservice';

const peer = inject('peer');
const pooler = POOLERS.find(
  ({ name, suite }) => name === peer.what && peer.origin.includes(` ${suite},`),
)!;
const { service, longest } = pooler;
/** A token of Kubernetes, and those of people with some and with many groups. */
const lengths = [1000, 1240, 2000, 8000];

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let database: Database;
let port: number;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority));
  database = stack.use(await startDatabase([ROLE, 'foo:other']));
  await database.startDaemon([
    {
      name: 'cluster',
      issuer: {
        url: issuer.url,
        certificateAuthority: issuer.certificateAuthority,
        audiences: ['postgres'],
      },
      roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    },
  ]);
  const { host } = database;
  const module = `${host.installation.module} socket=${host.socket} timeout=3`;
  const text = `auth required ${module}\naccount required ${module}\n`;
  await host.cluster.setPAMService(service, text);
  const place = stack.use(await createTemporaryFolder('pooler'));
  const program = join(place.path, 'program');
  await cp(peer.programs['folder'] ?? '', program, { recursive: true });
  const folder = join(place.path, 'run');
  await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), folder]);
  port = await findFreePort();
  const { files, args } = pooler.configure({
    folder,
    port,
    serverPort: host.cluster.port,
  });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o644);
  }
  const running = stack.use(
    startProcess({
      command: [join(program, 'run'), ...args],
      asServerUser: true,
      env: host.cluster.shimEnvironment,
    }),
  );
  const token = await issuer.mint();
  await running.until('a login through it', async () => (await logIn(ROLE, token)).status === 0);
});
afterAll(async () => {
  await stack.disposeAsync();
});

async function logIn(role: string, password: string): Promise<RunResult> {
  const { cluster } = database.host;
  const psql = ['-X', '-w', '-A', '-t', '-c', 'select current_user'];
  return run(join(cluster.binFolder, 'psql'), psql, {
    env: {
      HOME: cluster.folder,
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: role,
      PGDATABASE: 'postgres',
      PGPASSWORD: password,
      PGSSLMODE: 'disable',
    },
  });
}

async function mintOfLength(bytes: number): Promise<string> {
  const token = await issuer.mint({}, { bytes });
  expect(Math.abs(token.length - bytes)).toBeLessThan(4);
  return token;
}

it('pooler and PostgreSQL both ask, each by its own service', async () => {
  // Connections of the pool are in use already.
  await database.host.cluster.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`,
  );
  const jti = 'asked-by-whom';
  const token = await issuer.mint({ jti });
  expect(await logIn(ROLE, token)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  const seen = () =>
    database
      .daemon()
      .lines()
      .filter((line) => line.msg === 'decision' && line['jti'] === jti)
      .map((line) => line['service']);
  await poll('the decisions', () => (seen().length >= 2 ? true : undefined));
  expect(seen()).toEqual([service, DAEMON_SERVICE]);
});

it.each(lengths.filter((bytes) => bytes <= longest))(
  'a token of %d bytes logs in',
  async (bytes) => {
    const token = await mintOfLength(bytes);
    expect(await logIn(ROLE, token)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  },
);

it.each(lengths.filter((bytes) => bytes > longest))(
  'a token of %d bytes is refused',
  async (bytes) => {
    const answer = await logIn(ROLE, await mintOfLength(bytes));
    expect([answer.status, answer.stdout]).toEqual([2, '']);
  },
);

it('a token for another audience is refused', async () => {
  const answer = await logIn(ROLE, await issuer.mint({ aud: 'vault' }));
  expect([answer.status, answer.stdout]).toEqual([2, '']);
});

it('a token is refused as another role', async () => {
  const answer = await logIn('foo:other', await issuer.mint());
  expect([answer.status, answer.stdout]).toEqual([2, '']);
});
