// A pod of packaging/container/cloudnative-pg/cluster-with-daemon.yaml: the operator's, with the patch of the example, and run as
// Kubernetes does. There is no operator: the stand-in starts the server.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { applyJSONPatch } from '../apply-json-patch.ts';
import { buildImage, type Image } from '../build-image.ts';
import { operatorPod, podSchema } from '../operator-pod.ts';
import { readCluster } from '../read-cluster.ts';
import { runPod } from '../run-pod.ts';
import type { Service } from '../start-services.ts';
import { createConfiguration, type RunningIssuer, startIssuer } from './world.ts';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const PGTOKEN = 'registry.example.com/pgtoken:0.2';
/** The data of a cluster of the operator. */
const PGDATA = '/var/lib/postgresql/data/pgdata';
const BASE = { suite: 'trixie', postgresql: '17', prepare: 'usermod --uid 26 postgres' };

export interface PatchedPod extends AsyncDisposable {
  readonly server: Service;
  readonly daemon: Service;
  readonly authority: CertificateAuthority;
  readonly issuer: RunningIssuer;
}

/** What the server's container is, unless it is the operator's own image. */
export interface PodOptions {
  readonly containerfile?: string;
  /** Lines of pg_hba.conf before the others. */
  readonly hba?: readonly string[];
  /** Further files of the ConfigMap, each mounted into the server's container. */
  readonly mounts?: Readonly<Record<string, { readonly target: string; readonly text: string }>>;
}

/** @param deb the package */
export async function startPatchedPod(
  deb: string,
  { containerfile = 'test/containers/stock.Containerfile', hba = [], mounts = {} }: PodOptions = {},
): Promise<PatchedPod> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const build = async (path: string): Promise<Image> => {
    const image = await buildImage(BASE, path, deb);
    stack.defer(image.remove);
    return image;
  };
  const server = await build(containerfile);
  const pgtoken = await build('packaging/container/daemon/Containerfile');
  const issuer = stack.use(await startIssuer(pgtoken, authority, 'kubernetes.default.svc', ISSUER));

  const cluster = readCluster('cluster-with-daemon.yaml');
  const pod = podSchema.parse(applyJSONPatch(operatorPod(cluster.imageName), cluster.podPatch));
  const lines = [
    'local all all peer',
    ...hba,
    ...cluster.hba,
    'host all all all scram-sha-256',
    '',
  ];
  const sql = cluster.roles.map(
    ({ name, login, inRoles }) =>
      `CREATE ROLE "${name}" ${login ? 'LOGIN' : ''}; ${inRoles.map((role) => `GRANT "${role}" TO "${name}";`).join(' ')}\n`,
  );
  const postgres = { uid: 26, gid: 26 };
  const files = stack.use(
    await createConfiguration({ ...server, postgres }, authority, lines.join('\n'), sql.join('')),
  );
  await mkdir(join(files.path, 'account'));
  await writeFile(join(files.path, 'account/ca.crt'), authority.certificate);
  await writeFile(join(files.path, 'account/token'), 'the-token-of-the-pod-itself');
  for (const [name, { text }] of Object.entries(mounts)) {
    await writeFile(join(files.path, name), text);
    await chmod(join(files.path, name), 0o644);
  }

  const folder = await createTemporaryFolder('pod');
  stack.defer(folder.remove);
  const containers = await runPod(
    pod,
    {
      imageOf: (name) =>
        ({ [cluster.imageName]: server.name, [PGTOKEN]: pgtoken.name })[name] ?? name,
      entrypointOf: (name) => (name === PGTOKEN ? (pgtoken.recipe.entrypoint ?? []) : []),
      configMaps: { pgtoken: cluster.files },
      account: join(files.path, 'account'),
      hosts: [issuer],
      serverFiles: [
        { source: join(files.path, 'postgresql'), target: '/etc/postgresql' },
        { source: join(files.path, 'initdb'), target: '/docker-entrypoint-initdb.d' },
        ...Object.entries(mounts).map(([name, { target }]) => ({
          source: join(files.path, name),
          target,
        })),
      ],
      prepareServer: (container) =>
        container
          .withEntrypoint(['docker-entrypoint.sh'])
          .withCommand([
            'postgres',
            ...['hba_file=/etc/postgresql/pg_hba.conf', 'ssl=on'].flatMap((set) => ['-c', set]),
            ...[
              'cert_file=/etc/postgresql/server.crt',
              'key_file=/etc/postgresql/server.key',
            ].flatMap((set) => ['-c', `ssl_${set}`]),
          ])
          .withEnvironment({ ...server.environment, PGDATA })
          .withTmpFs({
            '/tmp': 'rw,mode=1777',
            // The operator has another place for the server's own socket.
            '/run/postgresql': 'rw,mode=0777',
          })
          .withExposedPorts(5432),
    },
    folder,
    stack,
  );
  const get = (name: string): Service => {
    const found = containers.get(name);
    if (found === undefined) throw new Error(`the pod has no container ${name}`);
    return found;
  };
  const owned = stack.move();
  return {
    server: get('postgres'),
    daemon: get('pgtoken'),
    authority,
    issuer,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
