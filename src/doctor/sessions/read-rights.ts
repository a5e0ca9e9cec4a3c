// What the daemon may do in a server that it acts on: asked as the daemon asks, over the unix socket and as its user.
import * as z from 'zod/mini';
import type { ServerConnection } from '../../values/parse-server-connection.ts';
import type { Accounts } from '../host/host.ts';
import { connectDatabase, endSession } from '../server/connection/connect-database.ts';
import { peerConfig } from '../server/connection/peer-config.ts';

/** The rights of the daemon's role in a server. */
export interface ServerRights {
  /** Which of the roles that it needs it has the rights of. */
  readonly lacks: readonly string[];
  readonly isSuperuser: boolean;
}

/** @returns the rights, or why they could not be asked for. Never rejects. */
export type ReadRights = (
  connection: ServerConnection,
  accounts: Pick<Accounts, 'findUser'>,
) => Promise<ServerRights | string>;

/** What ending sessions takes. */
const NEEDED = ['pg_signal_backend', 'pg_read_all_stats'];

const rows = z.array(z.object({ lacks: z.array(z.string()), isSuperuser: z.boolean() }));

const RIGHTS = `
SELECT array(SELECT name FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
    WHERE NOT pg_catalog.pg_has_role(current_user, name, 'USAGE')) AS lacks,
  (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "isSuperuser"`;

/** {@link ReadRights} with the pg driver. */
export const readRights: ReadRights = async (connection, accounts) => {
  try {
    const client = await connectDatabase(peerConfig(connection), accounts);
    try {
      const answer = await client.query(RIGHTS, [NEEDED]);
      return rows.parse(answer.rows)[0] ?? 'it gave no answer';
    } finally {
      await endSession(client);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
