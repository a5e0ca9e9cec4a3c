// A server with schema pgtoken that is asked by SQL alone, so that every major version can be held to the same tests.
import type { Client } from 'pg';

import { databaseSQL } from '../../../src/postgres/database-sql.ts';
import {
  provisionRole,
  type RoleChanges,
  type WantedRole,
} from '../../../src/postgres/provision-role.ts';
import { provisionSQL } from '../../../src/postgres/schema/provision-sql.ts';

/** A real server. */
export interface SQLServer {
  /** Connects as a role that exists; the caller ends it. */
  readonly connect: (role: string) => Promise<Client>;
  /** As in server_version_num. */
  readonly version: number;
}

/** A server that is prepared, with a connection of its superuser and one of the daemon's role. */
export interface PreparedServer extends SQLServer, AsyncDisposable {
  readonly dba: Client;
  readonly daemon: Client;
  /** As the daemon asks; what is not given is left alone. */
  readonly provision: (
    wanted: Partial<WantedRole> & { readonly role: string },
  ) => Promise<RoleChanges>;
  /** The roles that a role is a direct member of, but for the marker. */
  readonly membershipsOf: (role: string) => Promise<readonly string[]>;
}

export const DAEMON_ROLE = 'pgtoken';
/** What is allowed. */
export const ALLOWED = ['app_read', 'app_write', 'App "odd" \\ role'] as const;

/** Runs what `pgtoken database sql --provision` prints, twice, and allows some roles. */
export async function prepareServer(server: SQLServer): Promise<PreparedServer> {
  await using stack = new AsyncDisposableStack();
  const dba = await server.connect('postgres');
  stack.defer(async () => dba.end());
  for (let times = 0; times < 2; times += 1) {
    await dba.query(databaseSQL(DAEMON_ROLE) + provisionSQL(DAEMON_ROLE));
  }
  for (const role of ALLOWED) {
    await dba.query(`create role "${role.replaceAll('"', '""')}"`);
    await dba.query('select pgtoken.allow($1)', [role]);
  }
  const daemon = await server.connect(DAEMON_ROLE);
  stack.defer(async () => daemon.end());
  const owned = stack.move();
  return {
    ...server,
    dba,
    daemon,
    provision: async (wanted) =>
      provisionRole(
        {
          query: async (text, values) =>
            (await daemon.query<Record<string, unknown>>(text, [...values])).rows,
        },
        {
          mayCreate: true,
          memberOf: [],
          mayRevoke: false,
          connectionLimit: undefined,
          settings: {},
          ...wanted,
        },
      ),
    membershipsOf: async (role) => {
      const { rows } = await dba.query<{ name: string }>(
        `select distinct g.rolname::text as name from pg_auth_members m
         join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
         where r.rolname = $1 and g.rolname <> 'pgtoken_managed' order by 1`,
        [role],
      );
      return rows.map(({ name }) => name);
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
