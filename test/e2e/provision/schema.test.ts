// Schema pgtoken on the PostgreSQL of this machine: what it does, and what whoever holds the daemon's role can make of it.
// test/package/installed/provision.test.ts has the same on later versions.
import { afterAll, beforeAll, describe } from 'vitest';
import { Client } from 'pg';

import { startPostgresCluster } from '../../support/postgres-cluster.ts';
import { describeAttacks } from './describe-attacks.ts';
import { describeModel } from './describe-model.ts';
import { describeSchema } from './describe-schema.ts';
import { type PreparedServer, prepareServer } from './sql-server.ts';

const stack = new AsyncDisposableStack();
let server: PreparedServer;
const on = (): PreparedServer => server;

beforeAll(async () => {
  const cluster = stack.use(
    await startPostgresCluster({ hba: ['local all all trust'], pamServices: {} }),
  );
  const version = Number(await cluster.sql('show server_version_num'));
  const connect = async (user: string): Promise<Client> => {
    const client = new Client({
      host: cluster.socketFolder,
      port: cluster.port,
      user,
      database: 'postgres',
      ssl: false,
    });
    await client.connect();
    return client;
  };
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
describe('any sequence', () => {
  describeModel(on);
});
