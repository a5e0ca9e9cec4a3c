// PostgreSQL 18 or newer in a root folder without systemd: the daemon and the PAM module as they are installed, and the OAuth validator, with two issuers in one issuers.yaml. Tests are clients from outside, over TLS and over its unix socket.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import * as z from 'zod';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import {
  logInWithOAuth,
  type OAuthClient,
  type OAuthClientOptions,
} from '../../support/log-in-with-oauth.ts';
import { poll } from '../../support/poll.ts';
import { signToken } from '../../support/sign-token.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { makeRoot, type RootFolder } from './root-folder.ts';
import { type Program, startProgram } from './start-program.ts';

/** What apt needs no network for, and what the package pgtoken depends on. */
const PACKAGES = [
  'ca-certificates',
  'libatomic1',
  'libpam0g',
  'libstdc++6',
  'systemd-standalone-sysusers',
];
/** Where it is in the root folder. */
export const SOCKET = '/run/pgtoken/pgtoken.sock';

export const ISSUERS = {
  cluster: 'https://k8s-oidc.example.com',
  people: 'https://login.example.com',
} as const;
type IssuerName = keyof typeof ISSUERS;
/** What the lines of pg_hba.conf tell clients. */
const OAUTH = `oauth issuer="${ISSUERS.cluster}" scope="openid"`;

/** A line of pg_hba.conf for each way to log in, chosen by the name of the database. */
const HBA = `
local   all     postgres              peer map=admin
local   all     pgtoken               peer
local   all     all                   ${OAUTH} delegate_ident_mapping=1
hostssl mapped  all      127.0.0.1/32 ${OAUTH} map=subjects
hostssl exact   all      127.0.0.1/32 ${OAUTH}
hostssl bypam   all      127.0.0.1/32 pam pamservice=postgresql-k8s
host    all     all      127.0.0.1/32 ${OAUTH} delegate_ident_mapping=1
`;
const DATABASES = ['mapped', 'exact', 'bypam'];
const IDENT = `
admin     root                                  postgres
subjects  system:serviceaccount:foo:myservice   foo:myservice
`;
export const ROLES = ['foo:myservice', 'foo:other', 'alice', 'system:serviceaccount:foo:same'];

export interface OAuthHost extends AsyncDisposable {
  readonly root: RootFolder;
  readonly port: number;
  /** The authority of the server's certificate, PEM. */
  readonly authority: string;
  /** A token of an issuer, with claims over the usual ones. */
  readonly mint: (issuer?: IssuerName, claims?: Readonly<Record<string, unknown>>) => string;
  /** Logs in over TLS, unless the options say otherwise. */
  readonly login: (token: string, options?: Partial<OAuthClientOptions>) => Promise<OAuthClient>;
  /** Logs in over PAM, with psql, and asks who it is. */
  readonly loginByPAM: (role: string, token: string) => Promise<{ stdout: string; stderr: string }>;
  /** Asks as superuser. @returns the first column */
  readonly sql: (text: string) => Promise<string[]>;
  /** Sets settings of pgtoken_validator, reloads and waits until they are in force. */
  readonly set: (settings: Readonly<Record<string, string>>) => Promise<void>;
  /** PostgreSQL's log from a moment on, which is now: what has come since then. */
  readonly markLog: () => Promise<() => Promise<string>>;
  /** PostgreSQL's log so far. */
  readonly serverLog: () => string;
  /** Shuts PostgreSQL down in mode fast, and starts it again. */
  readonly restart: () => Promise<void>;
  /** Lines of the daemon's log so far. */
  readonly daemonLog: () => readonly Readonly<Record<string, unknown>>[];
  /** Starts it, with the usual issuers.yaml unless another is named. */
  readonly startDaemon: (options?: DaemonOptions) => Promise<void>;
  readonly stopDaemon: () => Promise<void>;
  /** The postmaster and the daemon, as the host sees them. */
  readonly processes: () => { readonly server: number; readonly daemon: number };
}

/** How the daemon is started. */
export interface DaemonOptions {
  /** Another issuers.yaml, where it is in the root folder. */
  readonly config?: string;
  /** What stands before the command. */
  readonly wrapper?: readonly string[];
}

