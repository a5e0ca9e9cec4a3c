// The connection to a server: made when something is asked, made again when it is lost, and given up for a while where it cannot be.
import { expect, describe, it } from 'vitest';

import {
  type ConnectedClient,
  createServerClient,
  type ServerClient,
} from '../../src/postgres/server-client.ts';
import { ServerError } from '../../src/postgres/server-error.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const CONNECTION = { host: '/run/x', port: 5432, database: 'postgres', user: 'pgtoken' };

function withCode(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

/** A driver with a switch for each of its steps. */
function createDriver() {
  let now = 0;
  const driver = {
    failsToConnect: undefined as Error | undefined,
    failsToQuery: undefined as Error | undefined,
    failsToEnd: false,
    connects: 0,
    ended: 0,
    asked: [] as unknown[],
    lose: [] as (() => void)[],
    pass: (seconds: number) => {
      now += seconds;
    },
  };
  const client = createServerClient(CONNECTION, {
    monotonicClock: () => now,
    connect: async (_connection, onLost): Promise<ConnectedClient> => {
      driver.connects += 1;
      if (driver.failsToConnect !== undefined) throw driver.failsToConnect;
      driver.lose.push(onLost);
      return {
        query: async (text, values) => {
          driver.asked.push([text, values]);
          if (driver.failsToQuery !== undefined) throw driver.failsToQuery;
          return { rows: [{ n: driver.connects }] };
        },
        end: async () => {
          driver.ended += 1;
          if (driver.failsToEnd) throw new Error('cannot end');
        },
      };
    },
  });
  return { driver, client };
}

async function failureOf(client: ServerClient): Promise<ServerError> {
  const error: unknown = await client.query('select 1', []).catch((thrown: unknown) => thrown);
  if (!(error instanceof ServerError)) throw new Error(`expected a ServerError: ${String(error)}`);
  return error;
}

describe('a client', () => {
  it('connects when it is first asked, and once for all that is asked', async () => {
    const { driver, client } = createDriver();
    expect(driver.connects).toBe(0);
    const answers = await Promise.all([client.query('a', [1]), client.query('b', [])]);
    expect(answers).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    expect(driver.asked).toEqual([
      ['a', [1]],
      ['b', []],
    ]);
    expect(driver.connects).toBe(1);
  });

  it('connects again at once when a connection was lost that nobody used', async () => {
    const { driver, client } = createDriver();
    await client.query('a', []);
    driver.lose[0]?.();
    expect(await client.query('a', [])).toEqual([{ n: 2 }]);
    // What is said of the old one later is no concern of the new one.
    driver.lose[0]?.();
    expect(await client.query('a', [])).toEqual([{ n: 2 }]);
  });

  it('refuses at once while the server was not there a moment ago, ever longer up to 15 s', async () => {
    const { driver, client } = createDriver();
    driver.failsToConnect = withCode('ECONNREFUSED', 'connect ECONNREFUSED /run/x/.s.PGSQL.5432');
    for (const [attempt, wait] of [0.5, 1, 2, 4, 8, 15, 15].entries()) {
      const { message, hint, isRefused } = await failureOf(client);
      expect({ message, hint, isRefused }).toEqual({
        message: 'connect ECONNREFUSED /run/x/.s.PGSQL.5432',
        hint: 'Check host and port of the server in issuers.yaml, and whether it runs.',
        isRefused: false,
      });
      driver.pass(wait - 0.1);
      await failureOf(client);
      expect(driver.connects).toBe(attempt + 1);
      driver.pass(0.1);
    }
    driver.failsToConnect = undefined;
    expect(await client.query('a', [])).toEqual([{ n: 8 }]);
  });

  it('keeps the connection when a statement is refused, and says that it was', async () => {
    const { driver, client } = createDriver();
    driver.failsToQuery = withCode('42501', 'permission denied to terminate process');
    expect(await failureOf(client)).toMatchObject({
      message: 'permission denied to terminate process',
      hint: 'Let a superuser run what "pgtoken database sql" prints.',
      isRefused: true,
    });
    driver.failsToQuery = undefined;
    expect(await client.query('a', [])).toEqual([{ n: 1 }]);
    expect(driver.ended).toBe(0);
  });

  it.each(['57014', 'XX000'])('keeps the connection after %s, without a pause', async (code) => {
    const { driver, client } = createDriver();
    driver.failsToQuery = withCode(code);
    expect(await failureOf(client)).toMatchObject({ isRefused: false, code });
    driver.failsToQuery = undefined;
    expect(await client.query('a', [])).toEqual([{ n: 1 }]);
    expect(driver.ended).toBe(0);
  });

  it.each(['57P01', '08006', '53300', 'ECONNRESET', 'ETIMEDOUT'])(
    'gives the connection up after %s',
    async (code) => {
      const { driver, client } = createDriver();
      driver.failsToQuery = withCode(code);
      driver.failsToEnd = true;
      expect(await failureOf(client)).toMatchObject({ isRefused: false });
      expect(driver.ended).toBe(1);
      driver.failsToQuery = undefined;
      await failureOf(client);
      driver.pass(0.5);
      expect(await client.query('a', [])).toEqual([{ n: 2 }]);
    },
  );

  it.each(['42501', '42704', '0A000', '55000'])(
    'tries again when it could not connect for %s, once that is over',
    async (code) => {
      const { driver, client } = createDriver();
      driver.failsToConnect = withCode(code, 'permission denied for database "postgres"');
      expect(await failureOf(client)).toMatchObject({ isRefused: false });
      driver.failsToConnect = undefined;
      driver.pass(0.5);
      expect(await client.query('a', [])).toEqual([{ n: 2 }]);
    },
  );

  it('that is closed ends its connection, and refuses', async () => {
    const { driver, client } = createDriver();
    await client.query('a', []);
    client.close();
    expect(await failureOf(client)).toMatchObject({ message: 'the connection is closed' });
    expect([driver.connects, driver.ended]).toEqual([1, 1]);
  });

  it('that was never used connects nowhere when it is closed', async () => {
    const { driver, client } = createDriver();
    client.close();
    await failureOf(client);
    expect(driver.connects).toBe(0);
  });

  it('says by the driver that there is no server', async () => {
    await using folder = await createTemporaryFolder('no-server');
    const client = createServerClient(
      { ...CONNECTION, host: folder.path },
      { monotonicClock: () => 0 },
    );
    expect(await failureOf(client)).toMatchObject({
      message: `connect ENOENT ${folder.path}/.s.PGSQL.5432`,
      hint: 'Check host and port of the server in issuers.yaml, and whether it runs.',
    });
    client.close();
  });
});
