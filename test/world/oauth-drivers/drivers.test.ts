// A line of pg_hba.conf with `oauth`, and drivers that have a good token: pgx logs in, and a token that is a
// password does not come to the validator.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { poll } from '../../support/poll.ts';
import { run, type RunResult } from '../../support/run.ts';
import { useServerRoot } from '../../support/server-root.ts';
import { DAEMON_SERVICE } from '../../support/start-daemon-host.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { DRIVERS } from '../clients/drivers.ts';
import { OAUTH_DATABASE, type ServerHost, startServerHost } from '../servers/server-host.ts';
import { SERVERS } from '../servers/servers.ts';

const ROLE = 'foo:myservice';
const peer = inject('peer');
const stack = new AsyncDisposableStack();
let on: ServerHost;
let folder: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('oauth-drivers')).path;
  const server = SERVERS.find(({ postgresql }) => peer.version.startsWith(postgresql))!;
  const root = stack.use(await server.install());
  stack.use(await useServerRoot(root.path));
  on = stack.use(await startServerHost(server.hasOAuth));
});
afterAll(async () => {
  await stack.disposeAsync();
});

async function logIn(name: string, way: string, token: string, database: string) {
  const { port } = on.host.cluster;
  const passfile = join(folder, 'pgpass');
  await writeFile(passfile, '', { mode: 0o600 });
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const args = [way, '127.0.0.1', String(port), database, ROLE, on.authorityFile];
  const result: RunResult = await run(peer.programs[name] ?? '', args, {
    env: {
      HOME: folder,
      JAVA_HOME: process.env['JAVA_HOME'] ?? '',
      PGPASSFILE: passfile,
      TOKEN_FILE: tokenFile,
    },
  });
  return { ...result, shown: result.stderr.replaceAll(String(port), 'PORT').trimEnd() };
}

/** The services that this token was decided for, once there is one. */
const servicesOf = async (jti: string): Promise<readonly unknown[]> =>
  poll('a decision', () => {
    const lines = on.daemon
      .lines()
      .filter((line) => line.msg === 'decision' && line['jti'] === jti);
    return lines.length > 0 ? lines.map((line) => line['service']) : undefined;
  });

it('pgx logs in with OAuthTokenProvider, and is refused', async () => {
  const good = await logIn('pgx', 'oauth', await on.issuer.mint(), OAUTH_DATABASE);
  expect([good.stdout, good.stderr]).toEqual([`${ROLE} TLS\n`, '']);
  const bad = await logIn('pgx', 'oauth', await on.issuer.mint({ aud: 'vault' }), OAUTH_DATABASE);
  expect([bad.status, bad.stdout]).toEqual([1, '']);
  expect(bad.shown).toContain('OAuth authentication failed: invalid_token');
});

it.each(
  DRIVERS.map(({ name, overOAuth, ways: [way = 'password'] }) => [name, overOAuth, way] as const),
)(
  'no token that is the password of %s comes to the validator, and it shows `%s`',
  async (name, overOAuth, way) => {
    const jti = crypto.randomUUID();
    const token = await on.issuer.mint({ jti });
    const { status, stdout, shown } = await logIn(name, way, token, OAUTH_DATABASE);
    expect([stdout, shown]).toEqual(['', overOAuth]);
    expect(status).toBeGreaterThan(0);
    // By the line with pam it is let in; a decision over OAuth would come before that one.
    expect((await logIn(name, way, token, 'postgres')).stdout).toBe(`${ROLE} TLS\n`);
    expect(await servicesOf(jti)).toEqual([DAEMON_SERVICE]);
  },
);
