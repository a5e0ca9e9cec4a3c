// A database host as it ships: a PostgreSQL server whose logins go through the module to a daemon, which runs as a user of
// its own. The daemon is started and ended by the test.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { serverGroup } from './as-server-user.ts';
import { poll } from './poll.ts';
import {
  REPLICATION_HBA,
  startPostgresCluster,
  type PostgresCluster,
  type PostgresClusterOptions,
} from './postgres-cluster.ts';
import { runChecked } from './run-checked.ts';
import { serverRoot } from './server-root.ts';
import { socketActivator } from './socket-activator.ts';
import { stageInstallation, type StagedInstallation } from './stage-installation.ts';
import { startDaemonProcess, type DaemonProcess } from './start-daemon-process.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { writeIssuersYAML } from './write-issuers-yaml.ts';

export interface StartDaemonOptions {
  /** The entries of issuers.yaml; default: those that are there. */
  readonly issuers?: readonly Readonly<Record<string, unknown>>[];
  /** What is beside them in issuers.yaml. */
  readonly top?: Readonly<Record<string, unknown>>;
  /** More options of `pgtoken serve`. */
  readonly args?: readonly string[];
  /** Let a socket activator hold the socket. */
  readonly activated?: boolean;
  /** What stands before the command. */
  readonly wrapper?: readonly string[];
  /** Let no file of the daemon grow, as on a full disk. */
  readonly fullDisk?: boolean;
  /** Do not wait until it is ready. */
  readonly unready?: boolean;
  /** As whoever runs the tests, and not as a user of its own; then the server may not connect. */
  readonly asTester?: boolean;
}

export interface DaemonHost extends AsyncDisposable {
  readonly installation: StagedInstallation;
  readonly cluster: PostgresCluster;
  readonly socket: string;
  /** Where the daemon keeps keys. */
  readonly cacheFolder: string;
  /** Where the daemon keeps what the next one is to know. */
  readonly runtimeFolder: string;
  /** `connection` of this server in issuers.yaml: as the user that the daemon runs as. */
  readonly connection: string;
  /** The same to another of its servers. */
  readonly connectionTo: (cluster: PostgresCluster) => string;
  /** Starts a standby of the server, whose logins go to the daemon as well. The caller stops it. */
  readonly startStandby: () => Promise<{
    readonly cluster: PostgresCluster;
    /** As {@link DaemonHost.connection}, to the standby. */
    readonly connection: string;
  }>;
  /** Starts a daemon and waits until it is ready. The caller stops it. */
  readonly startDaemon: (options?: StartDaemonOptions) => Promise<DaemonProcess>;
  /** Sets the module's time limit in seconds, from the next login on. */
  readonly setModuleTimeout: (seconds?: number) => Promise<void>;
  /** Writes a file beside issuers.yaml; a secret belongs to the daemon's user, and nobody else may read it. */
  readonly writeBeside: (name: string, text: string, isSecret?: boolean) => Promise<void>;
  /** Removes what is in the cache, and gives the folder back to the daemon's user. */
  readonly clearCache: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Stops the server; installation and cluster stay where they are, to be looked into. */
  readonly stopAndKeep: () => Promise<void>;
}

/** The service of all logins. */
export const DAEMON_SERVICE = 'postgresql-k8s';
/** Neither root nor the server's user; the server's group may connect. */
const DAEMON_USER = 'nobody';
/** Seconds: the daemon answers before the module gives up. */
const DEADLINE = 2;
const MODULE_TIMEOUT = 3;

/**
 * @param roles the database roles that exist besides postgres.
 * @param settings more lines of postgresql.conf, by name.
 * @param services other services than {@link DAEMON_SERVICE}, each with the roles whose logins go there.
 * @param checkout whose module and daemon; default: this one's.
 * @param more what else is asked of the server; lines of pg_hba.conf come before those of the services.
 * @param knowsDaemon whether pg_hba.conf has a line by which the daemon comes in (peer); it has one for a standby then, too.
 */
