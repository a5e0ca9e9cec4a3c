// The part of schema pgtoken that knows when roles were last logged in to, and retires those that are not used any more.
//
// The times are the server's own, whatever a caller says; nobody can take a record away. What a superuser has not allowed
// (pgtoken.allow_retirement) is refused, whoever asks. A role is set NOLOGIN first, which can be undone, and dropped by a later
// call, when nobody can be logging in to it any more. What keeps a role is said, and never worked around.
import { PROVISION_SETTINGS } from '../../values/provision-settings.ts';
import { identifier, literal } from '../quote-sql.ts';
import { guardTableSQL } from './guard-table.ts';
import { MAX_RECORDED, MAX_RECORDED_LENGTH, SCHEMA_VERSION } from './terms.ts';

/** What the records are kept in: made before the functions that write them. */
export function retireTablesSQL(): string {
  return `
-- When the roles that are managed were last logged in to. \`counted_from\`: since when a role without a login counts as unused;
-- \`kept_out\`: it was NOLOGIN when last looked at. A row is for the role that has both its OID and its name: a dump brings rows back,
-- and by then an OID may be another role's.
CREATE TABLE IF NOT EXISTS pgtoken.logins (
  role_id oid PRIMARY KEY,
  role_name text NOT NULL,
  made timestamptz,
  counted_from timestamptz NOT NULL,
  last_login timestamptz,
  entry text,
  subject text,
  retired timestamptz,
  kept_out boolean NOT NULL
);
-- Since when logins have been recorded without a pause, and when the daemon last did.
CREATE TABLE IF NOT EXISTS pgtoken.recording (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  since timestamptz NOT NULL,
  last timestamptz NOT NULL
);
-- What may be done with unused roles; without a row, nothing.
CREATE TABLE IF NOT EXISTS pgtoken.retirement (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  unused interval NOT NULL CHECK (unused >= interval '7 days'),
  may_drop boolean NOT NULL
);
${guardTableSQL('retirement', 'refuse_writers')}
-- The functions below run as pgtoken_owner, as whom nobody can log in.
CREATE OR REPLACE FUNCTION pgtoken.refuse_other_writers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  IF current_user <> 'pgtoken_owner' AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    RAISE EXCEPTION 'table pgtoken.% is written by pgtoken alone', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END
$pgtoken$;
${guardTableSQL('logins', 'refuse_other_writers')}
${guardTableSQL('recording', 'refuse_other_writers')}
-- Roles with the mark; pgtoken_owner has it to hand on.
CREATE OR REPLACE VIEW pgtoken.managed AS
  SELECT r.oid AS role_id, r.rolname::pg_catalog.text AS role_name, r.rolcanlogin AS can_login,
    r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls AS is_mighty
  FROM pg_catalog.pg_roles r
  WHERE r.rolname <> 'pgtoken' AND NOT pg_catalog.starts_with(r.rolname::pg_catalog.text, 'pgtoken_')
    AND NOT pg_catalog.starts_with(r.rolname::pg_catalog.text, 'pg_') AND EXISTS (
    SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = pg_catalog.to_regrole('pgtoken_managed') AND m.member = r.oid);
`;
}

