// Runs SQL in a server of this host once, as a superuser whom the server knows by the user of this process (peer).
import type { ServerConnection } from '../values/parse-server-connection.ts';
import { toServerError } from './server-error.ts';

/** The longest wait for a connection, and for all of the SQL, in milliseconds. */
const CONNECT_TIMEOUT = 5000;
const TIMEOUT = 30_000;

/** Runs it as a whole or not at all. Rejects with a `ServerError`. @param onNotice told of what the server remarks. */
export async function runSQL(
  { host, port, database, user }: ServerConnection,
  sql: string,
  onNotice: (message: string) => void = () => undefined,
): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({
    host,
    port,
    database,
    user,
    // Whatever environment and .pgpass say.
    password: async () => {
      throw new Error(`the server asks for a password of role ${user}; expected peer`);
    },
    ssl: false,
    application_name: 'pgtoken',
    options: `-c statement_timeout=${TIMEOUT} -c lock_timeout=${CONNECT_TIMEOUT} -c client_min_messages=warning`,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: TIMEOUT,
  });
  client.on('error', () => undefined);
  client.on('notice', ({ message }) => {
    onNotice(message ?? '');
  });
  let isConnected = false;
  try {
    await client.connect();
    isConnected = true;
    await client.query(sql);
  } catch (error) {
    throw toServerError(error, { isConnected, user });
  } finally {
    client.end().catch(() => undefined);
  }
}
