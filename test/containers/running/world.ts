// What the tests of containers have in common: an issuer in a container of its own, the files that docs/operate/containers.md asks
// for, and logins from outside.
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { GenericContainer, Wait } from 'testcontainers';

import { createIssuerFiles, SERVE_FILES } from '../../package/machine/cluster-issuer.ts';
import type { CertificateAuthority } from '../../support/certificate-authority.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import type { Image } from '../build-image.ts';
import type { Service } from '../start-services.ts';

/** The names of the server in its certificate. */
const SERVERS = ['db.example.com', 'db2.example.com'] as const;
const [SERVER] = SERVERS;
export const ROLE = 'foo:myservice';

export interface RunningIssuer extends AsyncDisposable {
  /** A token for foo:myservice and audience `postgres`, unless the claims say otherwise. */
  readonly mint: (claims?: Readonly<Record<string, unknown>>) => string;
  readonly host: string;
  /** Where containers reach it. */
  readonly ipAddress: string;
}

/** Serves an issuer at https://HOST, in a container of an image that has pgtoken's own Node. */
export async function startIssuer(
  image: Image,
  authority: CertificateAuthority,
  host: string,
  url?: string,
): Promise<RunningIssuer> {
  await using stack = new AsyncDisposableStack();
  const files = stack.use(await createIssuerFiles(host, authority, url));
  const container = await new GenericContainer(image.name)
    .withEntrypoint(['/usr/lib/pgtoken/runtime/node'])
    .withCommand(['/srv/serve-files.ts', '/srv/issuer', '443', '0.0.0.0'])
    .withUser('0')
    .withCopyFilesToContainer([{ source: SERVE_FILES, target: '/srv/serve-files.ts' }])
    .withCopyDirectoriesToContainer([{ source: files.folder, target: '/srv/issuer' }])
    .withWaitStrategy(Wait.forLogMessage('ready'))
    .start();
  stack.defer(async () => {
    await container.stop();
  });
  const [network = ''] = container.getNetworkNames();
  const kept = stack.move();
  return {
    mint: files.mint,
    host,
    ipAddress: container.getIpAddress(network),
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

export interface ConfigurationFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Writes postgresql/ and initdb/ as docs/operate/containers.md says.
 *
 * @param hba the text of pg_hba.conf
 * @param sql what the new cluster runs
 */
export async function createConfiguration(
  image: Image,
  authority: CertificateAuthority,
  hba: string,
  sql: string,
): Promise<ConfigurationFolder> {
  const folder = await createTemporaryFolder('container');
  const inside = (path: string): string => join(folder.path, path);
  const { key, cert } = await authority.issue(SERVERS.map((name) => `DNS:${name}`));
  for (const name of ['pgtoken', 'postgresql', 'initdb']) {
    await mkdir(inside(name));
    await chmod(inside(name), 0o755);
  }
  const secrets = { password: 'a password for the superuser\n', 'server.key': key };
  for (const [name, text] of Object.entries(secrets)) {
    const path = inside(`postgresql/${name}`);
    await writeFile(path, text, { mode: 0o600 });
    await chown(path, 0, image.postgres.gid);
    await chmod(path, 0o640);
  }
  const files = {
    'postgresql/server.crt': cert,
    'postgresql/pg_hba.conf': hba,
    'initdb/roles.sql': sql,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(inside(name), text);
    await chmod(inside(name), 0o644);
  }
  return { path: folder.path, [Symbol.asyncDispose]: folder.remove };
}

/** Logs in from outside, over TLS, with this password. The caller ends the session. */
export async function connect(
  { container }: Service,
  authority: CertificateAuthority,
  password: string,
  user: string = ROLE,
): Promise<Client> {
  const client = new Client({
    host: container.getHost(),
    port: container.getMappedPort(5432),
    user,
    password,
    database: 'postgres',
    ssl: { ca: authority.certificate, servername: SERVER },
    connectionTimeoutMillis: 20_000,
  });
  // A server that goes away ends the session with an error, which is no surprise to a test that makes it go.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Logs in and asks who it has become. */
export async function logIn(
  service: Service,
  authority: CertificateAuthority,
  password: string,
  user: string = ROLE,
): Promise<string> {
  const client = await connect(service, authority, password, user);
  try {
    const { rows } = await client.query<{ is: string }>('select current_user as is');
    return rows[0]?.is ?? '';
  } finally {
    await client.end();
  }
}
