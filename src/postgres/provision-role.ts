// The one question that brings a role of a server to what a token says: pgtoken.provision(), whose answer says what it did.
import * as z from 'zod/mini';
import { codeOf } from '../code-of.ts';
import { LOGIN_VERSION } from './schema/terms.ts';
import type { ServerClient } from './server-client.ts';
import { NOT_IN_ENCODING } from './server-error.ts';

/** What a role is to be. */
export interface WantedRole {
  readonly role: string;
  /** Whether it is made where it does not exist. */
  readonly mayCreate: boolean;
  readonly memberOf: readonly string[];
  /** Whether memberships that pgtoken granted and that are not in `memberOf` are revoked. */
  readonly mayRevoke: boolean;
  /** Undefined: left alone. */
  readonly connectionLimit: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** What was done, or would be. */
export interface RoleChanges {
  readonly created: boolean;
  readonly granted: readonly string[];
  readonly revoked: readonly string[];
  /** Those of `memberOf` that the database does not allow. */
  readonly skipped: readonly string[];
  readonly altered: readonly string[];
  /** Whether nothing can be written in this server. */
  readonly isStandby: boolean;
  /** Why not all of it was granted or altered; null: all was. What was revoked is revoked. */
  readonly failed: string | null;
}

const PROVISION = `
SELECT created, granted, revoked, skipped, altered, is_standby AS "isStandby", failed
FROM pgtoken.provision($1::integer, $2::text, $3::boolean, $4::text[], $5::boolean, $6::integer, $7::text[], $8::text[], $9::boolean)`;

const names = z.array(z.string());
const rows = z.tuple([
  z.object({
    created: z.boolean(),
    granted: names,
    revoked: names,
    skipped: names,
    altered: names,
    isStandby: z.boolean(),
    failed: z.nullable(z.string()),
  }),
]);

/**
 * Brings a role to what is wanted; one that is new as a whole or not at all. Rejects with a `ServerError` where nothing was done.
 *
 * @param onlyPlan whether to only say what would be done.
 */
export async function provisionRole(
  server: Pick<ServerClient, 'query'>,
  wanted: WantedRole,
  onlyPlan = false,
): Promise<RoleChanges> {
  const { role, mayCreate, mayRevoke, connectionLimit, settings } = wanted;
  const ask = async (memberOf: readonly string[]): Promise<RoleChanges> => {
    const [changes] = rows.parse(
      await server.query(PROVISION, [
        LOGIN_VERSION,
        role,
        mayCreate,
        memberOf,
        mayRevoke,
        connectionLimit ?? null,
        Object.keys(settings),
        Object.values(settings),
        onlyPlan,
      ]),
    );
    return changes;
  };
  try {
    return await ask(wanted.memberOf);
  } catch (error) {
    const foreign = wanted.memberOf.filter((name) => /[^\0-\x7f]/.test(name));
    if (codeOf(error) !== NOT_IN_ENCODING || foreign.length === 0) {
      throw error;
    }
    // What the database cannot spell is no role that it allows.
    const changes = await ask(wanted.memberOf.filter((name) => !foreign.includes(name)));
    return { ...changes, skipped: [...changes.skipped, ...foreign] };
  }
}