/** What the host is made of. */
export interface OAuthHostOptions {
  /** The major version of PostgreSQL. */
  readonly version: string;
  /** The .deb file of pgtoken, and that of the validator unless `install` brings it. */
  readonly packages: readonly string[];
  /** What forky has of it. Default: postgresql-VERSION. */
  readonly fromForky?: readonly string[];
  /** Installs what forky does not have, once the packages are there. */
  readonly install?: (root: RootFolder) => Promise<unknown>;
  /** Lines of pg_hba.conf before the others, and their databases. */
  readonly hba?: string;
  readonly databases?: readonly string[];
  /** What stands before the server's command, such as `env` with variables. */
  readonly serverWrapper?: readonly string[];
  /** Milliseconds that the server may take to start. Default: a minute. */
  readonly readyWithin?: number;
}

/** Starts it; the caller ends it. */
export async function startOAuthHost(made: OAuthHostOptions): Promise<OAuthHost> {
  const { version, packages, fromForky = [`postgresql-${version}`], install, hba = '' } = made;
  /** Its configuration, in the root folder. */
  const folder = `/etc/postgresql/${version}/main`;
  await using stack = new AsyncDisposableStack();
  const ca = stack.use(await createCertificateAuthority());
  const root = stack.use(await makeRoot('forky', [...PACKAGES, ...fromForky].toSorted()));
  const inside = (path: string): string => join(root.path, path);
  await root.put('/srv', ...packages);
  await root.sh('apt-get -q install -y --no-install-recommends /srv/*.deb');
  await install?.(root);

  const port = await findFreePort();
  const { key, cert } = await ca.issue();
  await writeFile(inside(`${folder}/server.key`), key);
  await writeFile(inside(`${folder}/server.crt`), cert);
  await writeFile(inside(`${folder}/root.crt`), ca.certificate);
  await writeFile(inside(`${folder}/pg_hba.conf`), `${hba}${HBA}`);
  await writeFile(inside(`${folder}/pg_ident.conf`), IDENT);
  const settingsFile = inside(`${folder}/conf.d/test.conf`);
  const base = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    ssl_cert_file: `${folder}/server.crt`,
    ssl_key_file: `${folder}/server.key`,
    oauth_validator_libraries: 'pgtoken_validator',
    log_min_messages: 'debug1',
    log_line_prefix: '[%p] ',
  };
  const writeSettings = async (settings: Readonly<Record<string, string>>): Promise<void> =>
    writeFile(
      settingsFile,
      Object.entries({ ...base, ...settings })
        .map(([name, value]) => `${name} = '${value}'\n`)
        .join(''),
    );
  await writeSettings({});
  await root.sh(`chown -R postgres:postgres ${folder}; chmod 0600 ${folder}/server.key
    cp /usr/share/pgtoken/pam.d/postgresql-k8s /etc/pam.d/
    install -d -o pgtoken -g postgres -m 0755 /run/pgtoken /var/cache/pgtoken
    install -d -o pgtoken -g pgtoken -m 0700 /run/pgtoken-daemon
    install -d -o postgres -g postgres -m 2775 /run/postgresql`);

  const keys = {
    cluster: await createSigningKey('ES256', 'cluster-key-1'),
    people: await createSigningKey('RS256', 'people-key-1'),
  };
  for (const [name, { publicJWK }] of Object.entries(keys)) {
    await writeFile(inside(`/etc/pgtoken/${name}.jwks`), JSON.stringify({ keys: [publicJWK] }));
  }
  const entry = (name: IssuerName): Readonly<Record<string, unknown>> => ({
    name,
    issuer: { url: ISSUERS[name], audiences: ['postgres'] },
    keys: { jwksFile: `${name}.jwks` },
    sessions: { end: ['expired'], grace: '0s', atLeast: '0s' },
  });
  await writeFile(
    inside('/etc/pgtoken/issuers.yaml'),
    writeIssuersYAML(
      [
        {
          ...entry('cluster'),
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }, { claim: 'sub' }],
        },
        { ...entry('people'), roles: [{ claim: 'email', trimSuffix: '@example.com' }] },
      ],
      { servers: [{ name: 'main', connection: `host=/run/postgresql port=${port} user=pgtoken` }] },
    ),
  );

  const start = (script: string): Program => startProgram(root.path, script);
  const servers: Program[] = [];
  const startServer = (): void => {
    servers.push(
      start(
        `exec setpriv --pdeathsig=KILL --reuid=postgres --regid=postgres --init-groups ${(made.serverWrapper ?? []).join(' ')} /usr/lib/postgresql/${version}/bin/postgres \
          -D /var/lib/postgresql/${version}/main -c config_file=${folder}/postgresql.conf`,
      ),
    );
  };
  stack.defer(async () => servers.at(-1)?.kill());
  startServer();
  const log = (): string => servers.map(({ output }) => output()).join('');
  const sql = async (text: string): Promise<string[]> => {
    const client = new Client({ host: inside('run/postgresql'), port, user: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      return rows.map(([first]) => String(first));
    } finally {
      await client.end();
    }
  };
  const untilReady = async (): Promise<unknown> =>
    poll(
      'the server',
      async () => sql('select 1').catch(() => undefined),
      made.readyWithin ?? 60_000,
    );
  await untilReady();
  for (const role of ROLES) await sql(`create role "${role}" login`);
  for (const database of [...DATABASES, ...(made.databases ?? [])])
    await sql(`create database ${database}`);
  await sql(await root.sh('pgtoken database sql'));

  let daemon: Program | undefined;
  const startDaemon = async ({ config, wrapper = [] }: DaemonOptions = {}): Promise<void> => {
    daemon = start(
      `export RUNTIME_DIRECTORY=/run/pgtoken-daemon
      exec setpriv --pdeathsig=KILL --reuid=pgtoken --regid=postgres --clear-groups ${wrapper.join(' ')} pgtoken serve --group postgres \
        --config ${config ?? '/etc/pgtoken/issuers.yaml'}`,
    );
    const started = daemon;
    await poll('the daemon', () => (started.output().includes('"msg":"ready"') ? true : undefined));
  };
  const stopDaemon = async (): Promise<void> => {
    await daemon?.kill();
    // As systemd does when it removes pgtoken.socket.
    await root.sh(`rm -f ${SOCKET}`);
  };
  stack.defer(async () => daemon?.kill());
  await startDaemon();

  const owned = stack.move();
  return {
    root,
    port,
    authority: ca.certificate,
    mint: (name = 'cluster', claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const subject = name === 'cluster' ? 'system:serviceaccount:foo:myservice' : 'a1b2';
      return signToken(keys[name], {
        iss: ISSUERS[name],
        aud: 'postgres',
        sub: subject,
        ...(name === 'people' ? { email: 'alice@example.com' } : {}),
        iat: now,
        exp: now + 600,
        ...claims,
      });
    },
    login: async (token, options = {}) =>
      logInWithOAuth({
        to: port,
        authority: ca.certificate,
        user: 'foo:myservice',
        token,
        ...options,
      }),
    loginByPAM: async (role, token) => {
      await writeFile(inside('/run/token'), token);
      return root.run(
        `PGPASSWORD=$(cat /run/token) psql -XAt "host=localhost hostaddr=127.0.0.1 port=${port} dbname=bypam \
          user=$(printf '%s' '${role}') sslmode=verify-full sslrootcert=${folder}/root.crt" -c 'select current_user, system_user'`,
      );
    },
    sql,
    set: async (settings) => {
      await writeSettings(settings);
      const mark = log().length;
      await sql('select pg_reload_conf()');
      await poll('a reload', () =>
        log().slice(mark).includes('received SIGHUP, reloading configuration files')
          ? true
          : undefined,
      );
    },
    markLog: async () => {
      const mark = log().length;
      return async () => {
        // What is asked now is logged after all that came before it.
        const id = `mark-${crypto.randomUUID()}`;
        await sql(`do $$ begin raise log '${id}'; end $$`);
        await poll('the log', () => (log().includes(id, mark) ? true : undefined));
        return log()
          .slice(mark)
          .split('\n')
          .filter((line) => !line.includes(id))
          .join('\n');
      };
    },
    daemonLog: () =>
      (daemon?.output() ?? '')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line))),
    serverLog: log,
    restart: async () => {
      const server = servers.at(-1);
      server?.signal('SIGINT');
      await server?.ended;
      startServer();
      await untilReady();
    },
    startDaemon,
    stopDaemon,
    processes: () => ({ server: servers.at(-1)?.pid() ?? 0, daemon: daemon?.pid() ?? 0 }),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
