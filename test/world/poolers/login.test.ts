// psql logs in through a pooler, in each way to set it up, with tokens as long as they come.
import { cp, rename, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { ownedByServerUser } from '../../support/as-server-user.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { startServer } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { runChecked } from '../../support/run-checked.ts';
import { run, type RunResult } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { type StartedProcess, startProcess } from '../machine/start-process.ts';
import { POOLERS } from './poolers.ts';
import { POOLER_MAP, SERVER_SERVICE, type Setup } from './setup.ts';

/** Pgpool-II caches no connection to `postgres`. */
const DATABASE = 'shop';
const PREFIX = 'system:serviceaccount:';
const ROLE = 'foo:myservice';
const SECOND = 'foo:second';
const LAST = 'foo:last';
/** Never gets in. */
const OTHER = 'foo:other';
/** Runs the pooler. */
const SERVER_USER = process.geteuid?.() === 0 ? 'postgres' : userInfo().username;
/** A token of Kubernetes, and those of people with some and with many groups. */
const LENGTHS = [1000, 1240, 2000, 8000];
const roleOf = (bytes: number): string => `foo:of${bytes}`;
const ROLES = [ROLE, SECOND, LAST, OTHER, ...LENGTHS.map(roleOf)];

const peer = inject('peer');
const { setups } = POOLERS.find(
  ({ name, suite }) => name === peer.what && peer.origin.includes(` ${suite},`),
)!;

describe.each(setups.map((setup): [string, Setup] => [setup.what, setup]))('%s:', (_, setup) => {
  const { longest } = setup;

  const stack = new AsyncDisposableStack();
  let issuer: Issuer;
  let database: Database;
  let port: number;
  let pooler: StartedProcess;

  beforeAll(async () => {
    const authority = stack.use(await createCertificateAuthority());
    issuer = stack.use(await createIssuer(authority));
    database = stack.use(
      await startDatabase(ROLES, {
        hba: setup.hba ?? [],
        ident: ROLES.map((name) => `${POOLER_MAP} ${SERVER_USER} "${name}"`),
      }),
    );
    await database.startDaemon([
      {
        name: 'cluster',
        issuer: {
          url: issuer.url,
          certificateAuthority: issuer.certificateAuthority,
          audiences: ['postgres'],
        },
        roles: [{ claim: 'sub', trimPrefix: PREFIX }],
      },
    ]);
    const { cluster, installation, socket } = database.host;
    const module = `${installation.module} socket=${socket} timeout=3`;
    for (const service of setup.asked.filter((name) => name !== SERVER_SERVICE)) {
      await cluster.setPAMService(service, `auth required ${module}\naccount required ${module}\n`);
    }
    await cluster.sql(`create database ${DATABASE}`);
    port = await findFreePort();
    pooler = await startPooler(stack, database, setup, port);
    await pooler.until(
      'an answer of the pooler',
      async () => !(await runPSQL(OTHER, 'no-token')).stderr.includes('Connection refused'),
    );
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  async function runPSQL(name: string, password: string): Promise<RunResult> {
    const { cluster } = database.host;
    const psql = ['-X', '-w', '-A', '-t', '-c', 'select current_user'];
    return run(join(cluster.binFolder, 'psql'), psql, {
      env: {
        HOME: cluster.folder,
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: name,
        PGDATABASE: DATABASE,
        PGPASSWORD: password,
        PGSSLMODE: 'disable',
      },
    });
  }
  /** @returns `granted`, or `refused: ` with what psql says. */
  const logIn = async (name: string, token: string): Promise<string> => {
    const { status, stdout, stderr } = await runPSQL(name, token);
    if (status === 0 && stdout === `${name}\n` && stderr === '') return 'granted';
    if (status === 2 && stdout === '') return `refused: ${stderr}`;
    throw new Error(`psql ended with ${status}: ${stdout}${stderr}\n${pooler.output()}`);
  };
  const mintFor = async (name: string, claims: Readonly<Record<string, unknown>> = {}) =>
    issuer.mint({ sub: `${PREFIX}${name}`, ...claims });

  /** @returns the services by which pgtoken was asked about a token, once there are so many. */
  const askedAbout = async (jti: string, count: number): Promise<readonly unknown[]> => {
    const services = (): readonly unknown[] =>
      database
        .daemon()
        .lines()
        .filter((line) => line.msg === 'decision' && line['jti'] === jti)
        .map((line) => line['service']);
    await poll('the decisions', () => (services().length >= count ? true : undefined));
    return services();
  };

  it(`pgtoken is asked by ${setup.asked.join(' and ')} when a connection is opened`, async () => {
    expect(await logIn(SECOND, await mintFor(SECOND, { jti: 'first' }))).toBe('granted');
    expect(await askedAbout('first', setup.asked.length)).toEqual(setup.asked);
  });

  const { askedAgain } = setup;
  it.each(askedAgain === 'refused' ? [] : [askedAgain.join(' and ')])(
    'pgtoken is asked by %s at the next login of the role',
    async (services) => {
      expect(await logIn(SECOND, await mintFor(SECOND, { jti: 'next' }))).toBe('granted');
      expect((await askedAbout('next', 1)).join(' and ')).toBe(services);
    },
  );

  it.each(askedAgain === 'refused' ? [ROLE] : [])(
    'another token of the role is refused after that, and the first one logs in unasked',
    async (role) => {
      const token = await mintFor(role, { jti: 'kept' });
      expect(await logIn(role, token)).toBe('granted');
      expect(await logIn(role, await mintFor(role, { jti: 'refused' }))).toMatch(/^refused: /);
      expect(await logIn(role, token)).toBe('granted');
      expect(await logIn(LAST, await mintFor(LAST, { jti: 'last' }))).toBe('granted');
      expect(await askedAbout('last', 1)).toEqual(setup.asked);
      expect(await askedAbout('kept', 1)).toEqual(setup.asked);
      expect(await askedAbout('refused', 0)).toEqual([]);
    },
  );

  it.each(LENGTHS.filter((bytes) => bytes <= longest))(
    'a token of %d bytes logs in',
    async (bytes) => {
      expect(await logIn(roleOf(bytes), await mintOfLength(bytes))).toBe('granted');
    },
  );

  it.each(LENGTHS.filter((bytes) => bytes > longest))(
    'a token of %d bytes is refused',
    async (bytes) => {
      expect(await logIn(roleOf(bytes), await mintOfLength(bytes))).toMatch(/^refused: /);
    },
  );

  it('a token for another audience is refused', async () => {
    expect(await logIn(OTHER, await mintFor(OTHER, { aud: 'vault' }))).toMatch(/^refused: /);
  });

  it('a token is refused as another role', async () => {
    expect(await logIn(OTHER, await mintFor(ROLE))).toMatch(/^refused: /);
  });

  async function mintOfLength(bytes: number): Promise<string> {
    const token = await issuer.mint({ sub: `${PREFIX}${roleOf(bytes)}` }, { bytes });
    expect(Math.abs(token.length - bytes)).toBeLessThan(4);
    return token;
  }
});

async function startPooler(
  stack: AsyncDisposableStack,
  database: Database,
  setup: Setup,
  port: number,
): Promise<StartedProcess> {
  const { cluster } = database.host;
  const place = stack.use(await createTemporaryFolder('pooler'));
  const program = join(place.path, 'program');
  await cp(peer.programs['folder'] ?? '', program, { recursive: true });
  const folder = join(place.path, 'run');
  await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), folder]);
  const { files, args } = setup.configure({
    folder,
    port,
    secondPort: await findFreePort(),
    server: {
      port: cluster.port,
      lowPort: await startRelay(stack, cluster.port),
      socketFolder: cluster.socketFolder,
    },
  });
  for (const [name, text] of Object.entries(files)) await writeOwned(join(folder, name), text);
  return stack.use(
    startProcess({
      command: [join(program, 'run'), ...args],
      asServerUser: true,
      env: cluster.shimEnvironment,
    }),
  );
}

/** A file that belongs to whoever runs PostgreSQL and the pooler. */
async function writeOwned(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await runChecked('install', ['-m', '0644', ...ownedByServerUser(), path, `${path}.new`]);
  await rename(`${path}.new`, path);
}

/** Hands on what comes to a port of four digits. @returns that port. */
async function startRelay(stack: AsyncDisposableStack, to: number): Promise<number> {
  for (let port = 7000; port < 10_000; port += 1) {
    const server = createServer((client) => {
      const upstream = connect(to, '127.0.0.1');
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    try {
      stack.use(await startServer(server, port));
      return port;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('EADDRINUSE'))) throw error;
    }
  }
  throw new Error('no port between 7000 and 9999 is free');
}