export async function startDaemonHost(
  roles: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  services: Readonly<Record<string, readonly string[]>> = {},
  checkout?: string,
  knowsDaemon = false,
  more: Pick<PostgresClusterOptions, 'ownProcesses' | 'ident'> & {
    /** Lines of pg_hba.conf above those of the services. */
    readonly hba?: readonly string[];
  } = {},
): Promise<DaemonHost> {
  const installation = await stageInstallation(writeIssuersYAML([]), checkout);
  const folder = await createTemporaryFolder('daemon');
  const owner = process.geteuid?.() === 0 ? [`--owner=${DAEMON_USER}`] : [];
  const [run, cacheFolder] = [join(folder.path, 'run'), join(folder.path, 'cache')];
  const runtimeFolder = join(folder.path, 'runtime');
  const user = process.geteuid?.() === 0 ? DAEMON_USER : userInfo().username;
  const socket = join(run, 'pgtoken.sock');
  const clearCache = async (): Promise<void> => {
    await runChecked('rm', ['-rf', cacheFolder]);
    await runChecked('install', ['-d', '-m', '0755', ...owner, cacheFolder]);
  };
  const pamService = (timeout: number): string => {
    const module = `${installation.module} socket=${socket} timeout=${timeout}`;
    return `auth required ${module}\naccount required ${module}\n`;
  };
  const options: PostgresClusterOptions = {
    ...more,
    hba: [
      ...(knowsDaemon ? [`local all ${user} peer`, REPLICATION_HBA] : []),
      ...(more.hba ?? []),
      ...Object.entries(services).flatMap(([name, theirs]) => hbaLines(theirs, name)),
      ...hbaLines(['all'], DAEMON_SERVICE),
    ],
    pamServices: Object.fromEntries(
      [DAEMON_SERVICE, ...Object.keys(services)].map((name) => [name, pamService(MODULE_TIMEOUT)]),
    ),
    settings: { max_connections: '260', ...settings },
  };
  const connectionTo = ({ socketFolder, port }: PostgresCluster): string =>
    `host=${socketFolder} port=${port} user=${user}`;
  let cluster: PostgresCluster;
  try {
    await mkdir(run);
    await chmod(run, 0o755);
    await runChecked('install', ['-d', '-m', '0755', ...owner, run]);
    await runChecked('install', ['-d', '-m', '0700', ...owner, runtimeFolder]);
    await clearCache();
    cluster = await startPostgresCluster({
      ...options,
      setup: roles.map((role) => `create role "${role}" login`),
    });
  } catch (error) {
    await folder.remove();
    await installation.remove();
    throw error;
  }

  const stop = async (): Promise<void> => {
    try {
      await cluster.stop();
    } finally {
      await folder.remove();
      await installation.remove();
    }
  };
  return {
    installation,
    cluster,
    socket,
    cacheFolder,
    runtimeFolder,
    connection: connectionTo(cluster),
    connectionTo,
    startStandby: async () => {
      const standby = await startPostgresCluster({ ...options, standbyOf: cluster });
      return { cluster: standby, connection: connectionTo(standby) };
    },
    clearCache,
    writeBeside: async (name, text, isSecret = false) => {
      // Whole at once, as the daemon watches the folder.
      const [made, path] = [join(folder.path, name), join(installation.folder, 'etc', name)];
      await writeFile(made, text, { mode: 0o600 });
      await runChecked(
        'install',
        isSecret
          ? ['-m', '0600', ...owner, made, `${path}.new`]
          : ['-m', '0644', made, `${path}.new`],
      );
      await runChecked('mv', [`${path}.new`, path]);
    },
    setModuleTimeout: async (seconds = MODULE_TIMEOUT) =>
      cluster.setPAMService(DAEMON_SERVICE, pamService(seconds)),
    startDaemon: async (given = {}) => {
      const { issuers, args = [], activated = false, wrapper = [], fullDisk = false } = given;
      const { unready = false, asTester = false, top } = given;
      if (issuers !== undefined) await installation.writeConfig(writeIssuersYAML(issuers, top));
      if (activated) await runChecked('rm', ['-f', socket]);
      const daemon = startDaemonProcess({
        command: installation.command,
        ...(asTester ? {} : { user: { name: DAEMON_USER, group: serverGroup(serverRoot()) } }),
        wrapper: [
          'env',
          `RUNTIME_DIRECTORY=${runtimeFolder}`,
          ...(activated ? socketActivator(socket) : []),
          ...(fullDisk ? WITH_FULL_DISK : []),
          ...wrapper,
        ],
        args: [
          `--config=${installation.config}`,
          `--socket=${socket}`,
          `--cache-dir=${cacheFolder}`,
          `--deadline=${DEADLINE}s`,
          ...args,
        ],
      });
      if (unready) return daemon;
      await daemon.waitForLine('ready').catch(async (error: unknown) => {
        await daemon.stop();
        throw error;
      });
      return daemon;
    },
    stop,
    stopAndKeep: async () => {
      installation.keep();
      await cluster.stopAndKeep();
      await folder.remove();
    },
    [Symbol.asyncDispose]: stop,
  };
}

function hbaLines(roles: readonly string[], service: string): string[] {
  const names = roles.map((role) => (role === 'all' ? role : `"${role}"`)).join(',');
  return [
    `local all ${names} pam pamservice=${service}`,
    `host all ${names} 127.0.0.1/32 pam pamservice=${service}`,
  ];
}

/** No file may grow from here on, as on a full disk; pipes may. Needs neither root nor a mount of its own. */
const WITH_FULL_DISK: readonly string[] = [
  'sh',
  '-c',
  `trap '' XFSZ; ulimit -f 0; exec "$@"`,
  'sh',
];

/** Waits until the daemon has retrieved keys from each of these issuers, and remembers them. */
export async function untilCached(host: DaemonHost, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await poll(`the keys of ${name} in the cache`, async () =>
      runChecked('test', ['-s', join(host.cacheFolder, `${name}.json`)]).then(
        () => true,
        () => undefined,
      ),
    );
  }
}
