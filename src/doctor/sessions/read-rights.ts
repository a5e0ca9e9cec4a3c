// What the daemon may do in a server that it acts on: asked as the daemon asks, over the unix socket and as its user.
import type { ClientBase } from 'pg';
import * as z from 'zod/mini';
import { provisionRole } from '../../postgres/provision-role.ts';
import { toServerError } from '../../postgres/server-error.ts';
import type { ServerConnection } from '../../values/parse-server-connection.ts';
import type { Accounts } from '../host/host.ts';
import { connectDatabase, endSession } from '../server/connection/connect-database.ts';
import { peerConfig } from '../server/connection/peer-config.ts';

/** The rights of the daemon's role in a server. */
export interface ServerRights {
  /** Which of the roles that it needs it has the rights of. */
  readonly lacks: readonly string[];
  readonly isSuperuser: boolean;
  /** What becomes of `memberOf`; undefined where no entry provisions roles in it. */
  readonly provision?: ProvisionRights | undefined;
}

/** Why roles cannot be provisioned, or what is not granted of what issuers.yaml names. */
export type ProvisionRights =
  | { readonly problem: string; readonly hint: string | undefined }
  | { readonly notAllowed: readonly string[] };

/** @returns the rights, or why they could not be asked for. Never rejects. */
export type ReadRights = (
  connection: ServerConnection,
  accounts: Pick<Accounts, 'findUser'>,
  /** The roles that are granted in it by name; undefined where no entry provisions roles in it. */
  memberOf?: readonly string[],
) => Promise<ServerRights | string>;

/** What ending sessions takes. */
const NEEDED = ['pg_signal_backend', 'pg_read_all_stats'];

const rows = z.array(z.object({ lacks: z.array(z.string()), isSuperuser: z.boolean() }));

const RIGHTS = `
SELECT array(SELECT name FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
    WHERE NOT pg_catalog.pg_has_role(current_user, name, 'USAGE')) AS lacks,
  (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "isSuperuser"`;

/** A role that nobody has, for a plan that is not carried out. */
const NOBODY = 'pgtoken doctor';

/** Asks as for a login, without doing anything. */
async function readProvisionRights(
  client: Pick<ClientBase, 'query'>,
  memberOf: readonly string[],
): Promise<ProvisionRights> {
  const wanted = {
    role: NOBODY,
    mayCreate: true,
    memberOf,
    mayRevoke: false,
    connectionLimit: undefined,
    settings: {},
  };
  const server = {
    query: async (text: string, values: readonly unknown[]) =>
      (await client.query<Record<string, unknown>>(text, [...values])).rows,
  };
  try {
    return { notAllowed: (await provisionRole(server, wanted, true)).skipped };
  } catch (error) {
    const { message, hint } = toServerError(error);
    return { problem: message, hint };
  }
}

/** {@link ReadRights} with the pg driver. */
export const readRights: ReadRights = async (connection, accounts, memberOf) => {
  try {
    const client = await connectDatabase(peerConfig(connection), accounts);
    try {
      const answer = await client.query(RIGHTS, [NEEDED]);
      const [rights] = rows.parse(answer.rows);
      if (rights === undefined || memberOf === undefined) {
        return rights ?? 'it gave no answer';
      }
      return { ...rights, provision: await readProvisionRights(client, memberOf) };
    } finally {
      await endSession(client);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
