// PostgreSQL of a root folder as it ships, over TLS: lines for PAM, and for the validator where there is one; the daemon makes roles and
// ends sessions.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { entryOf } from '../../support/entry-of.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { type DaemonHost, startDaemonHost } from '../../support/start-daemon-host.ts';
import type { DaemonProcess } from '../../support/start-daemon-process.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { writeSecret } from '../../support/write-secret.ts';

/** The service that logins by the validator are for, unless postgresql.conf names another. */
export const OAUTH_SERVICE = 'postgresql';
/** Logins to this database come by the validator, those to all others by PAM. */
export const OAUTH_DATABASE = 'byoauth';

export interface ServerHost extends AsyncDisposable {
  readonly host: DaemonHost;
  readonly daemon: DaemonProcess;
  /** The only one that counts. */
  readonly issuer: Issuer;
  /** One that is in no entry. */
  readonly stranger: Issuer;
  /** The authority of the server's certificate, PEM, and the file that has it. */
  readonly authority: string;
  readonly authorityFile: string;
}

/** The roles that a group of a token stands for. */
export const GROUPS = ['reader', 'writer'] as const;

/** @param hasOAuth whether the validator is installed. */
export async function startServerHost(hasOAuth: boolean): Promise<ServerHost> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  const stranger = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  const folder = stack.use(await createTemporaryFolder('server')).path;
  const { key, cert } = await authority.issue();
  const inside = (name: string): string => join(folder, name);
  await writeSecret(inside('server.key'), key);
  await writeSecret(inside('server.crt'), cert);
  await writeFile(inside('root.crt'), authority.certificate);

  const oauth = `oauth issuer="${issuer.url}" scope="openid" delegate_ident_mapping=1`;
  const host = stack.use(
    await startDaemonHost(
      [],
      {
        ssl: 'on',
        ssl_cert_file: inside('server.crt'),
        ssl_key_file: inside('server.key'),
        ...(hasOAuth ? { oauth_validator_libraries: 'pgtoken_validator' } : {}),
      },
      {},
      undefined,
      true,
      hasOAuth ? { hba: [`hostssl ${OAUTH_DATABASE} all 127.0.0.1/32 ${oauth}`] } : {},
    ),
  );
  const { cluster } = host;
  if (hasOAuth) {
    await cluster.sql(`alter system set pgtoken.socket = '${host.socket}'`);
    await cluster.sql('select pg_reload_conf()');
  }
  await cluster.sql(`create database ${OAUTH_DATABASE}`);
  const daemonRole = /user=(\S+)/.exec(host.connection)?.[1] ?? '';
  const sql = await runPgtoken(['database', 'sql', '--provision', '--role', daemonRole]);
  await cluster.sql(sql.stdout);
  for (const group of GROUPS) {
    await cluster.sql(`create role ${group}`);
    await cluster.sql(`select pgtoken.allow('${group}')`);
  }
  const daemon = stack.use(
    await host.startDaemon({
      issuers: [
        entryOf('cluster', issuer, {
          sessions: { end: ['expired'], grace: '0s', atLeast: '0s' },
          provision: { create: true, memberOf: [{ claim: 'groups' }], onError: 'deny' },
        }),
      ],
      top: { servers: [{ name: 'main', connection: host.connection }] },
    }),
  );
  const owned = stack.move();
  return {
    host,
    daemon,
    issuer,
    stranger,
    authority: authority.certificate,
    authorityFile: inside('root.crt'),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
