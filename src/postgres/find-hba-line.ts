// By which line of pg_hba.conf a login would come, as its server sees the file (schema pgtoken).
import * as z from 'zod/mini';
import { SCHEMA_VERSION } from './schema/terms.ts';
import type { ServerClient } from './server-client.ts';

/** A login, as pg_hba.conf looks at it. */
export interface MetLogin {
  readonly role: string;
  readonly database: string;
  /** The client's IP address; undefined for a unix socket. */
  readonly address: string | undefined;
}

/** A line of pg_hba.conf. */
export interface HBALine {
  /** Null before PostgreSQL 16, where there is one file. */
  readonly file: string | null;
  readonly line: number;
  readonly type: string;
  readonly method: string;
  /** `pamservice` of a line with `pam`, where it names one. */
  readonly service: string | null;
  /** Lines above that may take the login: they are for host names, `samehost` or `samenet`. */
  readonly undecided: readonly number[];
}

const FIND = `
SELECT file_name AS file, line_number AS line, type, method, service, undecided
FROM pgtoken.hba_line($1::integer, $2::text, $3::text, $4::inet)`;

const rows = z.array(
  z.object({
    file: z.nullable(z.string()),
    line: z.int(),
    type: z.string(),
    method: z.string(),
    service: z.nullable(z.string()),
    undecided: z.array(z.int()),
  }),
);

/** Over TCP with TLS, where the server has it. Rejects with a `ServerError`. @returns undefined where no line matches, and the server rejects the login. */
export async function findHBALine(
  server: Pick<ServerClient, 'query'>,
  { role, database, address }: MetLogin,
): Promise<HBALine | undefined> {
  const values = [SCHEMA_VERSION, role, database, address ?? null];
  const [line] = rows.parse(await server.query(FIND, values));
  return line;
}
