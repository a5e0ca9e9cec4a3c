#!/bin/bash
# Surprise: when a session of psql is lost, psql resets it with the password that it read at its start, although .pgpass has a newer
#   one by then, and \c is then refused even with database, role, host and port. One would expect that it reads the file anew, as
#   each \c of a session that is there does, or that \c with all four needs nothing from before.
# Version: psql 15.18 with PostgreSQL 15.18 (Debian 12). 18.6 did the same.
# Behaviour: a reset of libpq keeps all that the connection was made of. Once it has failed, psql has no session, and \c asks for
#   one unless its argument is a connection string. That, or a new psql, reads the file.
# Output, seen on 2026-11-29:
#   a session that is there, new password, \c: You are now connected to database "postgres" as user "app".
#   a lost one, new password: Attempting reset: Failed.
#   the log of the server: password authentication failed for user "app"
#   \c, four arguments: No database connection exists to re-use parameters from
#   \c, connection string: You are now connected to database "postgres" as user "app".
. "$(dirname "$0")/lib/bench.sh"

needs script
postgres_15 15.18-0+deb12u1 <<'HBA'
host all app 127.0.0.1/32 password
HBA
export PGPASSFILE=$work/pgpass

# renew PASSWORD: the role's, and in the file.
renew() {
  sql "alter role app password '$1'"
  printf '127.0.0.1:*:*:app:%s\n' "$1" >"$PGPASSFILE"
  chmod 600 "$PGPASSFILE"
}

# shown BEFORE WORDS: what the screen has behind so many bytes, lines with these words outside of a prompt.
shown() { tail -c +"$(($1 + 1))" "$work/screen" | tr -d '\r' | grep "^[^>]*$2"; }

# type_in WORDS LINE: types a line into psql, and waits for these words; $seen is the first line that has them.
type_in() {
  local before
  before=$(wc -c <"$work/screen")
  printf '%s\n' "$2" >&3
  within 20 shown "$before" "$1"
  seen=$(shown "$before" "$1" | sed -n 1p)
}

sql 'create role app login'
renew first
mkfifo "$work/keys"
: >"$work/screen"
# psql resets a session on a terminal alone, and script has one for it.
PAGER=cat TERM=dumb script -q -f -c "'$bin/psql' -X -A -t 'host=127.0.0.1 port=$port user=app dbname=postgres'" "$work/screen" \
  <"$work/keys" >/dev/null 2>&1 &
echo $! >"$work/terminal.pid"
exec 3>"$work/keys"
within 20 grep -q 'postgres=>' "$work/screen"

renew second
connected='You are now connected to database "postgres" as user "app".'
type_in connected '\c'
same 'a session that is there, new password, \c' "$connected" "$seen"
renew third
sql "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'app'" >/dev/null
# What came of it is written later than that it is tried.
type_in 'reset: [[:alpha:]]' 'select 1;'
same 'a lost one, new password' 'Attempting reset: Failed.' "$(grep -oE 'Attempting reset: .*' <<<"$seen")"
same 'the log of the server' 'password authentication failed for user "app"' \
  "$(grep -oE 'password authentication failed .*' "$work/postgres.log")"
type_in re-use "\\c postgres app 127.0.0.1 $port"
same '\c, four arguments' 'No database connection exists to re-use parameters from' "$seen"
type_in connected "\\c \"host=127.0.0.1 port=$port user=app dbname=postgres\""
same '\c, connection string' "$connected" "${seen/ on host*/.}"
printf '%s\n' '\q' >&3
exec 3>&-
finish
