// Tells a server which roles were logged in to, for what it knows of their use (schema pgtoken). The times are the server's.
import * as z from 'zod/mini';
import { codeOf } from '../code-of.ts';
import { NOT_IN_ENCODING } from './server-error.ts';
import { MAX_RECORDED, MAX_RECORDED_LENGTH, SCHEMA_VERSION } from './schema/terms.ts';
import type { ServerClient } from './server-client.ts';

/** By whom a role was logged in to. */
export interface RoleUse {
  readonly role: string;
  /** The entry of issuers.yaml. */
  readonly entry: string;
  /** Of the token; undefined where it has none. */
  readonly subject: string | undefined;
}

const RECORD =
  'SELECT pgtoken.record($1::integer, $2::text[], $3::text[], $4::text[], $5::boolean) AS recorded';

const rows = z.tuple([z.object({ recorded: z.boolean() })]);

/**
 * Records logins, of whichever roles; those that are not managed are ignored. Rejects with a `ServerError`, and has then recorded
 * any number of them.
 *
 * @param isComplete whether these are all since the last call: otherwise what is unused counts from now on.
 * @returns false for a standby, on which nothing was recorded.
 */
export async function recordLogins(
  server: Pick<ServerClient, 'query'>,
  uses: readonly RoleUse[],
  isComplete: boolean,
): Promise<boolean> {
  let start = 0;
  // Without any, the server still learns that logins are being recorded.
  do {
    const some = uses.slice(start, start + MAX_RECORDED);
    if (!(await record(server, some, isComplete))) {
      return false;
    }
    start += MAX_RECORDED;
  } while (start < uses.length);
  return true;
}

async function record(
  server: Pick<ServerClient, 'query'>,
  uses: readonly RoleUse[],
  isComplete: boolean,
): Promise<boolean> {
  const ask = async (some: readonly RoleUse[]): Promise<boolean> => {
    const [{ recorded }] = rows.parse(
      await server.query(RECORD, [
        SCHEMA_VERSION,
        some.map(({ role }) => role),
        some.map(({ entry }) => entry.slice(0, MAX_RECORDED_LENGTH)),
        some.map(({ subject }) => subject && toText(subject)),
        isComplete,
      ]),
    );
    return recorded;
  };
  try {
    return await ask(uses);
  } catch (error) {
    if (codeOf(error) !== NOT_IN_ENCODING) {
      throw error;
    }
    // A role that the database cannot spell is not managed in it.
    return ask(
      uses
        .filter(({ role }) => isASCII(role))
        .map((use) => ({ ...use, subject: use.subject?.replaceAll(/[^\0-\x7f]/g, '?') })),
    );
  }
}

/** Without what PostgreSQL does not take, or a terminal would obey. */
function toText(text: string): string {
  return text.slice(0, MAX_RECORDED_LENGTH).toWellFormed().replaceAll(/\p{C}/gu, '?');
}

function isASCII(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
