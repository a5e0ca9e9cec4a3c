// The daemon's connection to a real server: statements are prepared once, and go on when what they call is made anew.
import { afterAll, beforeAll, expect, it } from 'vitest';

import { createServerClient, type ServerClient } from '../../src/postgres/server-client.ts';
import { type PostgresCluster, startPostgresCluster } from '../support/postgres-cluster.ts';

let cluster: PostgresCluster;
let client: ServerClient;

beforeAll(async () => {
  cluster = await startPostgresCluster({ hba: [], pamServices: {} });
  const { socketFolder: host, port } = cluster;
  client = createServerClient(
    { host, port, database: 'postgres', user: 'postgres' },
    { monotonicClock: () => performance.now() / 1000 },
  );
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

it('a statement is prepared when it is first asked, and once', async () => {
  const prepared = 'select name, statement from pg_catalog.pg_prepared_statements order by name';
  await client.query('select $1::int as n', [1]);
  await client.query('select $1::int as n', [2]);
  expect(await client.query('select $1::int as n', [3])).toEqual([{ n: 3 }]);
  expect(await client.query(prepared, [])).toEqual([
    { name: 'pgtoken_1', statement: 'select $1::int as n' },
    { name: 'pgtoken_2', statement: prepared },
  ]);
});

it('goes on when a function is made anew by which another shape comes back, each time', async () => {
  const asked = async () => client.query('select * from public.shape($1)', [7]);
  const make = async (columns: string, body: string): Promise<void> => {
    await cluster.sql('drop function if exists public.shape');
    await cluster.sql(
      `create function public.shape(n int, ${columns}) language sql as $$ ${body} $$`,
    );
  };
  await make('out a int', 'select n');
  expect(await asked()).toEqual([{ a: 7 }]);
  await make('out a text, out b int', "select 'x'::text, n");
  expect(await asked()).toEqual([{ a: 'x', b: 7 }]);
  await make('out b int', 'select n + 1');
  expect(await asked()).toEqual([{ b: 8 }]);
});

it('says what the server says of a statement, and goes on by the same connection', async () => {
  const pid = async () => client.query('select pg_catalog.pg_backend_pid() as pid', []);
  const before = await pid();
  await expect(client.query('select 1 / $1::int', [0])).rejects.toThrow('division by zero');
  await expect(client.query('select * from public.nowhere', [])).rejects.toThrow(
    'relation "public.nowhere" does not exist',
  );
  // Another error of the same code as that of an older plan, at every attempt.
  await expect(
    client.query("do $$ begin raise 'never' using errcode = '0A000'; end $$", []),
  ).rejects.toThrow('never');
  expect(await pid()).toEqual(before);
});
