#!/bin/bash
# Surprise: a standby cuts primary_conninfo after 1023 bytes and says nothing. Its own pg_basebackup -R writes the password in
#   front of the host, so that with a password of a thousand bytes the host is gone, and the standby asks a server on its own
#   unix socket. One would expect an error, or that all of it counts.
# Version: PostgreSQL 15.18 (Debian 12). 18.6 did the same.
# Behaviour: the receiver of the write-ahead log copies the setting into a buffer of 1024 bytes. What is cut can be the end of a
#   password, which the primary then gets, or the words behind it. passfile= keeps it short, and a file takes any length.
# Output, seen on 2026-11-28:
#   pg_basebackup -R with a password of 1200 bytes writes first: user password channel_binding host port
#   the standby then says: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed
#   host in front of a password of 1200 bytes, what is left of it: 1023 bytes in all
#   passfile= with a password of 1200 bytes, what the primary gets: app asked with 1200 bytes
. "$(dirname "$0")/lib/bench.sh"

pam_service app
postgres_15 15.18-0+deb12u1 <<'HBA'
host replication rep 127.0.0.1/32 pam pamservice=app
HBA
sql 'create role rep login replication'
long=$(password 1200)

# standby NAME [CONNINFO]: starts one, waits for its first attempt, ends it. Without CONNINFO what pg_basebackup -R wrote counts.
standby() {
  local data
  data=$(folder "$1")
  PGPASSWORD=$long unprivileged "$bin/pg_basebackup" -h 127.0.0.1 -p "$port" -U rep -D "$data" -c fast -R
  if [ $# = 2 ]; then printf "primary_conninfo = '%s'\n" "$2" >>"$data/postgresql.auto.conf"; fi
  asked >/dev/null
  start "standby-$1" env -u PGHOST -u PGPORT LC_ALL=C "$bin/postgres" -D "$data" -p "$port" \
    -c listen_addresses= -c unix_socket_directories="$data"
  within 30 grep -qE 'could not connect|started streaming' "$work/standby-$1.log"
  stop "standby-$1"
}

standby written
same 'pg_basebackup -R with a password of 1200 bytes writes first' 'user password channel_binding host port' \
  "$(sed -n "s/^primary_conninfo = '//p" "$work/written/postgresql.auto.conf" | grep -oE '[a-z_]+=' | tr -d = | head -n 5 | xargs)"
same 'the standby then says' \
  'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed' \
  "$(grep -oE 'connection to server .* failed' "$work/standby-written.log" | head -n 1)"

before="host=127.0.0.1 port=$port user=rep password="
standby cut "$before$long"
same 'host in front of a password of 1200 bytes, what is left of it' '1023 bytes in all' \
  "$(asked | grep -oE '[0-9]+ bytes' | head -n 1 | awk -v before="${#before}" '{ print before + $1, "bytes in all" }')"

printf '127.0.0.1:%s:replication:rep:%s\n' "$port" "$long" | secret passfile
standby whole "host=127.0.0.1 port=$port user=rep passfile=$work/passfile"
same 'passfile= with a password of 1200 bytes, what the primary gets' 'app asked with 1200 bytes' "$(asked | cut -d';' -f1)"
finish
