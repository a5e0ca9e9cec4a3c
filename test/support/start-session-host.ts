// A host whose daemon acts on its server: the role is made by what `pgtoken database sql` prints, and there is an issuer.
import { createCertificateAuthority } from './certificate-authority.ts';
import { entryOf } from './entry-of.ts';
import { createIssuer, type Issuer } from './issuer.ts';
import { runPgtoken } from './run-pgtoken.ts';
import type { PostgresClusterOptions } from './postgres-cluster.ts';
import { type DaemonHost, startDaemonHost } from './start-daemon-host.ts';

export interface SessionHost extends AsyncDisposable {
  readonly host: DaemonHost;
  readonly issuer: Issuer;
  /** The only entry of issuers.yaml, with these sessions; more is what else it has. */
  readonly entry: (
    sessions: Readonly<Record<string, unknown>>,
    more?: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  /** What is beside it. */
  readonly top: Readonly<Record<string, unknown>>;
}

/** @param roles that tokens may log in as: what follows `system:serviceaccount:` in their subject. */
export async function startSessionHost(
  roles: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  options: Pick<PostgresClusterOptions, 'ownProcesses'> = {},
): Promise<SessionHost> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  const host = stack.use(await startDaemonHost(roles, settings, {}, undefined, true, options));
  const role = /user=(\S+)/.exec(host.connection)?.[1] ?? '';
  const { stdout } = await runPgtoken(['database', 'sql', '--role', role]);
  await host.cluster.sql(stdout);
  const owned = stack.move();
  return {
    host,
    issuer,
    entry: (sessions, more = {}) => entryOf('cluster', issuer, { sessions, ...more }),
    top: { servers: [{ name: 'main', connection: host.connection }] },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
