#!/bin/bash
# Surprise: where the socket is in a folder of its own, a line of a .pgpass that has the folder counts for psql and node-postgres and
#   not for asyncpg; one that has localhost, for asyncpg and not for psql. One would expect that all read localhost for every
#   socket, or that one file that serves psql serves the others.
# Version: psql 15.18 with PostgreSQL 15.18 (Debian 12), node-postgres 8.23.1, asyncpg 0.32.0. psycopg 3.3.9 (libpq 18) does as psql,
#   pgx 5.13.0 as asyncpg; lib/pq 1.12.3 takes both lines.
# Behaviour: for libpq localhost means the folder that it was built with (/var/run/postgresql in Debian), for the others every
#   socket. Write both lines, or `*`.
# Output, seen on 2026-11-29:
#   a line with the folder, psql: app
#   a line with the folder, node-postgres: app
#   a line with the folder, asyncpg: empty password returned by client
#   a line with localhost, psql: fe_sendauth: no password supplied
#   a line with localhost, node-postgres: empty password returned by client
#   a line with localhost, asyncpg: app
. "$(dirname "$0")/lib/bench.sh"

needs npm node
postgres_15 15.18-0+deb12u1 </dev/null
pypi asyncpg==0.32.0
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" pg@8.23.1 || cannot 'no pg@8.23.1 from npm'
sql "create role app login password 'right'"
# In front of the line that lets the superuser in.
{ echo 'local all app password' && cat "$work/data/pg_hba.conf"; } >"$work/hba"
secret data/pg_hba.conf <"$work/hba"
reload
export PGPASSFILE=$work/pgpass

# line HOST: the only one that the file has.
line() {
  printf '%s:*:*:app:right\n' "$1" >"$PGPASSFILE"
  chmod 600 "$PGPASSFILE"
}

with_psql() {
  "$bin/psql" -X -w -A -t -c 'select current_user' "host=$sockets port=$port user=app dbname=postgres" 2>&1 | sed 's/^psql: error: .* failed: //'
}

with_node() {
  (cd "$work" && node --no-deprecation --input-type=module - "$sockets" "$port") <<'JAVASCRIPT'
import pg from 'pg';
const client = new pg.Client({ host: process.argv[2], port: process.argv[3], user: 'app', database: 'postgres' });
try {
  await client.connect();
  console.log((await client.query('select current_user as name')).rows[0].name);
  await client.end();
} catch (error) {
  console.log(error.message);
}
process.exit();
JAVASCRIPT
}

line "$sockets"
same 'a line with the folder, psql' app "$(with_psql)"
same 'a line with the folder, node-postgres' app "$(with_node)"
same 'a line with the folder, asyncpg' 'empty password returned by client' "$(with_asyncpg "$sockets" app)"
line localhost
same 'a line with localhost, psql' 'fe_sendauth: no password supplied' "$(with_psql)"
same 'a line with localhost, node-postgres' 'empty password returned by client' "$(with_node)"
same 'a line with localhost, asyncpg' app "$(with_asyncpg "$sockets" app)"
finish
