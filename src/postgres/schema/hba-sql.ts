// The part of schema pgtoken that says by which line of pg_hba.conf a login would come. What a server shows of the file
// (pg_hba_file_rules) is for superusers, as lines may have secrets in their options (ldapbindpasswd, radiussecrets): the daemon's role
// gets the one line, without options but the name of the PAM service.
import { identifier } from '../quote-sql.ts';

/** The function, and who may call it. @param role as which the daemon connects. */
export function hbaSQL(role: string): string {
  return `
-- By which line of pg_hba.conf, as the file is now, a login would come, with TLS where the server has it; no row: by none, and it is
-- rejected. \`undecided\`: lines above
-- it that may match, for host names and networks that only the server itself can tell.
CREATE OR REPLACE FUNCTION pgtoken.hba_line(
  wanted_version integer,
  login text,
  database_name text,
  client inet
) RETURNS TABLE (file_name text, line_number integer, type text, method text, service text, undecided integer[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $pgtoken$
DECLARE
  is_encrypted CONSTANT boolean := current_setting('ssl') = 'on';
  has_patterns CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
  rule jsonb;
  item text;
  matches boolean;
BEGIN
  PERFORM pgtoken.assert_version(wanted_version);
  IF login IS NULL OR database_name IS NULL THEN
    RAISE EXCEPTION 'something is missing in the call of pgtoken.hba_line' USING ERRCODE = 'PT001';
  END IF;
  undecided := '{}';
  -- Before 16 there is one file, and no column for it; what has an error is no line.
  FOR rule IN
    SELECT to_jsonb(r) FROM pg_hba_file_rules r WHERE r.error IS NULL
    ORDER BY coalesce((to_jsonb(r) ->> 'rule_number')::integer, r.line_number)
  LOOP
    type := rule ->> 'type';
    CONTINUE WHEN NOT CASE type
      WHEN 'local' THEN client IS NULL
      WHEN 'hostssl' THEN client IS NOT NULL AND is_encrypted
      WHEN 'hostnossl' THEN client IS NOT NULL AND NOT is_encrypted
      WHEN 'hostgssenc' THEN false
      ELSE client IS NOT NULL
    END;
    matches := false;
    FOR item IN SELECT jsonb_array_elements_text(rule -> 'database') LOOP
      matches := matches OR item = 'all' OR item <> 'replication' AND item = database_name
        OR item = 'sameuser' AND login = database_name
        OR item IN ('samerole', 'samegroup') AND pgtoken.is_member(login, database_name)
        OR has_patterns AND starts_with(item, '/') AND database_name ~ substr(item, 2);
    END LOOP;
    CONTINUE WHEN NOT matches;
    matches := false;
    FOR item IN SELECT jsonb_array_elements_text(rule -> 'user_name') LOOP
      matches := matches OR item = 'all' OR item = login
        OR starts_with(item, '+') AND pgtoken.is_member(login, substr(item, 2))
        OR has_patterns AND starts_with(item, '/') AND login ~ substr(item, 2);
    END LOOP;
    CONTINUE WHEN NOT matches;
    line_number := (rule ->> 'line_number')::integer;
    IF type <> 'local' AND rule ->> 'address' <> 'all' THEN
      IF rule ->> 'netmask' IS NULL THEN
        undecided := array_append(undecided, line_number);
        CONTINUE;
      END IF;
      CONTINUE WHEN family(client) <> family((rule ->> 'netmask')::inet);
      CONTINUE WHEN host(client)::inet & (rule ->> 'netmask')::inet <> (rule ->> 'address')::inet & (rule ->> 'netmask')::inet;
    END IF;
    file_name := rule ->> 'file_name';
    method := rule ->> 'auth_method';
    service := NULL;
    FOR item IN SELECT jsonb_array_elements_text(CASE WHEN method = 'pam' THEN coalesce(nullif(rule -> 'options', 'null'), '[]') ELSE '[]' END) LOOP
      IF starts_with(item, 'pamservice=') THEN
        service := substr(item, 12);
      END IF;
    END LOOP;
    RETURN NEXT;
    RETURN;
  END LOOP;
END
$pgtoken$;

-- As pg_hba.conf sees it: a superuser is a member of nothing but what it was made one of, and who does not exist of nothing.
CREATE OR REPLACE FUNCTION pgtoken.is_member(login text, group_name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $pgtoken$
  WITH RECURSIVE reached (id) AS (
    SELECT r.oid FROM pg_roles r WHERE r.rolname::text = login
    UNION
    SELECT m.roleid FROM reached JOIN pg_auth_members m ON m.member = reached.id
  )
  SELECT EXISTS (SELECT FROM reached JOIN pg_roles g ON g.oid = reached.id WHERE g.rolname::text = group_name)
$pgtoken$;

GRANT SELECT ON pg_catalog.pg_hba_file_rules TO pgtoken_owner;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO pgtoken_owner;
ALTER FUNCTION pgtoken.hba_line(integer, text, text, inet) OWNER TO pgtoken_owner;
REVOKE ALL ON FUNCTION pgtoken.hba_line(integer, text, text, inet), pgtoken.is_member(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgtoken.is_member(text, text) TO pgtoken_owner;
GRANT EXECUTE ON FUNCTION pgtoken.hba_line(integer, text, text, inet) TO ${identifier(role)};
`;
}

/** Takes back what the owner was given outside of the schema; for `to_regrole('pgtoken_owner')`, within plpgsql. */
export const HBA_REMOVAL = `REVOKE SELECT ON pg_catalog.pg_hba_file_rules FROM pgtoken_owner;
    REVOKE EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() FROM pgtoken_owner;`;
