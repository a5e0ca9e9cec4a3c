#!/bin/bash
# Surprise: asyncpg leaves the backslashes of a .pgpass in what it reads, so that a role with a colon or a backslash in its name
#   has no line there, and a password with one is a wrong password. One would expect that it reads the file as libpq does: it
#   splits the line at the same colons.
# Version: asyncpg 0.32.0, with psql 15.18 and PostgreSQL 15.18 (Debian 12). psycopg 3.3.9 (libpq 18), pgx 5.13.0, lib/pq 1.12.3,
#   pgjdbc 42.7.14 and node-postgres 8.23.1 read such lines as psql does.
# Behaviour: without a line asyncpg sends an empty password, and the message speaks of that. There is no way to write such a role:
#   have `*` in its place, or give asyncpg a function as password.
# Output, seen on 2026-11-29:
#   psql, role foo:myservice: foo:myservice
#   asyncpg, the same file: empty password returned by client
#   psql, password pass:word: app
#   asyncpg, the same password: password authentication failed for user "app"
#   asyncpg, * in place of the role: foo:myservice
. "$(dirname "$0")/lib/bench.sh"

postgres_15 15.18-0+deb12u1 <<'HBA'
host all all 127.0.0.1/32 password
HBA
pypi asyncpg==0.32.0
sql "create role \"foo:myservice\" login password 'right'; create role app login password 'pass:word'"
export PGPASSFILE=$work/pgpass

# lines LINE...: what the file has from then on.
lines() {
  printf '%s\n' "$@" >"$PGPASSFILE"
  chmod 600 "$PGPASSFILE"
}

with_psql() { "$bin/psql" -X -w -A -t -c 'select current_user' "host=127.0.0.1 port=$port user=$1 dbname=postgres" 2>&1; }

lines '127.0.0.1:*:*:foo\:myservice:right' '127.0.0.1:*:*:app:pass\:word'
same 'psql, role foo:myservice' foo:myservice "$(with_psql foo:myservice)"
same 'asyncpg, the same file' 'empty password returned by client' "$(with_asyncpg 127.0.0.1 foo:myservice)"
same 'psql, password pass:word' app "$(with_psql app)"
same 'asyncpg, the same password' 'password authentication failed for user "app"' "$(with_asyncpg 127.0.0.1 app)"
lines '127.0.0.1:*:*:*:right'
same 'asyncpg, * in place of the role' foo:myservice "$(with_asyncpg 127.0.0.1 foo:myservice)"
finish
