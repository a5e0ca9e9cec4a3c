#!/bin/bash
# Surprise: after a server login that failed, PgBouncer lets every client of that pool wait for what is left of
#   server_login_retry (15 s), even when a RELOAD has meanwhile brought the right password. One would expect that a new password
#   is tried at once, as it says "RELOAD" and takes the password over.
# Version: PgBouncer 1.18.0 with PostgreSQL 15.18 (Debian 12). 1.26.1 did the same.
# Behaviour: the time of the last failure belongs to the pool, and no RELOAD clears it. With server_login_retry = 1 it is a second.
# Output, seen on 2026-11-28:
#   with the wrong password: FATAL: password authentication failed for user "app"
#   after the RELOAD: app
#   server_login_retry as it is, time until then: over 10 s
#   with the wrong password: FATAL: password authentication failed for user "app"
#   after the RELOAD: app
#   server_login_retry = 1, time until then: under 5 s
. "$(dirname "$0")/lib/bench.sh"

postgres_15 15.18-0+deb12u1 <<'HBA'
host all app 127.0.0.1/32 scram-sha-256
HBA
debian pgbouncer=1.18.0-1+deb12u1
sql "create role app login password 'right'"

# settings PASSWORD [LINE]: what PgBouncer logs in to the server with; its clients need no password.
settings() {
  secret pgbouncer.ini <<INI
[databases]
postgres = host=127.0.0.1 port=$port user=app password=$1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler
unix_socket_dir =
auth_type = any
${2-}
INI
}

# reload_late [LINE]: a login with the wrong password, then one after the right one has come.
reload_late() {
  pooler=$(free_port)
  settings wrong "${1-}"
  start pgbouncer "$work/root/usr/sbin/pgbouncer" "$work/pgbouncer.ini"
  within 10 grep -q 'process up' "$work/pgbouncer.log"
  same 'with the wrong password' 'FATAL: password authentication failed for user "app"' "$(log_in "$pooler" anybody '')"
  local failed=$SECONDS
  settings right "${1-}"
  kill -HUP "$(cat "$work/pgbouncer.pid")"
  within 10 grep -q 'SIGHUP' "$work/pgbouncer.log"
  same 'after the RELOAD' app "$(log_in "$pooler" anybody '')"
  took=$((SECONDS - failed))
  stop pgbouncer
}

reload_late
same 'server_login_retry as it is, time until then' 'over 10 s' "$( ((took >= 10)) && echo 'over 10 s' || echo "$took s")"
reload_late 'server_login_retry = 1'
same 'server_login_retry = 1, time until then' 'under 5 s' "$( ((took < 5)) && echo 'under 5 s' || echo "$took s")"
finish
