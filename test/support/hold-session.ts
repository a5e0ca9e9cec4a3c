// A session that is held open until the server ends it.
import type { Client } from 'pg';

import { poll } from './poll.ts';

/** A session, and what became of it. */
export interface HeldSession {
  readonly client: Client;
  readonly pid: number;
  /** When it was open, Unix time in milliseconds. */
  readonly since: number;
  /** Waits until the server has ended it: the moment, and the SQLSTATE that the client saw. @param limit in milliseconds. */
  readonly ended: (
    limit?: number,
  ) => Promise<{ readonly at: number; readonly code: string | undefined }>;
  readonly isOpen: () => boolean;
  readonly close: () => Promise<void>;
}

/** Opens a session by what connects. */
export async function holdSession(connect: () => Promise<Client>): Promise<HeldSession> {
  const client = await connect();
  const since = Date.now();
  let endedAt: number | undefined;
  let code: string | undefined;
  client.on('error', (error: Error & { code?: string }) => {
    code ??= error.code;
  });
  client.on('end', () => {
    endedAt = Date.now();
  });
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid ?? 0;
  return {
    client,
    pid,
    since,
    ended: async (limit) => {
      const at = await poll(`the end of the session of process ${pid}`, () => endedAt, limit);
      return { at, code };
    },
    isOpen: () => endedAt === undefined,
    close: async () => {
      if (endedAt === undefined) await client.end();
    },
  };
}
