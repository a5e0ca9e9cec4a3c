// The roles of a server that a token could log in as and that matter: those that rules name, and those that could do harm.
import type { ClientBase } from 'pg';
import * as z from 'zod/mini';
import { quote } from '../../quote.ts';

/** A role, as far as it is of interest. */
export interface DatabaseRole {
  readonly name: string;
  readonly mayLogIn: boolean;
  readonly isSuperuser: boolean;
  /** What makes a role that is no superuser as good as one, such as `REPLICATION`. */
  readonly powers: readonly string[];
  /** VALID UNTIL, where that is over; Unix time in seconds. */
  readonly expiredAt: number | undefined;
}

/**
 * NAMEDATALEN - 1 of PostgreSQL, in bytes. Not that of roles/check-role.ts, though the same: sharing it would take the program
 * that starts for each login apart into several files.
 */
export const MAX_ROLE_BYTES = 63;
/** A cut never splits a character of UTF-8, so that up to three bytes fewer may be left. */
export const MIN_CUT_BYTES = MAX_ROLE_BYTES - 3;
/** More would be a server of another kind, and nobody would read what is said of them. */
const MAX_ROLES = 1000;

/** Predefined roles whose members may run programs, or read and write any file, as the server's user. */
const PREDEFINED = ['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files'];
const ATTRIBUTES = [
  ['superuser', 'SUPERUSER'],
  ['createRole', 'CREATEROLE'],
  ['replication', 'REPLICATION'],
  ['bypassRLS', 'BYPASSRLS'],
] as const;

const attributes = {
  name: z.string(),
  superuser: z.boolean(),
  createRole: z.boolean(),
  replication: z.boolean(),
  bypassRLS: z.boolean(),
};
const rows = z.array(
  z.object({
    ...attributes,
    mayLogIn: z.boolean(),
    expiredAt: z.nullable(z.number()),
    groups: z.array(z.object(attributes)),
  }),
);

/**
 * Whether a role may take on another, or has its rights: from 16 on a membership may give neither, and pg_has_role knows
 * memberships of memberships.
 */
const MEMBER_BEFORE_16 = "pg_has_role(r.oid, g.oid, 'MEMBER')";
const MEMBER =
  "pg_has_role(r.oid, g.oid, 'SET') or pg_has_role(r.oid, g.oid, 'MEMBER WITH ADMIN OPTION') or (g.rolname = any($3) and pg_has_role(r.oid, g.oid, 'USAGE'))";

function selectRoles(version: number): string {
  return `
with granting as (
  select * from pg_roles
  where rolsuper or rolcreaterole or rolreplication or rolbypassrls or rolname = any($3)
), login as (
  select r.oid, r.rolname::text as name, r.rolcanlogin as "mayLogIn", r.rolsuper as superuser,
    r.rolcreaterole as "createRole", r.rolreplication as replication, r.rolbypassrls as "bypassRLS",
    case when r.rolvaliduntil <= now() then extract(epoch from r.rolvaliduntil)::float8 end as "expiredAt",
    (select coalesce(json_agg(json_build_object('name', g.rolname::text, 'superuser', g.rolsuper,
      'createRole', g.rolcreaterole, 'replication', g.rolreplication, 'bypassRLS', g.rolbypassrls) order by g.rolname), '[]')
     from granting g
     where not r.rolsuper and g.oid <> r.oid and (${version >= 160_000 ? MEMBER : MEMBER_BEFORE_16})) as groups
  from pg_roles r
  where r.rolcanlogin or r.rolname = any($1::text[])
)
select name, "mayLogIn", superuser, "createRole", replication, "bypassRLS", "expiredAt", groups
from login
where name = any($1::text[]) or octet_length(name) >= $2
  or superuser or "createRole" or replication or "bypassRLS" or "expiredAt" is not null or json_array_length(groups) > 0
order by name = any($1::text[]) desc, name
limit ${MAX_ROLES}`;
}

/**
 * @param names that rules have.
 * @param version as in server_version_num.
 * @returns those of the names that exist, and roles that may log in and are superusers, as good as that, past their VALID UNTIL,
 * or of a name that may have been cut.
 */
export async function readRoles(
  client: Pick<ClientBase, 'query'>,
  names: readonly string[],
  version: number,
): Promise<readonly DatabaseRole[]> {
  const result = await client.query(selectRoles(version), [names, MIN_CUT_BYTES, PREDEFINED]);
  return rows.parse(result.rows).map((row) => ({
    name: row.name,
    mayLogIn: row.mayLogIn,
    isSuperuser: row.superuser,
    powers: row.superuser ? [] : [...attributesOf(row), ...row.groups.map(describeGroup)],
    expiredAt: row.expiredAt ?? undefined,
  }));
}

type Attributes = Readonly<Record<(typeof ATTRIBUTES)[number][0], boolean>>;

function attributesOf(row: Attributes): string[] {
  return ATTRIBUTES.flatMap(([member, word]) => (row[member] ? [word] : []));
}

function describeGroup(group: Attributes & { readonly name: string }): string {
  const words = attributesOf(group).join(', ');
  return `a member of ${quote(group.name)}${words === '' ? '' : ` (${words})`}`;
}
