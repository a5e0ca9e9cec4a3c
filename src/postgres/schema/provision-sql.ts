// The part of a server in which roles follow tokens: schema pgtoken, as a superuser makes it.
//
// Whatever must not happen is refused here, by PostgreSQL: who holds the role of the daemon can call pgtoken.provision() and nothing
// else of it. So no value of a caller is ever a part of a statement but through %I and %L, no name is cut (a cut name is
// another role), and no name is looked up outside of pg_catalog but by its schema.
import { PROVISION_SETTINGS } from '../../values/provision-settings.ts';
import { identifier } from '../quote-sql.ts';
import { guardTableSQL } from './guard-table.ts';
import { HBA_REMOVAL, hbaSQL } from './hba-sql.ts';
import { retireSQL, retireTablesSQL } from './retire-sql.ts';
import { NOT_REVOKED, SCHEMA_VERSION } from './terms.ts';

/** Milliseconds: who is a role may hold up changes of it, by a transaction in which it changes its own settings or password. */
const ALTER_LOCK_TIMEOUT = 150;

/** Predefined roles by which the server's user runs programs, or reads and writes files: as good as a superuser. */
const NEVER_GRANTED = [
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
];

/** In pgtoken.provision(): whether the name is never that of a role that it makes. */
const RESERVED =
  "login IN ('public', 'none', 'pgtoken') OR starts_with(login, 'pg_') OR starts_with(login, 'pgtoken_')";

const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** The names and types of `pgtoken.provision`, for what tells of the function. */
const PROVISION_TYPES = 'integer, text, boolean, text[], boolean, integer, text[], text[], boolean';

/**
 * SQL that makes the schema. It may be run again, and then replaces the functions and leaves what is allowed.
 *
 * @param role as which the daemon connects; exists by then.
 */
