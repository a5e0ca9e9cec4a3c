// PgBouncer of the distribution in front of a throwaway cluster, with auth_type = pam: its PAM service `pgbouncer` is a file of
// the cluster's folder. It runs as the server's user, as Debian's does, and dies with the test process.
import { spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { asServerUser } from './as-server-user.ts';
import type { Certificate } from './certificate-authority.ts';
import { findFreePort } from './find-free-port.ts';
import { poll } from './poll.ts';
import type { PostgresCluster } from './postgres-cluster.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { writeSecret } from './write-secret.ts';

export interface PgBouncer extends AsyncDisposable {
  readonly port: number;
  /** Everything that it has logged. */
  readonly log: () => string;
}

export interface PgBouncerOptions {
  readonly cluster: PostgresCluster;
  /** The file /etc/pam.d/pgbouncer. */
  readonly pamService: string;
  /** For its clients, who must use TLS. */
  readonly certificate: Certificate;
  /** More lines of pgbouncer.ini, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const { cluster, certificate } = options;
  const folder = await createTemporaryFolder('pgbouncer');
  const inside = (name: string): string => join(folder.path, name);
  await cluster.setPAMService('pgbouncer', options.pamService);
  await writeSecret(inside('key.pem'), certificate.key);
  await writeSecret(inside('cert.pem'), certificate.cert);

  const port = await findFreePort();
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'pam',
    client_tls_sslmode: 'require',
    client_tls_key_file: inside('key.pem'),
    client_tls_cert_file: inside('cert.pem'),
    server_tls_sslmode: 'disable',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  const databases = `[databases]\n* = host=127.0.0.1 port=${cluster.port}\n`;
  await writeFile(inside('pgbouncer.ini'), `${databases}[pgbouncer]\n${lines.join('')}`);
  await chmod(inside('pgbouncer.ini'), 0o644);

  const child = spawn('setpriv', asServerUser('/usr/sbin/pgbouncer', [inside('pgbouncer.ini')]), {
    cwd: '/',
    env: { PATH: process.env['PATH'], ...cluster.shimEnvironment },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // Ctrl-C is for the program that owns it
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  child.on('error', (error) => {
    log += `${error.message}\n`;
    resolve(undefined);
  });
  let isOver = false;
  child.on('close', () => {
    isOver = true;
    resolve(undefined);
  });
  const stop = async (): Promise<void> => {
    if (!isOver) child.kill('SIGKILL');
    await ended;
    await folder.remove();
  };
  try {
    await poll('a PgBouncer that accepts connections', () => {
      if (isOver) throw new Error(`PgBouncer has ended:\n${log}`);
      return log.includes('process up') ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, log: () => log, [Symbol.asyncDispose]: stop };
}