/** The functions, and who may call them. @param role as which the daemon connects. */
export function retireSQL(role: string): string {
  return `
CREATE OR REPLACE FUNCTION pgtoken.assert_version(wanted_version integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  IF wanted_version IS NULL OR wanted_version > ${SCHEMA_VERSION} THEN
    RAISE EXCEPTION 'schema pgtoken has version ${SCHEMA_VERSION}, and the command expects %', wanted_version
      USING ERRCODE = 'PT002', HINT = 'Let a superuser run what "pgtoken database sql --provision" prints.';
  END IF;
END
$pgtoken$;

-- For superusers: from when on unused roles may be set NOLOGIN, and whether those that are left with nothing may be dropped.
CREATE OR REPLACE FUNCTION pgtoken.allow_retirement(unused interval, may_drop boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  IF unused IS NULL OR may_drop IS NULL OR unused < interval '7 days' THEN
    RAISE EXCEPTION 'roles may be retired after %; expected at least 7 days', coalesce(unused::text, 'null')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM pgtoken.retirement;
  INSERT INTO pgtoken.retirement (unused, may_drop) VALUES (allow_retirement.unused, allow_retirement.may_drop);
END
$pgtoken$;

CREATE OR REPLACE FUNCTION pgtoken.disallow_retirement() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $pgtoken$ DELETE FROM pgtoken.retirement $pgtoken$;

-- For the daemon, every now and then: which roles were logged in to since it last asked. False: nothing can be written here.
CREATE OR REPLACE FUNCTION pgtoken.record(
  wanted_version integer,
  role_names text[],
  entries text[],
  subjects text[],
  is_complete boolean
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $pgtoken$
DECLARE
  -- Not now(): a transaction may have begun long ago.
  moment timestamptz;
BEGIN
  PERFORM pgtoken.assert_version(wanted_version);
  IF role_names IS NULL OR is_complete IS NULL OR cardinality(role_names) > ${MAX_RECORDED}
    OR cardinality(entries) IS DISTINCT FROM cardinality(role_names) OR cardinality(subjects) IS DISTINCT FROM cardinality(role_names)
    OR array_position(role_names, NULL) IS NOT NULL
    OR EXISTS (SELECT FROM unnest(entries || subjects) AS t WHERE length(t) > ${MAX_RECORDED_LENGTH})
  THEN
    RAISE EXCEPTION 'something is missing or too long in the call of pgtoken.record' USING ERRCODE = 'PT001';
  END IF;
  IF pg_is_in_recovery() THEN
    RETURN false;
  END IF;
  -- One after the other.
  PERFORM FROM pgtoken.recording FOR UPDATE;
  moment := clock_timestamp();
  INSERT INTO pgtoken.recording AS kept (since, last) VALUES (moment, moment)
    ON CONFLICT (is_only) DO UPDATE SET last = moment, since = CASE
      -- Logins are missing, nobody has recorded any for a while, or the clock was set: what came before does not count.
      WHEN NOT is_complete OR kept.last > moment + interval '1 hour' OR kept.last < moment - interval '2 days' OR kept.since > moment
        THEN moment
      ELSE kept.since
    END;
  DELETE FROM pgtoken.logins l
    WHERE NOT EXISTS (SELECT FROM pgtoken.managed m WHERE m.role_id = l.role_id AND m.role_name = l.role_name);
  INSERT INTO pgtoken.logins (role_id, role_name, counted_from, kept_out)
    SELECT m.role_id, m.role_name, moment, NOT m.can_login FROM pgtoken.managed m ON CONFLICT (role_id) DO NOTHING;
  -- Somebody keeps it out, or has let it in again: nobody could use it meanwhile, whoever had set it NOLOGIN.
  UPDATE pgtoken.logins l SET kept_out = NOT m.can_login,
      counted_from = CASE WHEN m.can_login THEN moment ELSE l.counted_from END,
      retired = CASE WHEN m.can_login THEN NULL ELSE l.retired END
    FROM pgtoken.managed m WHERE m.role_id = l.role_id AND m.role_name = l.role_name AND l.kept_out = m.can_login;
  UPDATE pgtoken.logins l SET last_login = greatest(l.last_login, moment), entry = seen.entry, subject = seen.subject
    FROM unnest(role_names, entries, subjects) AS seen (name, entry, subject) JOIN pgtoken.managed m ON m.role_name = seen.name
    WHERE l.role_id = m.role_id AND l.role_name = m.role_name;
  RETURN true;
END
$pgtoken$;

CREATE OR REPLACE FUNCTION pgtoken.sessions_of(id oid) RETURNS integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$ SELECT count(*)::integer FROM pg_stat_activity a WHERE a.usesysid = id $pgtoken$;

-- Which roles are managed, and when they were last logged in to.
CREATE OR REPLACE FUNCTION pgtoken.roles(wanted_version integer) RETURNS TABLE (
  role_name text, entry text, subject text, member_of text[], made timestamptz, last_login timestamptz, retired timestamptz,
  can_login boolean, sessions integer
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  PERFORM pgtoken.assert_version(wanted_version);
  RETURN QUERY
    SELECT m.role_name, l.entry, l.subject,
      ARRAY(SELECT DISTINCT g.rolname::text FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
        WHERE a.member = m.role_id AND g.rolname <> 'pgtoken_managed' ORDER BY 1),
      l.made, l.last_login, l.retired, m.can_login, coalesce(s.sessions, 0)
    FROM pgtoken.managed m LEFT JOIN pgtoken.logins l ON l.role_id = m.role_id AND l.role_name = m.role_name
      LEFT JOIN (SELECT a.usesysid, count(*)::integer AS sessions FROM pg_stat_activity a GROUP BY 1) s ON s.usesysid = m.role_id
    ORDER BY m.role_name COLLATE "C";
END
$pgtoken$;

-- Whether anything may be retired now; raises what is in the way.
CREATE OR REPLACE FUNCTION pgtoken.assert_retirable(wanted_version integer, unused interval, wants_drop boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  rule pgtoken.retirement;
  kept pgtoken.recording;
BEGIN
  PERFORM pgtoken.assert_version(wanted_version);
  IF unused IS NULL OR wants_drop IS NULL THEN
    RAISE EXCEPTION 'something is missing in the call' USING ERRCODE = 'PT001';
  END IF;
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'the server is a standby, on which nothing can be written' USING ERRCODE = 'PT003', HINT = 'Ask the primary.';
  END IF;
  SELECT * INTO rule FROM pgtoken.retirement;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no superuser has allowed roles to be retired'
      USING ERRCODE = 'PT001', HINT = 'Let a superuser call pgtoken.allow_retirement(), as in docs/operate/roles.md.';
  ELSIF unused < rule.unused THEN
    RAISE EXCEPTION 'roles may be retired after %, not after %', rule.unused, unused
      USING ERRCODE = 'PT001', HINT = 'Ask for no less, or let a superuser call pgtoken.allow_retirement().';
  ELSIF wants_drop AND NOT rule.may_drop THEN
    RAISE EXCEPTION 'no superuser has allowed roles to be dropped'
      USING ERRCODE = 'PT001', HINT = 'Leave --drop out, or let a superuser call pgtoken.allow_retirement() with may_drop => true.';
  END IF;
  SELECT * INTO kept FROM pgtoken.recording;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no logins have been recorded' USING ERRCODE = 'PT001', HINT = 'The daemon records them: see its log.';
  ELSIF kept.last < clock_timestamp() - interval '2 days' OR kept.last > clock_timestamp() + interval '1 hour' THEN
    RAISE EXCEPTION 'logins were last recorded at %, and it is %', date_trunc('second', kept.last), date_trunc('second', clock_timestamp())
      USING ERRCODE = 'PT001', HINT = 'The daemon records them, at least once an hour: see its log, and the clock of the server.';
  ELSIF kept.since > clock_timestamp() - unused THEN
    RAISE EXCEPTION 'logins have been recorded without a pause since % only', date_trunc('second', kept.since)
      USING ERRCODE = 'PT001', HINT = 'What was used before that is not known: wait.';
  END IF;
END
$pgtoken$;

-- Why a role is not set NOLOGIN; NULL: nothing is in the way.
CREATE OR REPLACE FUNCTION pgtoken.not_retired_because(id oid, unused interval) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  role pgtoken.managed;
  login pgtoken.logins;
BEGIN
  SELECT * INTO role FROM pgtoken.managed m WHERE m.role_id = id;
  IF NOT FOUND THEN
    RETURN 'it was not made by pgtoken';
  ELSIF role.is_mighty THEN
    RETURN 'it has SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS';
  ELSIF NOT role.can_login THEN
    RETURN 'it is NOLOGIN already';
  END IF;
  SELECT * INTO login FROM pgtoken.logins l WHERE l.role_id = id AND l.role_name = role.role_name;
  IF NOT FOUND THEN
    RETURN 'nothing is recorded of it yet';
  ELSIF login.kept_out THEN
    RETURN 'somebody has let it in again';
  ELSIF login.last_login > clock_timestamp() - unused THEN
    RETURN format('last login at %s', date_trunc('second', login.last_login));
  ELSIF login.counted_from > clock_timestamp() - unused THEN
    RETURN format('it is known since %s only', date_trunc('second', login.counted_from));
  ELSIF pgtoken.sessions_of(id) > 0 THEN
    RETURN format('open sessions: %s', pgtoken.sessions_of(id));
  END IF;
  RETURN NULL;
END
$pgtoken$;

-- Why a role that was retired is not dropped; NULL: nothing is in the way.
CREATE OR REPLACE FUNCTION pgtoken.not_dropped_because(id oid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  owner_id CONSTANT oid := to_regrole('pgtoken_owner');
  role pgtoken.managed;
  login pgtoken.logins;
  why text;
BEGIN
  SELECT * INTO role FROM pgtoken.managed m WHERE m.role_id = id;
  IF NOT FOUND THEN
    RETURN 'it was not made by pgtoken';
  ELSIF role.is_mighty THEN
    RETURN 'it has SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS';
  END IF;
  SELECT * INTO login FROM pgtoken.logins l WHERE l.role_id = id AND l.role_name = role.role_name;
  -- Whom a DBA has set NOLOGIN is kept out by that: dropped, the next token would make the role again.
  IF NOT FOUND OR login.retired IS NULL THEN
    RETURN 'it was not retired by pgtoken';
  ELSIF role.can_login THEN
    RETURN 'somebody has let it in again';
  ELSIF login.made IS NULL THEN
    RETURN 'it was not made by pgtoken, or before that was recorded';
  -- Who was logging in when it became NOLOGIN is through by then, and among the sessions.
  ELSIF login.retired > clock_timestamp() - interval '1 hour' THEN
    RETURN format('it was retired at %s: an hour has to pass', date_trunc('second', login.retired));
  ELSIF login.last_login > login.retired THEN
    RETURN format('a token for it came at %s, after it was retired', date_trunc('second', login.last_login));
  ELSIF pgtoken.sessions_of(id) > 0 THEN
    RETURN format('open sessions: %s', pgtoken.sessions_of(id));
  END IF;
  SELECT string_agg(format('%s: owns %s, has rights on %s', place, owned, other), '; ' ORDER BY place) INTO why FROM (
    SELECT coalesce('database ' || quote_ident(d.datname), 'the server') AS place,
      count(*) FILTER (WHERE s.deptype = 'o') AS owned, count(*) FILTER (WHERE s.deptype <> 'o') AS other
    FROM pg_shdepend s LEFT JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = id GROUP BY 1
  ) AS held;
  IF why IS NOT NULL THEN
    RETURN why;
  END IF;
  -- What a DBA has given it would be lost.
  SELECT string_agg(DISTINCT format('%I', r.rolname), ', ') INTO why
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE m.member = id AND m.grantor <> owner_id;
  IF why IS NOT NULL THEN
    RETURN format('granted to it by somebody else: %s', why);
  END IF;
  SELECT string_agg(DISTINCT format('%I', r.rolname), ', ') INTO why
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE m.roleid = id AND m.member <> owner_id;
  IF why IS NOT NULL THEN
    RETURN format('members of it: %s', why);
  END IF;
  IF EXISTS (
    SELECT FROM pg_db_role_setting d CROSS JOIN unnest(d.setconfig) AS line
    WHERE d.setrole = id AND (d.setdatabase <> 0 OR split_part(line, '=', 1) NOT IN (
      ${PROVISION_SETTINGS.map(literal).join(', ')}
    ))
  ) THEN
    RETURN 'it has settings that pgtoken has not made';
  END IF;
  -- What is on the role itself, and of which pgtoken makes nothing.
  IF EXISTS (SELECT FROM pg_shseclabel s WHERE s.classoid = 'pg_authid'::regclass AND s.objoid = id) THEN
    RETURN 'it has a security label';
  ELSIF EXISTS (SELECT FROM pg_shdescription d WHERE d.classoid = 'pg_authid'::regclass AND d.objoid = id) THEN
    RETURN 'it has a comment';
  END IF;
  SELECT concat_ws(', ', CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END,
    CASE WHEN r.rolvaliduntil IS NOT NULL THEN 'VALID UNTIL' END, CASE WHEN r.rolconnlimit = 0 THEN 'CONNECTION LIMIT 0' END)
    INTO why FROM pg_roles r WHERE r.oid = id;
  IF why <> '' THEN
    RETURN format('somebody has given it %s', why);
  END IF;
  -- From 16 on the owner of this is no superuser, and cannot see it.
  IF current_setting('server_version_num')::integer < 160000 THEN
    IF EXISTS (SELECT FROM pg_authid r WHERE r.oid = id AND r.rolpassword IS NOT NULL) THEN
      RETURN 'it has a password';
    END IF;
  END IF;
  RETURN NULL;
END
$pgtoken$;

-- What would be done: \`step\` is retire, drop or keep. Roles that are in use are left out.
CREATE OR REPLACE FUNCTION pgtoken.plan_retirement(wanted_version integer, unused interval, wants_drop boolean) RETURNS TABLE (
  role_id oid, role_name text, entry text, subject text, last_login timestamptz, step text, because text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  PERFORM pgtoken.assert_retirable(wanted_version, unused, wants_drop);
  RETURN QUERY
    SELECT m.role_id, m.role_name, l.entry, l.subject, l.last_login,
      CASE WHEN b.because IS NOT NULL THEN 'keep' WHEN m.can_login THEN 'retire' ELSE 'drop' END, b.because
    FROM pgtoken.managed m JOIN pgtoken.logins l ON l.role_id = m.role_id AND l.role_name = m.role_name
      CROSS JOIN LATERAL (SELECT CASE WHEN m.can_login
        THEN pgtoken.not_retired_because(m.role_id, plan_retirement.unused) ELSE pgtoken.not_dropped_because(m.role_id) END AS because) b
    WHERE greatest(l.last_login, l.counted_from) <= clock_timestamp() - plan_retirement.unused
      AND (m.can_login OR wants_drop AND l.retired IS NOT NULL)
    ORDER BY m.role_name COLLATE "C";
END
$pgtoken$;

-- Sets one role NOLOGIN, or drops one that was retired. \`because\`: why not, and then nothing was done.
CREATE OR REPLACE FUNCTION pgtoken.retire(
  wanted_version integer,
  unused interval,
  id oid,
  name text,
  wants_drop boolean,
  OUT because text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $pgtoken$
BEGIN
  -- What was true when a transaction began is not what matters.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'transaction_isolation is %; expected read committed', current_setting('transaction_isolation')
      USING ERRCODE = 'PT001';
  END IF;
  PERFORM pgtoken.assert_retirable(wanted_version, unused, wants_drop);
  LOCK TABLE pgtoken.turn IN EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pgtoken.managed m WHERE m.role_id = id AND m.role_name = name) THEN
    because := 'there is no managed role of this name any more';
  ELSIF wants_drop THEN
    because := pgtoken.not_dropped_because(id);
    IF because IS NULL THEN
      EXECUTE format('DROP ROLE %I', name);
      DELETE FROM pgtoken.logins l WHERE l.role_id = id;
    END IF;
  ELSE
    because := pgtoken.not_retired_because(id, unused);
    IF because IS NULL THEN
      EXECUTE format('ALTER ROLE %I NOLOGIN', name);
      UPDATE pgtoken.logins l SET retired = clock_timestamp(), kept_out = true WHERE l.role_id = id;
    END IF;
  END IF;
END
$pgtoken$;

ALTER FUNCTION pgtoken.record(integer, text[], text[], text[], boolean) OWNER TO pgtoken_owner;
ALTER FUNCTION pgtoken.roles(integer) OWNER TO pgtoken_owner;
ALTER FUNCTION pgtoken.plan_retirement(integer, interval, boolean) OWNER TO pgtoken_owner;
ALTER FUNCTION pgtoken.retire(integer, interval, oid, text, boolean) OWNER TO pgtoken_owner;
REVOKE ALL ON ALL TABLES IN SCHEMA pgtoken FROM PUBLIC;
GRANT SELECT ON pgtoken.managed, pgtoken.retirement TO pgtoken_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON pgtoken.logins TO pgtoken_owner;
GRANT SELECT, INSERT, UPDATE ON pgtoken.recording TO pgtoken_owner;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgtoken FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.assert_version(integer), pgtoken.sessions_of(oid), pgtoken.assert_retirable(integer, interval, boolean),
  pgtoken.not_retired_because(oid, interval), pgtoken.not_dropped_because(oid) TO pgtoken_owner;
GRANT EXECUTE ON FUNCTION pgtoken.record(integer, text[], text[], text[], boolean), pgtoken.roles(integer),
  pgtoken.plan_retirement(integer, interval, boolean), pgtoken.retire(integer, interval, oid, text, boolean) TO ${identifier(role)};
`;
}
