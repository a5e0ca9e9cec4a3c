// Managed roles as a server knows them, and retiring those that are unused: schema pgtoken decides, and says why not.
import * as z from 'zod/mini';
import { SCHEMA_VERSION } from './schema/terms.ts';
import type { ServerClient } from './server-client.ts';

/** A role that pgtoken has made, or that a superuser has handed over to it. Times are Unix time in seconds; null: not known. */
export interface ManagedRole {
  readonly role: string;
  /** The entry of the last login. */
  readonly entry: string | null;
  /** The subject of its token. */
  readonly subject: string | null;
  readonly memberOf: readonly string[];
  readonly made: number | null;
  readonly lastLogin: number | null;
  readonly retired: number | null;
  readonly canLogin: boolean;
  readonly sessions: number;
}

/** What is to be done with a role that is unused. */
export interface RetirementStep {
  readonly id: string;
  readonly role: string;
  readonly entry: string | null;
  readonly subject: string | null;
  readonly lastLogin: number | null;
  /** `retire`: set NOLOGIN; `drop`: it was retired before. */
  readonly step: 'retire' | 'drop' | 'keep';
  /** Why it is kept; null otherwise. */
  readonly because: string | null;
}

const seconds = (column: string): string => `extract(epoch FROM ${column})::float8`;

const ROLES = `
SELECT role_name AS role, entry, subject, member_of AS "memberOf", ${seconds('made')} AS made,
  ${seconds('last_login')} AS "lastLogin", ${seconds('retired')} AS retired, can_login AS "canLogin", sessions
FROM pgtoken.roles($1::integer)`;

const PLAN = `
SELECT role_id::text AS id, role_name AS role, entry, subject, ${seconds('last_login')} AS "lastLogin", step, because
FROM pgtoken.plan_retirement($1::integer, make_interval(secs => $2::float8), $3::boolean)`;

const RETIRE =
  'SELECT because FROM pgtoken.retire($1::integer, make_interval(secs => $2::float8), $3::oid, $4::text, $5::boolean)';

const text = z.nullable(z.string());
const time = z.nullable(z.number());
const roleRows = z.array(
  z.object({
    role: z.string(),
    entry: text,
    subject: text,
    memberOf: z.array(z.string()),
    made: time,
    lastLogin: time,
    retired: time,
    canLogin: z.boolean(),
    sessions: z.int(),
  }),
);
const stepRows = z.array(
  z.object({
    id: z.string(),
    role: z.string(),
    entry: text,
    subject: text,
    lastLogin: time,
    step: z.enum(['retire', 'drop', 'keep']),
    because: text,
  }),
);
const retireRows = z.tuple([z.object({ because: text })]);

/** Rejects with a `ServerError`. */
export async function listManagedRoles(
  server: Pick<ServerClient, 'query'>,
): Promise<readonly ManagedRole[]> {
  return roleRows.parse(await server.query(ROLES, [SCHEMA_VERSION]));
}

/**
 * Asks what would be done with roles that are unused. Rejects with a `ServerError`, also where nothing may be done at all.
 *
 * @param unused seconds.
 */
export async function planRetirement(
  server: Pick<ServerClient, 'query'>,
  unused: number,
  wantsDrop: boolean,
): Promise<readonly RetirementStep[]> {
  return stepRows.parse(await server.query(PLAN, [SCHEMA_VERSION, unused, wantsDrop]));
}

/**
 * Takes a step of a plan, which is looked at again then. Rejects with a `ServerError`.
 *
 * @param unused seconds, as in the plan.
 * @returns why nothing was done; null: it was.
 */
export async function retireRole(
  server: Pick<ServerClient, 'query'>,
  unused: number,
  { id, role, step }: Pick<RetirementStep, 'id' | 'role' | 'step'>,
): Promise<string | null> {
  const [{ because }] = retireRows.parse(
    await server.query(RETIRE, [SCHEMA_VERSION, unused, id, role, step === 'drop']),
  );
  return because;
}
