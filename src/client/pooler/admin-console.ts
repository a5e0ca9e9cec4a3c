// PgBouncer's console, over its unix socket, as the user that it runs as: it knows us by the kernel's word (SO_PEERCRED), so that no
// role has to be let in there. A connection for each command: there is one every few seconds, and none that can be lost.
import type { Client } from 'pg';
import * as z from 'zod/mini';
import { codeOf } from '../../code-of.ts';
import { messageOf } from '../../message-of.ts';

/** A row of what PgBouncer shows. */
export type ConsoleRow = Readonly<Record<string, unknown>>;

/** What came of a command. */
export type ConsoleResult =
  | { readonly ok: true; readonly rows: readonly ConsoleRow[] }
  | {
      readonly ok: false;
      readonly reason: string;
      /** Whether it has answered, and will not do it. */
      readonly isRefused: boolean;
    };

/** The console. */
export interface AdminConsole {
  /** Runs one command, within its deadline in seconds. Never rejects. */
  readonly run: (command: string, deadline: number) => Promise<ConsoleResult>;
}

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** Creates it, without a connection. @param folder of the unix socket. */
export function createAdminConsole(folder: string, port: number): AdminConsole {
  return {
    async run(command, deadline) {
      const { Client } = await import('pg');
      const timeout = deadline * 1000;
      const client: Client = new Client({
        host: folder,
        port,
        database: 'pgbouncer',
        user: 'pgbouncer',
        // Whatever environment and .pgpass say.
        password: async () => {
          throw new Error('it asks for a password; expected to be known as its own user');
        },
        ssl: false,
        application_name: 'pgtoken',
        options: '',
        connectionTimeoutMillis: timeout,
        query_timeout: timeout,
      });
      // Told by what is awaited.
      client.on('error', () => undefined);
      let isConnected = false;
      try {
        await client.connect();
        isConnected = true;
        // Without values: the console knows the simple protocol alone.
        const { rows } = await client.query(command);
        return { ok: true, rows: rowsSchema.parse(rows) };
      } catch (error) {
        const code = codeOf(error);
        return {
          ok: false,
          reason: explain(error, code, deadline),
          // An error of PgBouncer's has an SQLSTATE.
          isRefused: isConnected && code !== undefined && /^[0-9A-Z]{5}$/.test(code),
        };
      } finally {
        // Not awaited: one that hangs does not answer that either.
        client.end().catch(() => undefined);
      }
    },
  };
}

function explain(error: unknown, code: string | undefined, deadline: number): string {
  const message = messageOf(error);
  if (/timeout/i.test(message)) {
    return `no answer within ${deadline} s`;
  }
  return code === 'ENOENT' || code === 'ECONNREFUSED'
    ? `nobody listens at its socket (${code})`
    : message.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
