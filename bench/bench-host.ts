// The host that is measured: one throwaway PostgreSQL server whose roles log in by different methods, an issuer, and a
// daemon.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asServerUser, ownedByServerUser } from '../test/support/as-server-user.ts';
import { createCertificateAuthority } from '../test/support/certificate-authority.ts';
import { createIssuer } from '../test/support/issuer.ts';
import { poll } from '../test/support/poll.ts';
import { type PostgresCluster, startPostgresCluster } from '../test/support/postgres-cluster.ts';
import { runChecked } from '../test/support/run-checked.ts';
import { type StagedInstallation, stageInstallation } from '../test/support/stage-installation.ts';
import { writeIssuersYAML } from '../test/support/write-issuers-yaml.ts';

/** One way to log in. */
export interface Method {
  readonly name: string;
  /** The role that logs in this way. */
  readonly role: string;
  readonly password: string;
}

/** The names of the methods, in the order in which they are measured. */
export const METHOD_NAMES: readonly string[] = [
  'trust',
  'scram',
  'floor',
  'daemon',
  'daemon-es256',
  'exec',
];

/** The host and what there is to measure on it. */
export interface BenchHost extends AsyncDisposable {
  readonly cluster: PostgresCluster;
  readonly installation: StagedInstallation;
  readonly methods: readonly Method[];
  readonly daemonPID: number;
  /** A token that `pgtoken pam` grants for the role of `exec`. */
  readonly token: string;
}

const PASSWORD = 'correct horse battery staple';

/** Starts everything; `await using` ends it. */
export async function startBenchHost(): Promise<BenchHost> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(await createIssuer(authority, { algorithms: ['RS256', 'ES256'] }));
  const installation = stack.use(
    await stageInstallation(
      writeIssuersYAML([
        {
          name: 'bench',
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
        },
      ]),
    ),
  );
  const token = async (role: string, key: string): Promise<string> =>
    issuer.mint(
      {
        sub: `system:serviceaccount:${role}`,
        exp: Math.floor(Date.now() / 1000) + 12 * 3600,
        'kubernetes.io': {
          namespace: 'bench',
          node: { name: 'node-1', uid: '9a4c1d5e-0f5a-4a0d-9d53-6f1e2d3c4b5a' },
          pod: { name: 'bench-7d9c6b5f4-x2x7k', uid: 'e296d041-e831-4f40-9ff7-e22a83ec8565' },
          serviceaccount: { name: role, uid: '882a191c-76d0-4826-9889-93d7b644736f' },
        },
      },
      { key },
    );

  const folder = installation.folder;
  const floor = join(folder, 'lib', 'pam_floor.so');
  const source = join(import.meta.dirname, 'pam_floor.c');
  await runChecked('gcc', [
    '-shared',
    '-fPIC',
    '-O2',
    '-Wall',
    '-Werror',
    '-o',
    floor,
    source,
    '-lpam',
  ]);
  await chmod(floor, 0o644);
  for (const name of ['run', 'cache']) {
    await runChecked('install', ['-d', '-m', '0755', ...ownedByServerUser(), join(folder, name)]);
  }
  const socket = join(folder, 'run', 'pgtoken.sock');
  const daemon = await startDaemon(installation, socket);
  stack.defer(async () => endDaemon(daemon));

  const exec = `${installation.module} mode=exec helper=${installation.helper} config=${installation.config} timeout=60`;
  const asked = `${installation.module} socket=${socket} timeout=60`;
  const cluster = stack.use(
    await startPostgresCluster({
      hba: [
        'host all trust 127.0.0.1/32 trust',
        'host all scram 127.0.0.1/32 scram-sha-256',
        'host all floor 127.0.0.1/32 pam pamservice=floor',
        'host all daemon_rs256,daemon_es256 127.0.0.1/32 pam pamservice=daemon',
        'host all exec 127.0.0.1/32 pam pamservice=exec',
      ],
      pamServices: { floor: service(floor), daemon: service(asked), exec: service(exec) },
      setup: [
        ...['trust', 'floor', 'daemon_rs256', 'daemon_es256', 'exec'].map(
          (role) => `create role ${role} login`,
        ),
        `create role scram login password '${PASSWORD}'`,
      ],
      settings: { max_connections: '150', authentication_timeout: '60s' },
    }),
  );

  const execToken = await token('exec', 'RS256');
  const methods: Method[] = [
    { name: 'trust', role: 'trust', password: PASSWORD },
    { name: 'scram', role: 'scram', password: PASSWORD },
    { name: 'floor', role: 'floor', password: PASSWORD },
    { name: 'daemon', role: 'daemon_rs256', password: await token('daemon_rs256', 'RS256') },
    { name: 'daemon-es256', role: 'daemon_es256', password: await token('daemon_es256', 'ES256') },
    { name: 'exec', role: 'exec', password: execToken },
  ];
  const owned = stack.move();
  if (daemon.pid === undefined) {
    throw new Error('the daemon has no process ID');
  }
  return {
    cluster,
    installation,
    methods,
    daemonPID: daemon.pid,
    token: execToken,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

function service(module: string): string {
  return `auth required ${module}\naccount required ${module}\n`;
}

/** Starts the daemon as the server's user and waits until it is ready. Its log goes to a file, as PostgreSQL's does. */
async function startDaemon(
  installation: StagedInstallation,
  socket: string,
): Promise<ChildProcess> {
  const cache = join(installation.folder, 'cache');
  const args = ['serve', '--config', installation.config, '--socket', socket, '--cache-dir', cache];
  const path = join(installation.folder, 'daemon.log');
  await using log = await open(path, 'a');
  const daemon = spawn('setpriv', asServerUser(installation.command, args), {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', log.fd, log.fd],
  });
  await poll('the daemon to be ready', async () => {
    const output = await readFile(path, 'utf8');
    if (daemon.exitCode !== null) {
      throw new Error(`the daemon ended with status ${daemon.exitCode}: ${output}`);
    }
    return output.includes('"ready"') || undefined;
  });
  return daemon;
}

async function endDaemon(daemon: ChildProcess): Promise<void> {
  daemon.kill('SIGTERM');
  await poll(
    'the end of the daemon',
    () => daemon.exitCode !== null || daemon.signalCode !== null || undefined,
  );
}

/** One figure of /proc/PID/status or smaps_rollup: kB, or a plain number. */
export async function readProcFigure(
  pid: number,
  file: 'status' | 'smaps_rollup',
  name: string,
): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8');
  const [, figure] = new RegExp(`^${name}:\\s+([0-9]+)`, 'm').exec(text) ?? [];
  if (figure === undefined) {
    throw new Error(`/proc/${pid}/${file} has no ${name}`);
  }
  return Number(figure);
}
