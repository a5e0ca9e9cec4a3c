// One connection to a server of this host, over its unix socket, by the user of this process (peer). It is made when something
// is asked, made again when it is lost, and never holds up whoever asks for longer than a few seconds.
import type { Client } from 'pg';
import { codeOf } from '../code-of.ts';
import { retryDelay } from '../retry-delay.ts';
import type { ServerConnection } from '../values/parse-server-connection.ts';
import { adviseToLetIn, ServerError, toServerError } from './server-error.ts';

/** A server that can be asked. */
export interface ServerClient {
  /**
   * Asks one statement. Rejects with a {@link ServerError}, at once while the server was not there a moment ago.
   *
   * @param values of `$1` and so on; never put together with the text.
   */
  query(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Closes the connection; what is asked then is refused. */
  close(): void;
}

/** The world around a {@link ServerClient}. */
export interface ServerClientOptions {
  /** Seconds on a clock that is never set. */
  readonly monotonicClock: () => number;
  /** The longest that a statement, and an attempt to connect, may take, in milliseconds; default: 5 s. */
  readonly timeout?: number;
  /** Makes a connected client; default: the driver's. Told of a connection that is lost. */
  readonly connect?: (
    connection: ServerConnection,
    onLost: () => void,
    timeout: number,
  ) => Promise<ConnectedClient>;
}

/** As much of the driver's client as is used. */
export interface ConnectedClient {
  query(text: string, values: unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  end(): Promise<unknown>;
}

/** By default, in milliseconds. */
const TIMEOUT = 5000;
/** After a failure the next attempt comes after this many seconds, then twice as many, and so on. */
const FIRST_RETRY = 0.5;
const LONGEST_RETRY = 15;

/** Creates a client that is not connected yet. */
export function createServerClient(
  connection: ServerConnection,
  options: ServerClientOptions,
): ServerClient {
  const { monotonicClock, timeout = TIMEOUT, connect = connectByDriver } = options;
  let current: Promise<ConnectedClient> | undefined;
  let failures = 0;
  let failed: { readonly error: ServerError; readonly retryAt: number } | undefined;
  let closed = false;

  const drop = (client: Promise<ConnectedClient>): void => {
    if (current === client) {
      current = undefined;
    }
    client.then(async (connected) => connected.end()).catch(() => undefined);
  };
  const use = async (): Promise<ConnectedClient> => {
    if (closed) {
      throw new ServerError('the connection is closed');
    }
    if (current === undefined) {
      if (failed !== undefined && monotonicClock() < failed.retryAt) {
        throw failed.error;
      }
      const attempt = connect(
        connection,
        () => {
          drop(attempt);
        },
        timeout,
      );
      current = attempt;
    }
    return current;
  };

  return {
    async query(text, values) {
      const attempt = use();
      const client = current;
      let isConnected = false;
      try {
        const connected = await attempt;
        isConnected = true;
        const { rows } = await connected.query(text, [...values]);
        failures = 0;
        failed = undefined;
        return rows;
      } catch (thrown) {
        const error = toServerError(thrown, { isConnected, user: connection.user });
        // What the server says of a statement leaves the connection as it is.
        if (client !== undefined && !error.keepsConnection) {
          drop(client);
          failures += 1;
          const retryAt = monotonicClock() + retryDelay(failures, FIRST_RETRY, LONGEST_RETRY);
          failed = { error, retryAt };
        }
        throw error;
      }
    },
    close() {
      closed = true;
      if (current !== undefined) {
        drop(current);
      }
    },
  };
}

async function connectByDriver(
  { host, port, database, user }: ServerConnection,
  onLost: () => void,
  timeout: number,
): Promise<ConnectedClient> {
  const { Client } = await import('pg');
  const client: Client = new Client({
    host,
    port,
    database,
    user,
    // Whatever environment and .pgpass say.
    password: async () => {
      throw new ServerError('the server asks for a password; expected peer', adviseToLetIn(user));
    },
    ssl: false,
    application_name: 'pgtoken',
    // The server gives up first, and its answer leaves the connection usable.
    options: `-c statement_timeout=${Math.ceil(timeout * 0.9)} -c lock_timeout=${Math.ceil(timeout / 2)} -c search_path=pg_catalog -c default_transaction_read_only=off`,
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
  });
  client.on('error', onLost);
  client.on('end', onLost);
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
  return { query: prepareEach(client), end: async () => client.end() };
}

/**
 * A function of the statement was made anew, and answers in another shape: the server says so before it runs it. What else has this code
 * has undone all that it did.
 */
const PLAN_IS_OF_BEFORE = '0A000';

/** Each statement is prepared by the server when it is first asked: there are few of them, and some are asked at every login. */
function prepareEach(client: Client): ConnectedClient['query'] {
  const names = new Map<string, string>();
  let prepared = 0;
  const ask: ConnectedClient['query'] = async (text, values) => {
    let name = names.get(text);
    if (name === undefined) {
      prepared += 1;
      name = `pgtoken_${prepared}`;
      names.set(text, name);
    }
    return client.query({ name, text, values });
  };
  return async (text, values) => {
    try {
      return await ask(text, values);
    } catch (error) {
      if (codeOf(error) !== PLAN_IS_OF_BEFORE) {
        throw error;
      }
      names.delete(text);
      return ask(text, values);
    }
  };
}
