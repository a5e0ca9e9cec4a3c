// The host that is measured: one throwaway PostgreSQL server whose roles log in by different methods, an issuer, the daemon
// of this checkout, and where there is a baseline, that of an older version beside it.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { createCertificateAuthority } from '../test/support/certificate-authority.ts';
import { createIssuer } from '../test/support/issuer.ts';
import { type PostgresCluster, startPostgresCluster } from '../test/support/postgres-cluster.ts';
import { runChecked } from '../test/support/run-checked.ts';
import { type StagedInstallation, stageInstallation } from '../test/support/stage-installation.ts';
import { writeIssuersYAML } from '../test/support/write-issuers-yaml.ts';
import { databaseSQL } from '../src/postgres/database-sql.ts';
import { provisionSQL } from '../src/postgres/schema/provision-sql.ts';
import { type BenchDaemon, startBenchDaemon } from './bench-daemon.ts';
import { compileLoginClients } from './login-clients.ts';

/** One way to log in. */
export interface Method {
  readonly name: MethodName;
  /** The role that logs in this way. */
  readonly role: string;
  /** Passwords for the next logins: one that they share, or so many that nobody has seen before. */
  readonly passwords: (logins: number) => Promise<readonly string[]>;
  /** Who decides, where it is a daemon. */
  readonly daemon?: BenchDaemon;
}

/** The names of the methods, in the order in which they are measured. The last two are there only with a baseline. */
export const METHOD_NAMES = [
  'trust',
  'scram',
  'floor',
  'daemon',
  'daemon-distinct',
  'daemon-es256',
  'daemon-es256-distinct',
  'sessions-distinct',
  'provision-distinct',
  'exec',
  'baseline',
  'baseline-distinct',
] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

/** The host and what there is to measure on it. */
export interface BenchHost extends AsyncDisposable {
  readonly cluster: PostgresCluster;
  readonly installation: StagedInstallation;
  /** The program that logs in: login_clients.c. */
  readonly loginClients: string;
  readonly methods: readonly Method[];
  readonly daemon: BenchDaemon;
  /** A token that `pgtoken pam` grants for the role of `exec`. */
  readonly token: string;
  /** Another token each time, for whichever role; those that do not exist are made at login. */
  readonly mint: (role: string) => Promise<string>;
}

const PASSWORD = 'correct horse battery staple';
const ROLES = {
  trust: 'trust',
  scram: 'scram',
  floor: 'floor',
  daemon: 'daemon_rs256',
  'daemon-distinct': 'daemon_rs256',
  'daemon-es256': 'daemon_es256',
  'daemon-es256-distinct': 'daemon_es256',
  'sessions-distinct': 'sessions',
  'provision-distinct': 'provisioned',
  exec: 'exec',
  baseline: 'baseline',
  'baseline-distinct': 'baseline',
} as const satisfies Record<MethodName, string>;

