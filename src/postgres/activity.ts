// What a server says of its sessions, and the one statement that ends some of them.
//
// A process ID alone is no session: another one may have it the moment after. So a session is its process ID, the start of its
// backend to the microsecond, and the OID of its role; what differs in one of them is left alone.
import * as z from 'zod/mini';
import type { ServerClient } from './server-client.ts';
import { ServerError } from './server-error.ts';

/** One session of a server, by what tells it from every other. */
export interface Backend {
  readonly pid: number;
  /** Microseconds of Unix time, as text. */
  readonly started: string;
  /** The OID of its role, as text: names change. */
  readonly roleID: string;
}

/** A session as it stands in pg_stat_activity. */
export interface SeenBackend extends Backend {
  readonly role: string;
  /** Where its client is; undefined for a unix socket. */
  readonly address: string | undefined;
  readonly isSuperuser: boolean;
}

/** What came of ending a session. */
export type EndOutcome = 'ended' | 'gone' | 'superuser';

// From PostgreSQL 14 on extract() gives a numeric, which is exact.
const STARTED = '(extract(epoch FROM a.backend_start) * 1000000)::pg_catalog.int8';

// What is not shown for want of rights is NULL, and no reason to leave a row out.
const SEE = `
SELECT a.pid, a.usename::pg_catalog.text AS role, a.usesysid::pg_catalog.text AS "roleID",
  ${STARTED}::pg_catalog.text AS started,
  pg_catalog.host(a.client_addr) AS address, coalesce(r.rolsuper, false) AS "isSuperuser"
FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
WHERE a.pid = ANY ($1::pg_catalog.int4[]) AND a.usesysid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') IN ('client backend', 'walsender')`;

// Thousands are there for hours: only those that are not are told of.
const GONE = `
SELECT wanted.at::pg_catalog.int4 AS at, a.pid IS NOT NULL AND a.backend_start IS NULL AS "isHidden"
FROM ROWS FROM (
  pg_catalog.unnest($1::pg_catalog.int4[]),
  pg_catalog.unnest($2::pg_catalog.int8[])
) WITH ORDINALITY AS wanted (pid, started, at)
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = wanted.pid AND a.usesysid IS NOT NULL
WHERE ${STARTED} IS DISTINCT FROM wanted.started`;

// What is selected is looked at when a row is one that was asked for, never before.
const END = `
SELECT a.pid, CASE WHEN r.rolsuper THEN NULL ELSE pg_catalog.pg_terminate_backend(a.pid) END AS signalled
FROM ROWS FROM (
  pg_catalog.unnest($1::pg_catalog.int4[]),
  pg_catalog.unnest($2::pg_catalog.int8[]),
  pg_catalog.unnest($3::pg_catalog.oid[])
) AS wanted (pid, started, role)
JOIN pg_catalog.pg_stat_activity a ON a.pid = wanted.pid AND a.usesysid = wanted.role
  AND ${STARTED} = wanted.started
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid`;

const seenRows = z.array(
  z.object({
    pid: z.int(),
    role: z.nullable(z.string()),
    roleID: z.string(),
    started: z.nullable(z.string()),
    address: z.nullable(z.string()),
    isSuperuser: z.boolean(),
  }),
);
const goneRows = z.array(z.object({ at: z.int(), isHidden: z.boolean() }));
const endedRows = z.array(z.object({ pid: z.int(), signalled: z.nullable(z.boolean()) }));

/** Looks sessions up by their process IDs; a backend that is still logging in has none. Rejects with a {@link ServerError}. */
export async function seeBackends(
  server: Pick<ServerClient, 'query'>,
  pids: readonly number[],
): Promise<readonly SeenBackend[]> {
  const rows = seenRows.parse(await server.query(SEE, [pids]));
  return rows.map(({ pid, role, roleID, started, address, isSuperuser }) => {
    if (started === null) {
      throw startsAreHidden();
    }
    return { pid, role: role ?? '', roleID, started, address: address ?? undefined, isSuperuser };
  });
}

/** Finds which of these sessions are over. Rejects with a {@link ServerError}. @returns their places in what was given. */
export async function findGone(
  server: Pick<ServerClient, 'query'>,
  backends: readonly Pick<Backend, 'pid' | 'started'>[],
): Promise<readonly number[]> {
  const rows = goneRows.parse(
    await server.query(GONE, [
      backends.map(({ pid }) => pid),
      backends.map(({ started }) => started),
    ]),
  );
  if (rows.some(({ isHidden }) => isHidden)) {
    throw startsAreHidden();
  }
  return rows.map(({ at }) => at - 1);
}

function startsAreHidden(): ServerError {
  return new ServerError(
    'pg_stat_activity does not show when backends of others were started; expected the rights of pg_read_all_stats',
    'Let a superuser run what "pgtoken database sql" prints.',
    { isRefused: true },
  );
}

/**
 * Ends sessions that are still exactly these. The server signals them; one in the middle of what cannot be interrupted goes a
 * moment later. Rejects with a {@link ServerError}, and has then ended any number of them.
 *
 * @returns what came of each, in their order.
 */
export async function endBackends(
  server: Pick<ServerClient, 'query'>,
  backends: readonly Backend[],
): Promise<readonly EndOutcome[]> {
  const rows = endedRows.parse(
    await server.query(END, [
      backends.map(({ pid }) => pid),
      backends.map(({ started }) => started),
      backends.map(({ roleID }) => roleID),
    ]),
  );
  const signalled = new Map(rows.map((row) => [row.pid, row.signalled]));
  return backends.map(({ pid }) => {
    const outcome = signalled.get(pid);
    return outcome === null ? 'superuser' : outcome === true ? 'ended' : 'gone';
  });
}
