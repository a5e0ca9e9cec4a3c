// The recipe for CloudNativePG, in a container that is like the pods of its clusters: user and group 26, no capability, a root
// file system that is read-only with a writable /run, issuers.yaml by links as Kubernetes projects it, the credentials of a
// service account, and pg_hba.conf as the operator writes it. There is no operator: the stand-in starts the server.
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GenericContainer } from 'testcontainers';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { buildImage } from '../build-image.ts';
import { readCluster } from '../read-cluster.ts';
import { startLogged, type Service } from '../start-services.ts';
import { createConfiguration, logIn, ROLE, startIssuer, type RunningIssuer } from './world.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The data of a cluster of the operator. */
const PGDATA = '/var/lib/postgresql/data/pgdata';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let issuer: RunningIssuer;
let pod: Service;

/** What the pods of the operator may not do. */
class PodContainer extends GenericContainer {
  public withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }
}

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  const image = await buildImage(
    { suite: 'trixie', postgresql: '17', prepare: 'usermod --uid 26 postgres' },
    'packaging/container/cloudnative-pg/Containerfile',
    inject('packages').current,
  );
  stack.defer(image.remove);
  issuer = stack.use(await startIssuer(image, authority, 'kubernetes.default.svc', ISSUER));

  const cluster = readCluster();
  const hba = ['local all all peer', ...cluster.hba, 'host all all all scram-sha-256', ''].join(
    '\n',
  );
  const sql = cluster.roles.map(
    ({ name, login, inRoles }) =>
      `CREATE ROLE "${name}" ${login ? 'LOGIN' : ''}; ${inRoles.map((role) => `GRANT "${role}" TO "${name}";`).join(' ')}\n`,
  );
  sql.push(`CREATE ROLE app LOGIN PASSWORD 'of the application';\n`);
  const folder = stack.use(
    await createConfiguration(
      { ...image, postgres: { uid: 26, gid: 26 } },
      authority,
      hba,
      sql.join(''),
    ),
  );
  const inside = (path: string): string => join(folder.path, path);

  // A projected volume: links to a folder whose name changes with its content.
  await mkdir(inside('projected/..2026_01_31'), { recursive: true });
  await writeFile(inside('projected/..2026_01_31/issuers.yaml'), cluster.issuers);
  await chmod(inside('projected/..2026_01_31/issuers.yaml'), 0o644);
  await symlink('..2026_01_31', inside('projected/..data'));
  await symlink('..data/issuers.yaml', inside('projected/issuers.yaml'));
  await mkdir(inside('account'));
  await writeFile(inside('account/ca.crt'), authority.certificate);
  await writeFile(inside('account/token'), 'the-token-of-the-pod-itself');

  const prepared = new PodContainer(image.name)
    .withReadOnlyRoot()
    .withUser('26:26')
    .withDroppedCapabilities('ALL')
    .withSecurityOpt('no-new-privileges')
    .withEntrypoint(['docker-entrypoint.sh'])
    .withCommand([
      'postgres',
      ...['hba_file=/etc/postgresql/pg_hba.conf', 'ssl=on'].flatMap((set) => ['-c', set]),
      ...['cert_file=/etc/postgresql/server.crt', 'key_file=/etc/postgresql/server.key'].flatMap(
        (set) => ['-c', `ssl_${set}`],
      ),
    ])
    .withEnvironment({ ...image.environment, PGDATA })
    .withTmpFs({
      '/run': 'rw,mode=0777',
      // The operator has another place for the server's own socket.
      '/run/postgresql': 'rw,mode=0777',
      '/tmp': 'rw,mode=1777',
      '/var/lib/postgresql/data': 'rw,mode=0777',
    })
    .withBindMounts([
      { source: inside('postgresql'), target: '/etc/postgresql', mode: 'ro' },
      { source: inside('initdb'), target: '/docker-entrypoint-initdb.d', mode: 'ro' },
      { source: inside('projected'), target: '/projected', mode: 'ro' },
      { source: inside('account'), target: ACCOUNT, mode: 'ro' },
    ])
    .withExtraHosts([issuer])
    .withExposedPorts(5432);
  pod = await startLogged(prepared, stack);
});
afterAll(async () => {
  await stack.disposeAsync();
});

it('is as restricted as the pods of the operator', async () => {
  const { output } = await pod.container.exec([
    'sh',
    '-c',
    'id -u; id -g; grep -E "^(CapBnd|NoNewPrivs)" /proc/1/status; touch /var/lib/postgresql/x 2>&1',
  ]);
  expect(output.split('\n').slice(0, 4)).toEqual([
    '26',
    '26',
    'CapBnd:\t0000000000000000',
    'NoNewPrivs:\t1',
  ]);
  expect(output).toContain('Read-only file system');
});

it('a service account logs in from outside, with issuers.yaml of the example', async () => {
  await expect(logIn(pod, authority, issuer.mint())).resolves.toBe(ROLE);
});

it('the keys are kept for the next login, where the pod can write', async () => {
  const { output } = await pod.container.exec([
    'stat',
    '-c',
    '%A %u',
    '/run/pgtoken-keys/here.json',
  ]);
  expect(output).toBe('-rw------- 26\n');
});

it('a token for another audience is refused, and the log of the pod has the reason', async () => {
  await expect(
    logIn(pod, authority, issuer.mint({ aud: ISSUER, sub: 'system:serviceaccount:foo:myservice' })),
  ).rejects.toThrow(`PAM authentication failed for user "${ROLE}"`);
  const reason = `LOG:  error from underlying PAM layer: pgtoken: denied ERR_AUDIENCE_MISMATCH aud is "${ISSUER}"; expected "postgres". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.\n`;
  await poll(reason, () => (pod.log().includes(reason) ? true : undefined));
});

it('whoever is no member of the role has a password, as before', async () => {
  await expect(logIn(pod, authority, 'of the application', 'app')).resolves.toBe('app');
  await expect(logIn(pod, authority, issuer.mint(), 'app')).rejects.toThrow(
    'password authentication failed for user "app"',
  );
});