/** Starts everything; `await using` ends it. @param baseline a built checkout of an older version. */
export async function startBenchHost(baseline?: string): Promise<BenchHost> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(
    // An older version accepts too little.
    await createIssuer(authority, { algorithms: ['RS256', 'ES256'], answersAll: true }),
  );
  const entry = {
    name: 'bench',
    issuer: {
      url: issuer.url,
      certificateAuthority: issuer.certificateAuthority,
      audiences: ['postgres'],
    },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
  };
  const configuration = writeIssuersYAML([entry]);
  const stage = async (checkout?: string): Promise<StagedInstallation> =>
    stack.use(await stageInstallation(configuration, checkout));
  const installation = await stage();
  const watching = await stage();
  const provisioning = await stage();
  const older = baseline === undefined ? undefined : await stage(baseline);

  let minted = 0;
  const mint = async (role: string, key: string): Promise<string> =>
    issuer.mint(
      {
        sub: `system:serviceaccount:${role}`,
        exp: Math.floor(Date.now() / 1000) + 12 * 3600,
        jti: `login-${(minted += 1)}`,
        'kubernetes.io': {
          namespace: 'bench',
          node: { name: 'node-1', uid: '9a4c1d5e-0f5a-4a0d-9d53-6f1e2d3c4b5a' },
          pod: { name: 'bench-7d9c6b5f4-x2x7k', uid: 'e296d041-e831-4f40-9ff7-e22a83ec8565' },
          serviceaccount: { name: role, uid: '882a191c-76d0-4826-9889-93d7b644736f' },
        },
      },
      { key },
    );
  const same =
    (password: string): Method['passwords'] =>
    async () => [password];
  const distinct =
    (role: string, key: string): Method['passwords'] =>
    async (logins) => {
      const tokens: string[] = [];
      while (tokens.length < logins) {
        tokens.push(await mint(role, key));
      }
      return tokens;
    };

  const floor = await compileFloor(installation);
  const daemon = stack.use(await startBenchDaemon(installation));
  const olderDaemon = older && stack.use(await startBenchDaemon(older));
  const exec = `${installation.module} mode=exec helper=${installation.helper} config=${installation.config} timeout=60`;
  const cluster = stack.use(
    await startPostgresCluster({
      hba: [
        // The daemon runs as the server's user here, whom peer would take for the superuser.
        'local all pgtoken trust',
        'host all trust 127.0.0.1/32 trust',
        'host all scram 127.0.0.1/32 scram-sha-256',
        'host all floor 127.0.0.1/32 pam pamservice=floor',
        'host all daemon_rs256,daemon_es256 127.0.0.1/32 pam pamservice=daemon',
        'host all sessions 127.0.0.1/32 pam pamservice=sessions',
        'host all exec 127.0.0.1/32 pam pamservice=exec',
        'host all baseline 127.0.0.1/32 pam pamservice=baseline',
        'host all all 127.0.0.1/32 pam pamservice=provision',
      ],
      pamServices: {
        floor: service(floor),
        daemon: serviceAsking(installation, daemon.socket),
        sessions: serviceAsking(watching, join(watching.folder, 'run', 'pgtoken.sock')),
        provision: serviceAsking(provisioning, join(provisioning.folder, 'run', 'pgtoken.sock')),
        exec: service(exec),
        ...(older && olderDaemon ? { baseline: serviceAsking(older, olderDaemon.socket) } : {}),
      },
      setup: [
        databaseSQL('pgtoken') + provisionSQL('pgtoken'),
        'create role bench_read; create role bench_write',
        `select pgtoken.allow('bench_read'), pgtoken.allow('bench_write')`,
        // That of provision is made at its first login.
        ...[...new Set(Object.values(ROLES))]
          .filter((role) => role !== 'provisioned')
          .map((role) =>
            role === 'scram'
              ? `create role scram login password '${PASSWORD}'`
              : `create role ${role} login`,
          ),
      ],
      settings: { max_connections: '300', authentication_timeout: '60s' },
    }),
  );

  const connection = `host=${cluster.socketFolder} port=${cluster.port}`;
  await watching.writeConfig(
    writeIssuersYAML([{ ...entry, sessions: { end: ['expired', 'denied'] } }], {
      servers: [{ name: 'bench', connection }],
    }),
  );
  const provision = {
    create: true,
    memberOf: ['bench_read', 'bench_write'],
    settings: { statement_timeout: '60s' },
    onError: 'deny',
  };
  await provisioning.writeConfig(
    writeIssuersYAML([{ ...entry, provision }], { servers: [{ name: 'bench', connection }] }),
  );
  const provisioningDaemon = stack.use(await startBenchDaemon(provisioning));
  const watchingDaemon = stack.use(await startBenchDaemon(watching));

  const execToken = await mint(ROLES.exec, 'RS256');
  const passwords: Record<MethodName, Method['passwords']> = {
    trust: same(PASSWORD),
    scram: same(PASSWORD),
    floor: same(PASSWORD),
    daemon: same(await mint(ROLES.daemon, 'RS256')),
    'daemon-distinct': distinct(ROLES.daemon, 'RS256'),
    'daemon-es256': same(await mint(ROLES['daemon-es256'], 'ES256')),
    'daemon-es256-distinct': distinct(ROLES['daemon-es256'], 'ES256'),
    'sessions-distinct': distinct(ROLES['sessions-distinct'], 'RS256'),
    'provision-distinct': distinct(ROLES['provision-distinct'], 'RS256'),
    exec: same(execToken),
    baseline: same(await mint(ROLES.baseline, 'RS256')),
    'baseline-distinct': distinct(ROLES.baseline, 'RS256'),
  };
  const methods = METHOD_NAMES.flatMap((name): Method[] => {
    const method = { name, role: ROLES[name], passwords: passwords[name] };
    if (name.startsWith('baseline')) {
      return olderDaemon === undefined ? [] : [{ ...method, daemon: olderDaemon }];
    }
    if (name.startsWith('sessions')) {
      return [{ ...method, daemon: watchingDaemon }];
    }
    if (name.startsWith('provision')) {
      return [{ ...method, daemon: provisioningDaemon }];
    }
    return [name.startsWith('daemon') ? { ...method, daemon } : method];
  });
  const loginClients = await compileLoginClients(installation.folder);
  const owned = stack.move();
  return {
    cluster,
    installation,
    loginClients,
    methods,
    daemon,
    token: execToken,
    mint: async (role) => mint(role, 'RS256'),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** The PAM service by which PostgreSQL asks a daemon. */
export function serviceAsking({ module }: StagedInstallation, socket: string): string {
  return service(`${module} socket=${socket} timeout=60`);
}

function service(module: string): string {
  return `auth required ${module}\naccount required ${module}\n`;
}

/** Compiles pam_floor.c. @returns the module's path. */
async function compileFloor(installation: StagedInstallation): Promise<string> {
  const floor = join(installation.folder, 'lib', 'pam_floor.so');
  const source = join(import.meta.dirname, 'pam_floor.c');
  const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', floor, source, '-lpam'];
  await runChecked('gcc', flags);
  await chmod(floor, 0o644);
  return floor;
}
