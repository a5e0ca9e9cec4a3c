// What a superuser runs once in each server that the daemon may act on. Printed for review, never run by the daemon.
import { provisionRemovalSQL } from './schema/provision-sql.ts';
import { identifier, literal } from './quote-sql.ts';

/** SQL for psql, and for any other client: it may be run again, and then changes what is not as it should be. */
export function databaseSQL(role: string): string {
  // What no part of the role ends.
  const quotes = role.includes('$pgtoken$') ? `$pgtoken_${'_'.repeat(role.length)}$` : '$pgtoken$';
  return `-- Lets the daemon of pgtoken see sessions and end them, as role ${comment(role)}. Run it as a superuser, once in each
-- server (any database will do), and again after an upgrade of pgtoken or of PostgreSQL.
--
-- The role has no password and needs a line of its own in pg_hba.conf, above lines that match everybody:
--   local  all  ${hbaName(role)}  peer
DO ${quotes}
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}) THEN
    CREATE ROLE ${identifier(role)};
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)} AND (rolsuper OR rolreplication)) THEN
    RAISE EXCEPTION 'role % is a superuser, or replicates: it is not one for pgtoken', ${literal(role)};
  END IF;
  -- Two connections, and room for the next ones while the server has not noticed that the last are lost.
  ALTER ROLE ${identifier(role)} LOGIN INHERIT NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 6 PASSWORD NULL;
  COMMENT ON ROLE ${identifier(role)} IS 'the daemon of pgtoken, which sees sessions and ends them';
  -- To end sessions, but for those of superusers, and to see when each was started, without which it ends none.
  GRANT pg_signal_backend, pg_read_all_stats TO ${identifier(role)};
  -- So that it can do so while the server has no other connection left.
  IF pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN
    GRANT pg_use_reserved_connections TO ${identifier(role)};
  END IF;
END
${quotes};
`;
}

/** SQL that takes it all back. */
export function removalSQL(role: string): string {
  return `-- Takes back what "pgtoken database sql" gives. Take what needs it out of issuers.yaml first: provision, and sessions.
${provisionRemovalSQL()}DROP ROLE IF EXISTS ${identifier(role)};
`;
}

/** Without what would end the comment. */
function comment(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

function hbaName(text: string): string {
  // "all" without quotes would be everybody.
  return /^[a-z_][a-z0-9_]*$/.test(text) && text !== 'all' ? text : `"${comment(text)}"`;
}
