#!/bin/bash
# Surprise: in a connection string of libpq an empty password takes the next word for the password. With an empty $TOKEN,
#   "password=$TOKEN sslmode=verify-full" is a login with the password sslmode=verify-full, and without TLS. One would expect an
#   empty password, or an error, and in any case that sslmode counts.
# Version: psql 15.18 with PostgreSQL 15.18 (Debian 12). psycopg 3.3.9 (libpq 18), pgx 5.13.0 and lib/pq 1.12.3 read it alike.
# Behaviour: blanks may be on both sides of the equals sign, so that the value begins at the next word. Quote the value, as in
#   password='$TOKEN', or have the token in PGPASSWORD or a .pgpass.
# Output, seen on 2026-11-29:
#   a token, sslmode=verify-full: refused: server does not support SSL, but SSL was required
#   no token, sslmode=verify-full: app, TLS: f
#   the password that came: app asked with 19 bytes
#   no token, in quotes: refused: server does not support SSL, but SSL was required
. "$(dirname "$0")/lib/bench.sh"

pam_service app
postgres_15 15.18-0+deb12u1 <<'HBA'
host all app 127.0.0.1/32 pam pamservice=app
HBA
sql 'create role app login'

# as WORDS: psql with these words of a connection string, at a server without TLS.
as() {
  "$bin/psql" -X -w -A -t -F ', TLS: ' -c 'select usename, ssl from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()' \
    "host=127.0.0.1 port=$port user=app dbname=postgres $1" 2>&1 | sed 's/^psql: error: .* failed: /refused: /'
}

required='refused: server does not support SSL, but SSL was required'
token=eyJ
same 'a token, sslmode=verify-full' "$required" "$(as "password=$token sslmode=verify-full")"
token=
asked >/dev/null
same 'no token, sslmode=verify-full' 'app, TLS: f' "$(as "password=$token sslmode=verify-full")"
same 'the password that came' 'app asked with 19 bytes' "$(asked)"
same 'no token, in quotes' "$required" "$(as "password='$token' sslmode=verify-full")"
finish