export function provisionSQL(role: string): string {
  return `
-- Lets the daemon make roles at login and grant them what pgtoken.allow() names, in the servers of entries with \`provision\`. Run it in
-- the database that \`connection\` of the server names.
--
-- pgtoken_managed marks the roles that were made so; no other is ever altered. pgtoken_owner makes and grants. From PostgreSQL 16 on it
-- is no superuser, and has ADMIN on what is allowed and on the roles that it made. Before 16 there is no such right: there it IS A
-- SUPERUSER, without login, and what it may do is what the function below lets it do.
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
DO $pgtoken$
DECLARE
  is_exact CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RAISE EXCEPTION 'this is for a superuser';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgtoken_managed') THEN
    CREATE ROLE pgtoken_managed;
  END IF;
  ALTER ROLE pgtoken_managed NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOLOGIN;
  COMMENT ON ROLE pgtoken_managed IS 'marks roles that pgtoken has made; has no rights';
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgtoken_owner') THEN
    CREATE ROLE pgtoken_owner;
  END IF;
  -- Somebody else may have made them first, to have what they will be able to do.
  IF EXISTS (
    SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
    WHERE NOT r.rolsuper AND r.rolname <> 'pgtoken_owner'
      AND (m.roleid = 'pgtoken_owner'::regrole OR m.roleid = 'pgtoken_managed'::regrole AND m.admin_option)
  ) THEN
    RAISE EXCEPTION 'pgtoken_owner has members, or somebody has pgtoken_managed WITH ADMIN OPTION; expected nobody';
  END IF;
  IF EXISTS (SELECT FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'pgtoken' AND NOT r.rolsuper) THEN
    RAISE EXCEPTION 'there is a schema pgtoken that is not of a superuser';
  END IF;
  IF is_exact THEN
    ALTER ROLE pgtoken_owner NOSUPERUSER CREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS NOLOGIN NOINHERIT PASSWORD NULL;
    GRANT pgtoken_managed TO pgtoken_owner WITH ADMIN OPTION;
    EXECUTE 'GRANT pgtoken_managed TO pgtoken_owner WITH INHERIT FALSE, SET FALSE';
  ELSE
    ALTER ROLE pgtoken_owner SUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS NOLOGIN PASSWORD NULL;
  END IF;
  COMMENT ON ROLE pgtoken_owner IS 'owner of pgtoken.provision(): makes roles that follow tokens';
END
$pgtoken$;

CREATE SCHEMA IF NOT EXISTS pgtoken;
REVOKE ALL ON SCHEMA pgtoken FROM PUBLIC;
COMMENT ON SCHEMA pgtoken IS 'roles that follow tokens (pgtoken), version ${SCHEMA_VERSION}';

-- What may be granted. A role of another name, or another role of that name, is another role.
CREATE TABLE IF NOT EXISTS pgtoken.allowed_roles (
  role_id oid PRIMARY KEY,
  role_name text NOT NULL
);
-- Locked by whoever writes, so that one waits for the other. Advisory locks would be anybody's to hold.
CREATE TABLE IF NOT EXISTS pgtoken.turn ();
-- pg_write_all_data is a right to write these as well, and what may be granted is for superusers to say. Not even by replication.
CREATE OR REPLACE FUNCTION pgtoken.refuse_writers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RAISE EXCEPTION 'table pgtoken.% is for superusers to write', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege', HINT = CASE TG_TABLE_NAME
        WHEN 'retirement' THEN 'Let a superuser call pgtoken.allow_retirement() or pgtoken.disallow_retirement().'
        WHEN 'allowed_roles' THEN 'Let a superuser call pgtoken.allow() or pgtoken.disallow().'
        ELSE 'It is empty, and locked by who writes: there is nothing to write to it.'
      END;
  END IF;
  RETURN NULL;
END
$pgtoken$;
${guardTableSQL('allowed_roles', 'refuse_writers')}
${guardTableSQL('turn', 'refuse_writers')}
GRANT USAGE ON SCHEMA pgtoken TO pgtoken_owner;

CREATE OR REPLACE FUNCTION pgtoken.version() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$ SELECT ${SCHEMA_VERSION} $pgtoken$;

${retireTablesSQL()}
-- What of it is still there under the name by which it was allowed. \`is_plain\`: it has no attribute, no membership and no part in
-- pgtoken, so that pgtoken.power_of() need not be asked.
CREATE OR REPLACE VIEW pgtoken.grantable AS
  SELECT r.oid AS role_id, a.role_name,
    NOT (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls)
      AND NOT starts_with(a.role_name, 'pg_') AND NOT starts_with(a.role_name, 'pgtoken_')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid OFFSET 0) AS is_plain
  FROM pgtoken.allowed_roles a CROSS JOIN LATERAL (
    SELECT r.oid, r.rolsuper, r.rolcreaterole, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r
    WHERE r.oid = a.role_id AND r.rolname::text = a.role_name OFFSET 0
  ) AS r;

-- Why a role must not be granted, whoever allowed it: what it has, or gets by its own memberships. NULL: nothing is in the way.
CREATE OR REPLACE FUNCTION pgtoken.power_of(candidate oid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  RETURN (WITH RECURSIVE reached (id) AS (
    SELECT candidate
    UNION
    SELECT m.roleid FROM reached JOIN pg_auth_members m ON m.member = reached.id
  ), named (id) AS (
    -- A predefined role that is allowed by its name brings those that it is a member of.
    SELECT candidate
    UNION
    SELECT m.roleid
    FROM named JOIN pg_auth_members m ON m.member = named.id JOIN pg_roles r ON r.oid = named.id
    WHERE NOT (starts_with(r.rolname::text, 'pg_') AND EXISTS (SELECT FROM pgtoken.grantable g WHERE g.role_id = r.oid))
  ), found (reason) AS (
    SELECT CASE
      WHEN r.rolsuper THEN format('%I is a superuser', r.rolname)
      WHEN r.rolcreaterole THEN format('%I has CREATEROLE', r.rolname)
      WHEN r.rolreplication THEN format('%I has REPLICATION', r.rolname)
      WHEN r.rolbypassrls THEN format('%I has BYPASSRLS', r.rolname)
      WHEN r.rolname IN (${list(NEVER_GRANTED)}) THEN format('%I is as good as a superuser', r.rolname)
      -- Before 15 every role may hand itself on: who is a member of one that pgtoken made is none of them for that.
      WHEN r.oid = candidate AND (r.rolname = 'pgtoken_managed' OR EXISTS (
        SELECT FROM pg_auth_members m WHERE m.roleid = 'pgtoken_managed'::regrole AND m.member = candidate
      )) OR r.rolname = 'pgtoken_owner' OR EXISTS (
        SELECT FROM pg_proc p CROSS JOIN aclexplode(p.proacl) a
        WHERE p.proname = 'provision' AND p.pronamespace = 'pgtoken'::regnamespace AND a.grantee = r.oid
      ) THEN format('%I is a role of pgtoken, or made by it', r.rolname)
      WHEN starts_with(r.rolname::text, 'pg_') AND r.oid IN (SELECT id FROM named) AND NOT EXISTS (SELECT FROM pgtoken.grantable g WHERE g.role_id = r.oid)
        THEN format('%I is predefined, and not allowed by its name', r.rolname)
    END
    FROM reached JOIN pg_roles r ON r.oid = reached.id
  )
  SELECT min(reason) FROM found);
END
$pgtoken$;

-- For superusers: which roles the daemon may grant.
CREATE OR REPLACE FUNCTION pgtoken.allow(role_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  found_id oid := (SELECT oid FROM pg_roles WHERE rolname::text = allow.role_name);
  power text;
BEGIN
  IF found_id IS NULL THEN
    RAISE EXCEPTION 'role % does not exist', quote_nullable(allow.role_name) USING ERRCODE = 'undefined_object';
  END IF;
  DELETE FROM pgtoken.allowed_roles a WHERE a.role_name = allow.role_name OR a.role_id = found_id;
  INSERT INTO pgtoken.allowed_roles (role_id, role_name) VALUES (found_id, allow.role_name);
  power := pgtoken.power_of(found_id);
  IF power IS NOT NULL THEN
    RAISE EXCEPTION 'role % must not be granted by pgtoken: %', quote_ident(allow.role_name), power
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF current_setting('server_version_num')::integer >= 160000 THEN
    EXECUTE format('GRANT %I TO pgtoken_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', allow.role_name);
  END IF;
END
$pgtoken$;

-- The other way: it is taken at once from those to whom pgtoken has granted it.
CREATE OR REPLACE FUNCTION pgtoken.disallow(role_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  target record;
  member_name text;
BEGIN
  -- The role may have another name by now, and another role that name.
  FOR target IN
    SELECT r.oid AS id, r.rolname AS name FROM pg_roles r
    WHERE r.rolname::text = disallow.role_name
      OR r.oid IN (SELECT a.role_id FROM pgtoken.allowed_roles a WHERE a.role_name = disallow.role_name)
  LOOP
    DELETE FROM pgtoken.allowed_roles a WHERE a.role_id = target.id;
    FOR member_name IN
      SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
      WHERE m.roleid = target.id AND m.grantor = 'pgtoken_owner'::regrole
    LOOP
      EXECUTE format('REVOKE %I FROM %I GRANTED BY pgtoken_owner', target.name, member_name);
    END LOOP;
    IF current_setting('server_version_num')::integer >= 160000 THEN
      EXECUTE format('REVOKE %I FROM pgtoken_owner', target.name);
    END IF;
  END LOOP;
  DELETE FROM pgtoken.allowed_roles a WHERE a.role_name = disallow.role_name;
END
$pgtoken$;

-- What is allowed, and why it is not granted all the same.
CREATE OR REPLACE FUNCTION pgtoken.allowed(OUT role_name text, OUT not_granted_because text) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
  SELECT a.role_name, CASE
    WHEN NOT EXISTS (SELECT FROM pgtoken.grantable g WHERE g.role_id = a.role_id) THEN 'there is no such role any more'
    ELSE pgtoken.power_of(a.role_id)
  END
  FROM pgtoken.allowed_roles a ORDER BY a.role_name
$pgtoken$;

-- For the daemon: brings one role to what its token says, and writes nothing where nothing differs. What is revoked stays revoked if
-- something behind it fails, of which \`failed\` tells; a role that is new is made as a whole or not at all.
CREATE OR REPLACE FUNCTION pgtoken.provision(
  wanted_version integer,
  login text,
  may_create boolean,
  member_of text[],
  may_revoke boolean,
  connection_limit integer,
  setting_names text[],
  setting_values text[],
  only_plan boolean,
  OUT created boolean,
  OUT granted text[],
  OUT revoked text[],
  OUT skipped text[],
  OUT altered text[],
  OUT is_standby boolean,
  OUT failed text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
-- It runs at each login, mostly to find that nothing differs: planned once, and by indexes, as when there are many roles.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $pgtoken$
DECLARE
  is_exact CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
  owner_id CONSTANT oid := to_regrole('pgtoken_owner');
  marker_id CONSTANT oid := to_regrole('pgtoken_managed');
  known record;
  setting record;
  wanted oid[];
  wanted_names text[];
  name text;
  usual_lock_timeout text;
BEGIN
  IF wanted_version IS NULL OR wanted_version > ${SCHEMA_VERSION} THEN
    RAISE EXCEPTION 'schema pgtoken has version ${SCHEMA_VERSION}, and the daemon expects %', wanted_version
      USING ERRCODE = 'PT002', HINT = 'Let a superuser run what "pgtoken database sql --provision" prints.';
  END IF;
  -- Mostly nothing differs, which one statement tells. What it is not sure of, and whatever is refused, is for what follows.
  SELECT false, '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[], pg_is_in_recovery()
    INTO created, granted, revoked, skipped, altered, is_standby
    FROM pg_roles r CROSS JOIN LATERAL (
      SELECT bool_or(m.roleid = marker_id) AS is_managed,
        count(*) FILTER (WHERE ours.is_wanted AND (m.grantor = owner_id OR NOT is_exact)) AS has,
        count(*) FILTER (WHERE m.grantor = owner_id AND m.roleid <> marker_id AND ours.is_wanted IS NOT TRUE) AS has_besides
      FROM pg_auth_members m LEFT JOIN LATERAL (
        SELECT g.is_plain AND g.role_name = ANY (member_of)
          AND NOT has_function_privilege(g.role_id, 'pgtoken.provision(${PROVISION_TYPES})'::regprocedure, 'EXECUTE') AS is_wanted
        FROM pgtoken.grantable g WHERE g.role_id = m.roleid
      ) AS ours ON true
      WHERE m.member = r.oid
    ) AS membership
    WHERE r.rolname = login::name AND r.rolname::text = login AND login ~ '^[ -~]+$'
      AND NOT (${RESERVED})
      AND NOT (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls)
      AND NOT only_plan AND may_create IS NOT NULL AND membership.is_managed
      AND membership.has = cardinality(member_of) AND (NOT may_revoke OR may_revoke AND membership.has_besides = 0)
      AND (connection_limit IS NULL OR r.rolconnlimit = connection_limit)
      AND cardinality(setting_names) = cardinality(setting_values) AND NOT EXISTS (
        SELECT FROM unnest(setting_names, setting_values) AS s (name, value)
        WHERE (s.name IN (${list(PROVISION_SETTINGS)}) AND s.name || '=' || s.value = ANY (r.rolconfig)) IS NOT TRUE);
  IF FOUND THEN
    RETURN;
  END IF;
  IF login IS NULL OR may_create IS NULL OR may_revoke IS NULL OR only_plan IS NULL OR member_of IS NULL
    OR array_position(member_of, NULL) IS NOT NULL OR cardinality(setting_names) IS DISTINCT FROM cardinality(setting_values)
    OR setting_names IS NULL OR array_position(setting_values, NULL) IS NOT NULL OR connection_limit < -1
  THEN
    RAISE EXCEPTION 'something is missing in the call of pgtoken.provision' USING ERRCODE = 'PT001';
  END IF;
  IF octet_length(login) NOT BETWEEN 1 AND 63 OR login ~ '[\\u0001-\\u001f\\u007f]' THEN
    RAISE EXCEPTION 'a name of % bytes; expected a role name of 1 to 63 bytes without control characters', octet_length(login)
      USING ERRCODE = 'PT001';
  END IF;
  IF ${RESERVED} THEN
    RAISE EXCEPTION 'role % is never made or altered: its name is reserved', quote_ident(login) USING ERRCODE = 'PT001';
  END IF;
  IF login ~ '[^\\u0001-\\u007f]' AND getdatabaseencoding() NOT IN ('UTF8', 'SQL_ASCII') THEN
    -- The name at login is bytes, and would be others here.
    RAISE EXCEPTION 'role % is not ASCII, and the database is in %; expected UTF8', quote_ident(login), getdatabaseencoding()
      USING ERRCODE = 'PT001';
  END IF;
  FOREACH name IN ARRAY setting_names LOOP
    IF name IS NULL OR name NOT IN (
      ${list(PROVISION_SETTINGS)}
    ) THEN
      RAISE EXCEPTION 'setting % is none of those that pgtoken may set', quote_nullable(name) USING ERRCODE = 'PT001';
    END IF;
  END LOOP;
  is_standby := pg_is_in_recovery();

  -- First to see whether something differs; then once more, when nobody else writes.
  FOR pass IN 1..2 LOOP
    created := false;
    SELECT r.oid, r.rolsuper, r.rolcreaterole, r.rolreplication, r.rolbypassrls, r.rolconnlimit,
      EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = marker_id AND m.member = r.oid) AS is_managed
      INTO known FROM pg_roles r WHERE r.rolname = login::name;
    IF NOT FOUND THEN
      IF NOT may_create THEN
        RAISE EXCEPTION 'role % does not exist, and the entry makes none (provision.create)', quote_ident(login)
          USING ERRCODE = 'PT003';
      ELSIF is_standby THEN
        RAISE EXCEPTION 'role % does not exist, and the server is a standby, on which none can be made', quote_ident(login)
          USING ERRCODE = 'PT003', HINT = 'Log in to the primary first; the role is on the standby a moment later.';
      END IF;
      created := true;
    ELSIF NOT known.is_managed THEN
      RAISE EXCEPTION 'role % was not made by pgtoken, and is left alone', quote_ident(login)
        USING ERRCODE = 'PT001', HINT = 'Drop it, or mark it as docs/operate/roles.md says.';
    ELSIF known.rolsuper OR known.rolcreaterole OR known.rolreplication OR known.rolbypassrls THEN
      RAISE EXCEPTION 'role % has SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS, and is left alone', quote_ident(login)
        USING ERRCODE = 'PT001', HINT = 'Take the attribute away.';
    END IF;

    -- By whole names: what is too long is no role. What is not asked for is not looked up.
    wanted := '{}'; wanted_names := '{}'; skipped := '{}'; granted := '{}'; revoked := '{}'; altered := '{}';
    IF member_of <> '{}' THEN
      SELECT coalesce(array_agg(g.role_id), '{}'), coalesce(array_agg(g.role_name), '{}') INTO wanted, wanted_names
        FROM pgtoken.grantable g
        WHERE g.role_name = ANY (member_of) AND CASE
          -- That of the daemon is none that is granted.
          WHEN g.is_plain AND NOT has_function_privilege(g.role_id, 'pgtoken.provision(${PROVISION_TYPES})'::regprocedure, 'EXECUTE') THEN true
          ELSE pgtoken.power_of(g.role_id) IS NULL
        END;
      IF NOT member_of <@ wanted_names THEN
        SELECT coalesce(array_agg(DISTINCT w ORDER BY w), '{}') INTO skipped
          FROM unnest(member_of) AS w WHERE w <> ALL (wanted_names);
      END IF;
      -- Before 16 a membership is one, whoever granted it.
      SELECT coalesce(array_agg(w.name ORDER BY w.name), '{}') INTO granted
        FROM unnest(wanted, wanted_names) AS w (id, name)
        WHERE NOT EXISTS (
          SELECT FROM pg_auth_members m
          WHERE m.roleid = w.id AND m.member = known.oid AND (m.grantor = owner_id OR NOT is_exact) OFFSET 0);
    END IF;
    IF may_revoke THEN
      SELECT coalesce(array_agg(r.rolname::text ORDER BY r.rolname), '{}') INTO revoked
        FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        WHERE m.member = known.oid AND m.grantor = owner_id AND m.roleid <> marker_id AND m.roleid <> ALL (wanted);
    END IF;
    IF setting_names <> '{}' THEN
      SELECT coalesce(array_agg(s.name ORDER BY s.name), '{}') INTO altered
        FROM unnest(setting_names, setting_values) AS s (name, value)
        WHERE NOT EXISTS (
          SELECT FROM pg_db_role_setting d
          WHERE d.setrole = known.oid AND d.setdatabase = 0 AND format('%s=%s', s.name, s.value) = ANY (d.setconfig) OFFSET 0);
    END IF;
    IF connection_limit <> known.rolconnlimit THEN
      altered := array_append(altered, 'CONNECTION LIMIT');
    END IF;

    IF is_standby THEN
      granted := '{}'; revoked := '{}'; altered := '{}';
    END IF;
    EXIT WHEN only_plan OR NOT created AND granted || revoked || altered = '{}';
    BEGIN
      IF pass = 1 THEN
        LOCK TABLE pgtoken.turn IN EXCLUSIVE MODE;
      ELSE
        FOREACH name IN ARRAY revoked LOOP
          EXECUTE format('REVOKE %I FROM %I GRANTED BY pgtoken_owner', name, login);
        END LOOP;
      END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      IF revoked = '{}' THEN
        RAISE;
      END IF;
      RAISE EXCEPTION 'a membership cannot be revoked: %', SQLERRM
        USING ERRCODE = '${NOT_REVOKED}', HINT = 'Something may hold a lock that is needed: see pg_locks.';
    END;
    CONTINUE WHEN pass = 1;

    IF created THEN
      EXECUTE format(
        'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT %s',
        login, coalesce(connection_limit, -1));
      EXECUTE format('GRANT pgtoken_managed TO %I%s', login, CASE WHEN is_exact THEN ' WITH INHERIT FALSE, SET FALSE' ELSE '' END);
      INSERT INTO pgtoken.logins AS l (role_id, role_name, made, counted_from, kept_out)
        SELECT r.oid, r.rolname::text, clock_timestamp(), clock_timestamp(), false FROM pg_roles r WHERE r.rolname = login::name
        ON CONFLICT (role_id) DO UPDATE SET role_name = EXCLUDED.role_name, made = EXCLUDED.made, counted_from = EXCLUDED.counted_from,
          last_login = NULL, entry = NULL, subject = NULL, retired = NULL, kept_out = false;
    END IF;
    BEGIN
      FOREACH name IN ARRAY granted LOOP
        EXECUTE format('GRANT %I TO %I%s', name, login, CASE WHEN is_exact THEN ' WITH ADMIN FALSE, INHERIT TRUE, SET TRUE' ELSE '' END);
      END LOOP;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      IF created THEN
        RAISE;
      END IF;
      failed := SQLERRM;
      granted := '{}';
    END;
    usual_lock_timeout := current_setting('lock_timeout');
    BEGIN
      PERFORM set_config('lock_timeout', '${ALTER_LOCK_TIMEOUT}', true);
      IF NOT created AND 'CONNECTION LIMIT' = ANY (altered) THEN
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', login, connection_limit);
      END IF;
      FOR setting IN SELECT s.name, s.value FROM unnest(setting_names, setting_values) AS s (name, value) WHERE s.name = ANY (altered) LOOP
        EXECUTE format('ALTER ROLE %I SET %I TO %L', login, setting.name, setting.value);
      END LOOP;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      IF created THEN
        RAISE;
      END IF;
      failed := concat_ws('; ', failed, SQLERRM);
      altered := '{}';
    END;
    PERFORM set_config('lock_timeout', usual_lock_timeout, true);
  END LOOP;
END
$pgtoken$;
ALTER FUNCTION pgtoken.provision(${PROVISION_TYPES}) OWNER TO pgtoken_owner;
DO $pgtoken$
DECLARE
  name text;
BEGIN
  IF current_setting('server_version_num')::integer >= 160000 THEN
    -- Whoever calls it could set it, and have pgtoken_owner take on the roles that it makes.
    ALTER FUNCTION pgtoken.provision(${PROVISION_TYPES}) SET createrole_self_grant = '';
    -- After an upgrade from a version before 16: what is allowed is a right there.
    FOR name IN SELECT g.role_name FROM pgtoken.grantable g LOOP
      EXECUTE format('GRANT %I TO pgtoken_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', name);
    END LOOP;
  END IF;
END
$pgtoken$;

REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken FROM PUBLIC;
GRANT SELECT ON pgtoken.allowed_roles, pgtoken.grantable TO pgtoken_owner;
GRANT UPDATE ON pgtoken.turn TO pgtoken_owner;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgtoken FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.power_of(oid) TO pgtoken_owner;
GRANT USAGE ON SCHEMA pgtoken TO ${identifier(role)};
GRANT EXECUTE ON FUNCTION pgtoken.version() TO ${identifier(role)};
GRANT EXECUTE ON FUNCTION pgtoken.provision(${PROVISION_TYPES}) TO ${identifier(role)};
${retireSQL(role)}${hbaSQL(role)}COMMIT;
`;
}

/** SQL that takes it back: what was granted by it is revoked; the roles that it made stay, as they may own something. */
export function provisionRemovalSQL(): string {
  return `BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
DROP SCHEMA IF EXISTS pgtoken CASCADE;
DO $pgtoken$
DECLARE
  given record;
BEGIN
  IF to_regrole('pgtoken_owner') IS NOT NULL THEN
    ${HBA_REMOVAL}
    FOR given IN
      SELECT g.rolname AS role_name, r.rolname AS member_name
      FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
      WHERE m.grantor = 'pgtoken_owner'::regrole
    LOOP
      EXECUTE format('REVOKE %I FROM %I GRANTED BY pgtoken_owner', given.role_name, given.member_name);
    END LOOP;
  END IF;
END
$pgtoken$;
DROP ROLE IF EXISTS pgtoken_owner, pgtoken_managed;
COMMIT;
`;
}
