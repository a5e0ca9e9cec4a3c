// Schema pgtoken on the PostgreSQL of this machine: what it does, and what whoever holds the daemon's role can make of it.
// test/package/installed/provision.test.ts has the same on later versions.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';

import { provisionRole } from '../../../src/postgres/provision-role.ts';
import { provisionSQL } from '../../../src/postgres/schema/provision-sql.ts';
import { startPostgresCluster } from '../../support/postgres-cluster.ts';
import { describeAttacks } from './describe-attacks.ts';
import { describeHBA } from './describe-hba.ts';
import { describeModel } from './describe-model.ts';
import { describeRetire } from './describe-retire.ts';
import { describeSchema } from './describe-schema.ts';
import { ALLOWED, DAEMON_ROLE, type PreparedServer, prepareServer } from './sql-server.ts';

const stack = new AsyncDisposableStack();
let server: PreparedServer;
const on = (): PreparedServer => server;
let connectTo: (user: string, database: string) => Promise<Client>;

beforeAll(async () => {
  const cluster = stack.use(
    await startPostgresCluster({ hba: ['local all all trust'], pamServices: {} }),
  );
  const version = Number(await cluster.sql('show server_version_num'));
  connectTo = async (user, database) => {
    const client = new Client({
      host: cluster.socketFolder,
      port: cluster.port,
      user,
      database,
      ssl: false,
    });
    await client.connect();
    return client;
  };
  const connect = async (user: string): Promise<Client> => connectTo(user, 'postgres');
  server = stack.use(await prepareServer({ connect, version }));
});
afterAll(async () => {
  await stack.disposeAsync();
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
  describeModel(on);
});

it('in a database of another encoding, names that it cannot spell are skipped, and nothing else', async () => {
  const [read, write] = ALLOWED;
  await server.dba.query(
    `create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'`,
  );
  const dba = await connectTo('postgres', 'latin');
  await dba.query(provisionSQL(DAEMON_ROLE));
  await dba.query('select pgtoken.allow($1), pgtoken.allow($2)', [read, write]);
  await dba.end();
  const daemon = await connectTo(DAEMON_ROLE, 'latin');
  const become = async (...memberOf: readonly string[]) =>
    provisionRole(
      {
        query: async (text, values) =>
          (await daemon.query<Record<string, unknown>>(text, [...values])).rows,
      },
      {
        role: 'made:latin',
        mayCreate: true,
        memberOf,
        mayRevoke: true,
        connectionLimit: undefined,
        settings: {},
      },
    );
  try {
    expect(await become(read, '鈴木', 'jörg')).toMatchObject({
      granted: [read],
      skipped: ['鈴木', 'jörg'],
    });
    expect(await become('鈴木', write)).toMatchObject({ granted: [write], revoked: [read] });
  } finally {
    await daemon.end();
  }
});
