// A throwaway PostgreSQL cluster: the real server, the real libpam, the real psql, in a temporary folder on a free port of the
// loopback interface. Its superuser logs in over the unix socket, by peer authentication, as whoever runs the tests; all
// other logins go by the lines that the caller gives. Its PAM services are files of that folder, and so is its syslog: see
// pam_confdir.c and syslog_to_file.c.
//
// It ends with stop(), and also when the test process dies: see as-server-user.ts and temporary-folder.ts.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, open, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { ownedByServerUser, serverCommand } from './as-server-user.ts';
import { findFreePort } from './find-free-port.ts';
import { findPostgres } from './find-postgres.ts';
import { poll } from './poll.ts';
import { runChecked } from './run-checked.ts';
import { run, type RunResult } from './run.ts';
import { openServerLog, type ServerLog } from './server-log.ts';
import { serverRoot } from './server-root.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface PostgresClusterOptions {
  /** Lines of pg_hba.conf, after the superuser's own. */
  readonly hba: readonly string[];
  /** Lines of pg_ident.conf. */
  readonly ident?: readonly string[];
  /** The files of /etc/pam.d, by name. A service that is not here denies. */
  readonly pamServices: Readonly<Record<string, string>>;
  /** Run as superuser once the server is up, such as `create role`. */
  readonly setup?: readonly string[];
  /** More lines of postgresql.conf, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives it process IDs of its own, as in a container; it then ends as in a crash. Needs user root. */
  readonly ownProcesses?: boolean;
  /** The server that this one is a standby of; it has the line {@link REPLICATION_HBA}. */
  readonly standbyOf?: PostgresCluster;
}

/** The line of pg_hba.conf by which a standby of the same test comes in. */
export const REPLICATION_HBA = 'local replication postgres trust';

export interface Login {
  readonly role: string;
  /** A token or an ordinary password. */
  readonly password: string;
  /** Default: tcp, which is 127.0.0.1 without TLS. */
  readonly over?: 'tcp' | 'socket';
  /** What to ask once logged in. Default: who one is now. */
  readonly sql?: string;
}

export interface PostgresCluster extends AsyncDisposable {
  readonly folder: string;
  /** Of the programs that clients run. */
  readonly binFolder: string;
  readonly socketFolder: string;
  readonly port: number;
  /** What the server's processes are numbered in, as a file of /proc. */
  readonly processNamespace: () => string;
  readonly log: ServerLog;
  /** What the server and the PAM modules in it told syslog: see syslog_to_file.c. */
  readonly syslog: ServerLog;
  /** The environment of a program beside the server that is to have the same PAM services and the same syslog. */
  readonly shimEnvironment: Readonly<Record<string, string>>;
  /** Runs one statement as superuser; the answer is one line a row. Throws when it fails. */
  readonly sql: (statement: string) => Promise<string>;
  /** Logs in with the real psql. */
  readonly psql: (login: Login) => Promise<RunResult>;
  /** Logs in with the pg driver; rejects as it does. The caller ends the client. */
  readonly connect: (login: Login) => Promise<Client>;
  /** Replaces a PAM service; it holds from the next login on. */
  readonly setPAMService: (name: string, text: string) => Promise<void>;
  /** Shuts the server down, as an administrator would, and starts it again on the same port. */
  readonly restart: () => Promise<void>;
  /** Ends the server at once, as a crash would; the folder stays until `stop`. */
  readonly crash: () => Promise<void>;
  /** Shuts the server down and removes the folder. */
  readonly stop: () => Promise<void>;
  /** Shuts the server down and leaves the folder with its log to be looked into. */
  readonly stopAndKeep: () => Promise<void>;
}

const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  shared_buffers: '16MB',
  max_connections: '30',
  listen_addresses: '127.0.0.1',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '[%p] ',
  lc_messages: 'C',
};

// A unix socket's address has 108 bytes, its last a NUL.
const LONGEST_SOCKET_PATH = 107;
const SOCKET_NAME = '.s.PGSQL.65535';

