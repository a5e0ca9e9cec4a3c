// Schema pgtoken on later versions of PostgreSQL, whose memberships have a grantor each and options: the tests of
// test/e2e/provision/schema.test.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { describeAttacks } from '../../e2e/provision/describe-attacks.ts';
import { describeHBA } from '../../e2e/provision/describe-hba.ts';
import { describeModel } from '../../e2e/provision/describe-model.ts';
import { describeRetire } from '../../e2e/provision/describe-retire.ts';
import { describeSchema } from '../../e2e/provision/describe-schema.ts';
import { type PreparedServer, prepareServer } from '../../e2e/provision/sql-server.ts';
import { poll } from '../../support/poll.ts';
import { LATER_SERVERS, packagesOf } from '../machine/on-later-servers.ts';
import { makeRoot, SCRIPTS, environment } from '../machine/root-folder.ts';

const PORT = 5432;

const startScript = (version: string): string => `
bin=/usr/lib/postgresql/${version}/bin
as="setpriv --reuid=postgres --regid=postgres --init-groups"
install -d -o postgres -g postgres /srv/data
$as $bin/initdb -D /srv/data -U postgres -A trust --no-sync --no-instructions -E UTF8 --locale=C >/dev/null
$as $bin/postgres -D /srv/data -p ${PORT} -k /tmp -c listen_addresses= -c fsync=off -c autovacuum=off &
# The shell stays, as root: what becomes another user no longer ends with what started it (prctl(2), PR_SET_PDEATHSIG).
wait
`;

describe.each(LATER_SERVERS)('PostgreSQL $postgresql', ({ suite, postgresql }) => {
  const stack = new AsyncDisposableStack();
  let server: PreparedServer;
  const on = (): PreparedServer => server;

  beforeAll(async () => {
    const root = stack.use(await makeRoot(suite, packagesOf(postgresql)));
    const child = spawn(
      join(SCRIPTS, 'in-root.sh'),
      [root.path, 'sh', '-euc', startScript(postgresql)],
      {
        env: { ...environment(), PATH: process.env['PATH'] },
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      },
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    stack.defer(async () => {
      // Its namespace ends with it.
      child.kill('SIGKILL');
      await ended;
    });
    let log = '';
    child.stderr.on('data', (text: Buffer) => (log += text.toString()));
    const connect = async (user: string): Promise<Client> => {
      const host = join(root.path, 'tmp');
      const client = new Client({ host, port: PORT, user, database: 'postgres', ssl: false });
      await client.connect();
      return client;
    };
    const client = await poll('a server', async () => {
      if (child.exitCode !== null) throw new Error(`it has ended: ${log}`);
      return connect('postgres').catch(() => undefined);
    });
    const { rows } = await client.query<{ version: string }>(
      `select current_setting('server_version_num') as version`,
    );
    await client.end();
    server = stack.use(await prepareServer({ connect, version: Number(rows[0]?.version) }));
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  it('is that version', () => {
    expect(Math.floor(on().version / 10_000)).toBe(Number(postgresql));
  });
  describe('pgtoken.provision()', () => {
    describeSchema(on);
  });
  describe('role pgtoken', () => {
    describeAttacks(on);
  });
  describe('retiring roles', () => {
    describeRetire(on);
  });
  describe('the line of pg_hba.conf', () => {
    describeHBA(on);
  });
  describe('any sequence', () => {
    describeModel(on, 20);
  });
});
