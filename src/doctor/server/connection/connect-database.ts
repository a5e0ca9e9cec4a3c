// Connects to the server that `pgtoken doctor` asks, with a limit on every wait.
import type { Client, ClientConfig } from 'pg';
import { codeOf } from '../../../code-of.ts';
import { withEffectiveUser } from '../../host/with-effective-user.ts';
import type { Rights } from '../../host/account.ts';
import type { Accounts } from '../../host/host.ts';

/** The longest wait for a connection and for each answer, in milliseconds. */
const TIMEOUT = 5000;
/** SQLSTATE invalid_authorization_specification, which `peer` answers to the wrong user. */
const WRONG_USER = '28000';

/**
 * Connects. Over a unix socket root is the account that the role is named after, as `peer` wants it, and where that is the wrong
 * one itself: a map of pg_ident.conf may know it. Rejects with the driver's error.
 */
export async function connectDatabase(
  config: ClientConfig,
  accounts: Pick<Accounts, 'findUser'>,
): Promise<Client> {
  const account = await findPeer(await createClient(config), accounts);
  try {
    return await connectAs(account, config);
  } catch (error) {
    if (account !== undefined && codeOf(error) === WRONG_USER) {
      return connectAs(undefined, config).catch(() => {
        // What the right account was told says more.
        throw error;
      });
    }
    throw error;
  }
}

async function connectAs(rights: Rights | undefined, config: ClientConfig): Promise<Client> {
  const client = await createClient(config);
  try {
    await startAs(rights, client);
  } catch (error) {
    await endSession(client);
    throw error;
  }
  return client;
}

async function createClient(config: ClientConfig): Promise<Client> {
  const { Client } = await import('pg');
  const client = new Client({
    ...config,
    application_name: 'pgtoken doctor',
    connectionTimeoutMillis: TIMEOUT,
    query_timeout: TIMEOUT,
  });
  client.on('error', () => undefined);
  return client;
}

/** Whom `peer` takes for the role: over a unix socket, the account of that name. */
async function findPeer(
  { host, user }: Client,
  { findUser }: Pick<Accounts, 'findUser'>,
): Promise<Rights | undefined> {
  return host.startsWith('/') && user !== undefined ? findUser(user) : undefined;
}

/** The server learns who connects in the moment when that begins, which is before this returns. */
async function startAs(rights: Rights | undefined, client: Client): Promise<void> {
  using taken = new DisposableStack();
  if (rights !== undefined) {
    withEffectiveUser(rights, taken);
  }
  const connected = client.connect();
  taken.dispose();
  await connected;
}

/** Ends a session, or gives up waiting for its end. */
export async function endSession(client: Client): Promise<void> {
  await Promise.race([
    client.end().catch(() => undefined),
    new Promise((resolve) => {
      setTimeout(resolve, TIMEOUT);
    }),
  ]);
}