/** Creates the cluster and starts it. */
export async function startPostgresCluster(
  options: PostgresClusterOptions,
): Promise<PostgresCluster> {
  const root = serverRoot();
  const binFolder = findPostgres(root);
  const folder = await createTemporaryFolder('postgres');
  const path = {
    data: join(folder.path, 'data'),
    log: join(folder.path, 'postgresql.log'),
    syslog: join(folder.path, 'syslog'),
    pam: join(folder.path, 'pam.d'),
    socket: join(folder.path, 'socket'),
    shims: join(folder.path, 'shims.so'),
  };
  if (Buffer.byteLength(join(path.socket, SOCKET_NAME)) > LONGEST_SOCKET_PATH) {
    await folder.remove();
    throw new Error(
      `the path of a socket in ${path.socket} is too long: set TMPDIR to a shorter one`,
    );
  }
  await writeFile(path.log, '');
  const log = openServerLog(path.log);
  let server: ChildProcess | undefined;

  const stopServer = async (): Promise<void> => {
    // What unshares takes no notice of the signal of an orderly shutdown.
    const signals = options.ownProcesses === true ? CRASH : SHUTDOWN;
    if (server !== undefined) await endServer(server, signals);
  };
  const stop = async (): Promise<void> => {
    try {
      await stopServer();
    } finally {
      await folder.remove();
    }
  };
  const setPAMService = async (name: string, text: string): Promise<void> => {
    const file = join(path.pam, name);
    await writeFile(file, text);
    await chmod(file, 0o644);
  };

  try {
    const owned = ownedByServerUser(root);
    const install = ['-d', '-m', '0755', ...owned, path.data, path.socket];
    await mkdir(path.pam, { mode: 0o755 });
    await chmod(path.pam, 0o755);
    await Promise.all([
      compileShims(path.shims),
      runChecked('install', install),
      runChecked('install', ['-m', '0644', ...owned, '/dev/null', path.syslog]),
      setPAMService('other', 'auth required pam_deny.so\naccount required pam_deny.so\n'),
      ...Object.entries(options.pamServices).map(async (entry) => setPAMService(...entry)),
    ]);
    await (options.standbyOf === undefined
      ? initialise(binFolder, path.data)
      : copyFrom(options.standbyOf, path.data));
    await configure(path.data, options);

    // Somebody else may take the port before the server does.
    let port = 0;
    for (let tries = 1; ; tries += 1) {
      port = await findFreePort();
      const mark = await log.mark();
      server = await startServer(binFolder, path, port, options.ownProcesses);
      const failure = await waitUntilReady(server, log, mark);
      if (failure === undefined) break;
      if (tries === 3 || !(await log.since(mark)).includes('Address already in use')) throw failure;
    }

    const psql = async (login: Login): Promise<RunResult> =>
      run(join(findPostgres(), 'psql'), ['-X', '-w', '-A', '-t', '-c', login.sql ?? WHO_AM_I], {
        cwd: folder.path,
        env: {
          HOME: folder.path,
          PGHOST: login.over === 'socket' ? path.socket : '127.0.0.1',
          PGPORT: String(port),
          PGUSER: login.role,
          PGDATABASE: 'postgres',
          PGPASSWORD: login.password,
          PGSSLMODE: 'disable',
          PGGSSENCMODE: 'disable',
        },
      });
    const sql = async (statement: string): Promise<string> => {
      const login = { role: 'postgres', password: '', over: 'socket', sql: statement } as const;
      const result = await psql(login);
      if (result.status !== 0) throw new Error(`${statement}: ${result.stderr}`);
      return result.stdout.trimEnd();
    };
    for (const statement of options.setup ?? []) await sql(statement);

    return {
      folder: folder.path,
      binFolder: findPostgres(),
      socketFolder: path.socket,
      port,
      processNamespace: () => `/proc/${server?.pid}/ns/pid_for_children`,
      log,
      syslog: openServerLog(path.syslog),
      shimEnvironment: shimEnvironment(path),
      sql,
      psql,
      connect: async (login) => {
        const client = new Client({
          host: login.over === 'socket' ? path.socket : '127.0.0.1',
          port,
          user: login.role,
          password: login.password,
          database: 'postgres',
          ssl: false,
        });
        await client.connect();
        return client;
      },
      setPAMService,
      restart: async () => {
        await stopServer();
        const mark = await log.mark();
        server = await startServer(binFolder, path, port, options.ownProcesses);
        const failure = await waitUntilReady(server, log, mark);
        if (failure !== undefined) throw failure;
      },
      crash: async () => {
        if (server !== undefined) await endServer(server, CRASH);
      },
      stop,
      stopAndKeep: async () => {
        folder.keep();
        await stopServer();
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const text = await log.since().catch(() => '(it never started)');
    await stop();
    throw new Error(`no PostgreSQL server to test with; its log:\n${text}`, { cause: error });
  }
}

/** Fast shutdown first. */
const SHUTDOWN = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const CRASH = ['SIGQUIT', 'SIGKILL'] as const;
const OWN_PROCESSES = ['--pid', '--fork', '--kill-child=QUIT', '--'];

const WHO_AM_I = 'select current_user';

async function compileShims(output: string): Promise<void> {
  const sources = ['pam_confdir.c', 'syslog_to_file.c'];
  const flags = ['-shared', '-fPIC', '-Wall', '-Werror', '-o', output];
  const paths = sources.map((name) => join(import.meta.dirname, name));
  await runChecked('gcc', [...flags, ...paths, '-lpam']);
  await chmod(output, 0o755); // whatever the umask
}

function shimEnvironment(path: {
  readonly shims: string;
  readonly pam: string;
  readonly syslog: string;
}): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: path.shims,
    PGTOKEN_TEST_PAM_CONFDIR: path.pam,
    PGTOKEN_TEST_SYSLOG: path.syslog,
  };
}

