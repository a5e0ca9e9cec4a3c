#!/bin/bash
# Surprise: pg_hba_file_rules, the view that is there to show mistakes in pg_hba.conf before a reload, shows a line with
#   clientcert=1 as a row without a type and without an error. One would expect the reason in its column error, where that of
#   an unknown option is. The reload then refuses the whole file.
# Version: PostgreSQL 15.18 (Debian 12). 17.12 and 18.6 did the same.
# Behaviour: the parser tells some mistakes in the value of an option to the log alone. Who checks the file with
#   `where error is not null` finds nothing: ask for `error is not null or type is null`.
# Output, seen on 2026-11-28:
#   an unknown option, as error: unrecognized authentication option name: "pamservise"
#   clientcert=1, as type, method and error: nothing, nothing, nothing
#   rows that have an error: 1
#   the log at a reload: invalid value for clientcert: "1"
. "$(dirname "$0")/lib/bench.sh"

needs openssl
pam_service app
postgres_15 15.18-0+deb12u1 <<'HBA'
host all all 127.0.0.1/32 pam pamservice=app
HBA
# Without TLS every hostssl line has an error of another kind.
openssl req -x509 -newkey rsa:2048 -noenc -days 1 -subj /CN=localhost -keyout "$work/key" -out "$work/certificate" 2>/dev/null
secret data/server.key <"$work/key"
secret data/server.crt <"$work/certificate"
sql 'alter system set ssl = on'
sql 'select pg_reload_conf()' >/dev/null
within 10 sh -c '[ "$("$1" -X -q -A -t -h "$2" -p "$3" -U postgres -c "show ssl")" = on ]' sh "$bin/psql" "$sockets" "$port"

printf '%s\n' 'host all all all pam pamservise=app' 'hostssl all all all pam pamservice=app clientcert=1' \
  >>"$work/data/pg_hba.conf"
rows='from pg_hba_file_rules where line_number'
same 'an unknown option, as error' 'unrecognized authentication option name: "pamservise"' "$(sql "select error $rows = 3")"
nothing="coalesce(type, 'nothing') || ', ' || coalesce(auth_method, 'nothing') || ', ' || coalesce(error, 'nothing')"
same 'clientcert=1, as type, method and error' 'nothing, nothing, nothing' "$(sql "select $nothing $rows = 4")"
same 'rows that have an error' 1 "$(sql 'select count(*) from pg_hba_file_rules where error is not null')"
sql 'select pg_reload_conf()' >/dev/null
within 10 grep -q 'was not reloaded' "$work/postgres.log"
same 'the log at a reload' 'invalid value for clientcert: "1"' "$(grep -oE 'invalid value for clientcert: "1"' "$work/postgres.log")"
finish