const IN_ROOT_FOLDER = { cwd: '/', env: { LC_ALL: 'C' } };

async function initialise(binFolder: string, data: string): Promise<void> {
  const initdb = [
    `--pgdata=${data}`,
    '--username=postgres',
    '--auth=reject', // replaced below
    '--no-sync',
    '--no-instructions',
    '--locale=C',
    '--encoding=UTF8',
  ];
  const { program, args } = serverCommand(serverRoot(), join(binFolder, 'initdb'), initdb);
  await runChecked(program, args, IN_ROOT_FOLDER);
}

/** Copies a running server, and has the copy follow it. */
async function copyFrom(primary: PostgresCluster, data: string): Promise<void> {
  const { socketFolder, port } = primary;
  const binFolder = findPostgres(serverRoot());
  const backup = [
    '--write-recovery-conf',
    '--wal-method=stream',
    '--checkpoint=fast',
    '--no-sync',
    `--pgdata=${data}`,
    `--host=${socketFolder}`,
    `--port=${port}`,
    '--username=postgres',
  ];
  const { program, args } = serverCommand(serverRoot(), join(binFolder, 'pg_basebackup'), backup);
  await runChecked(program, args, IN_ROOT_FOLDER);
  await runChecked('chmod', ['0700', data]);
}

async function configure(data: string, options: PostgresClusterOptions): Promise<void> {
  const settings = Object.entries({ ...SETTINGS, ...options.settings });
  const files = {
    'postgresql.conf': settings.map(([name, value]) => `${name} = '${value}'`),
    'pg_hba.conf': ['local all postgres peer map=tester', ...options.hba],
    'pg_ident.conf': [`tester "${userInfo().username}" postgres`, ...(options.ident ?? [])],
  };
  // They keep their owner.
  for (const [name, lines] of Object.entries(files)) {
    await writeFile(join(data, name), `${lines.join('\n')}\n`);
  }
}

async function startServer(
  binFolder: string,
  path: {
    readonly data: string;
    readonly log: string;
    readonly syslog: string;
    readonly pam: string;
    readonly socket: string;
    readonly shims: string;
  },
  port: number,
  ownProcesses = false,
): Promise<ChildProcess> {
  const options = ['-D', path.data, '-p', String(port), '-k', path.socket];
  const server = serverCommand(serverRoot(), join(binFolder, 'postgres'), options);
  const { program, args } = ownProcesses
    ? { program: 'unshare', args: [...OWN_PROCESSES, server.program, ...server.args] }
    : server;
  const logFile = await open(path.log, 'a', 0o644);
  try {
    return spawn(program, args, {
      cwd: '/',
      env: {
        PATH: process.env['PATH'],
        LC_ALL: 'C',
        ...shimEnvironment(path),
      },
      stdio: ['ignore', logFile.fd, logFile.fd],
      detached: true, // Ctrl-C is for the program that owns the cluster
    });
  } finally {
    await logFile.close();
  }
}

/** Returns why the server does not accept connections, or undefined once it does. */
async function waitUntilReady(
  server: ChildProcess,
  log: ServerLog,
  mark: number,
): Promise<Error | undefined> {
  let startError: Error | undefined;
  server.on('error', (error) => (startError = error));
  return poll('a PostgreSQL server that accepts connections', async () => {
    if (startError !== undefined) return { failure: startError };
    if (hasEnded(server)) return { failure: new Error(`it ended with status ${server.exitCode}`) };
    const ready = (await log.since(mark)).includes('database system is ready to accept');
    return ready ? { failure: undefined } : undefined;
  }).then(
    ({ failure }) => failure,
    (error: unknown) => new Error('it does not get ready', { cause: error }),
  );
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

/** One signal after the other: a server that does not end of the first is ended harder. */
async function endServer(server: ChildProcess, signals: readonly NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    if (hasEnded(server)) return;
    server.kill(signal);
    await poll(
      'the end of the PostgreSQL server',
      () => hasEnded(server) || undefined,
      10_000,
    ).catch(() => undefined);
  }
  if (!hasEnded(server)) throw new Error(`postgres ${server.pid} survives SIGKILL`);
}
