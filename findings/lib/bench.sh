# shellcheck shell=bash
# What the scripts of findings/ share: a temporary folder, pinned packages in it, servers that end with the script, and a
# comparison that says what has changed. Source it first; see ../README.md.
#
# Exit status of a script: 0 the behaviour is as its head says, 1 it has changed, 2 it could not be tried.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
chmod 755 "$work"
changed=0

end() {
  status=$?
  trap - EXIT
  # Only what this script has started: see start.
  for file in "$work"/*.pid; do
    if [ -e "$file" ]; then stop "$(basename "$file" .pid)"; fi
  done
  rm -rf "$work"
  exit "$status"
}
trap end EXIT
trap 'exit 2' HUP INT TERM

# cannot WHY: the behaviour could not be tried.
cannot() {
  printf 'cannot be tried: %s\n' "$1" >&2
  exit 2
}

# same WHAT EXPECTED SEEN: prints what was seen, and remembers when it is something else than before.
same() {
  printf '%s: %s\n' "$1" "$3"
  if [ "$2" != "$3" ]; then
    printf '  CHANGED; it was: %s\n' "$2" >&2
    changed=1
  fi
}

# finish: the exit status that the comparisons add up to.
finish() { exit "$changed"; }

# debian NAME=VERSION...: unpacks these packages of Debian's archive into $work/root. Nothing is installed. The archive keeps
# few versions; NEWEST=yes takes the one that it has now.
debian() {
  if [ "${NEWEST-}" = yes ]; then set -- "${@%%=*}"; fi
  mkdir -p "$work/deb"
  (cd "$work/deb" && apt-get -q -o APT::Sandbox::User=root download "$@" >"$work/download.log" 2>&1) ||
    cannot "no $* to be had: $(tail -n 1 "$work/download.log"); run apt-get update, or take what there is now with NEWEST=yes"
  for package in "$work"/deb/*.deb; do dpkg -x "$package" "$work/root"; done
  rm -rf "$work/deb"
}

# pypi NAME==VERSION...: installs these packages of PyPI into $work/pypi, for PYTHONPATH.
pypi() {
  needs python3
  python3 -m pip install -q --no-deps --disable-pip-version-check --root-user-action=ignore --target "$work/pypi" "$@" \
    >"$work/pip.log" 2>&1 || cannot "no $* from PyPI: $(tail -n 1 "$work/pip.log")"
}

# needs COMMAND...: programs of the host.
needs() {
  for command; do command -v "$command" >/dev/null || cannot "$command is not installed"; done
}

# unprivileged COMMAND...: runs a command as a user that owns nothing, as servers refuse to be run by root.
unprivileged() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi
}

# start NAME COMMAND...: a server with its log in $work/NAME.log, which ends with the script.
start() {
  local name=$1
  shift
  if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; fi
  "$@" </dev/null >"$work/$name.log" 2>&1 &
  echo $! >"$work/$name.pid"
}

# stop NAME: ends a server at once, and waits until it is gone.
stop() {
  local pid
  pid=$(cat "$work/$1.pid")
  rm "$work/$1.pid"
  # For PostgreSQL and Pgpool-II an immediate shutdown. What a shell starts in the background ignores it otherwise.
  kill -QUIT "$pid" 2>/dev/null || :
  kill -TERM "$pid" 2>/dev/null || :
  wait "$pid" 2>/dev/null || :
}

# secret NAME: writes standard input into $work/NAME, for unprivileged programs alone.
secret() {
  cat >"$work/$1"
  chmod 600 "$work/$1"
  if [ "$(id -u)" = 0 ]; then chown 65534:65534 "$work/$1"; fi
}

# folder NAME: makes one for unprivileged programs, and prints its path.
folder() {
  mkdir -m 700 "$work/$1"
  if [ "$(id -u)" = 0 ]; then chown 65534:65534 "$work/$1"; fi
  printf '%s\n' "$work/$1"
}

# free_port: prints one of the loopback interface that nobody listens at.
free_port() {
  needs python3
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# within SECONDS COMMAND...: waits until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      tail -n 3 "$work"/*.log >&2
      cannot "not within its time: $*"
    fi
    sleep 0.1
  done
}

# postgres_15 VERSION: a server of Debian 12 with the lines of pg_hba.conf on standard input, at $port, with its superuser
# `postgres` on the unix socket in $sockets and its programs in $bin. pam_service makes its PAM services.
postgres_15() {
  debian "postgresql-15=$1" "postgresql-client-15=$1" "libpq5=$1"
  bin=$work/root/usr/lib/postgresql/15/bin
  LD_LIBRARY_PATH=$work/root/usr/lib/$(gcc -print-multiarch)
  export LD_LIBRARY_PATH
  sockets=$(folder sockets)
  port=$(free_port)
  local data
  data=$(folder data)
  unprivileged "$bin/initdb" -A trust -N -U postgres -D "$data" >"$work/initdb.log" 2>&1 ||
    cannot "initdb: $(tail -n 1 "$work/initdb.log")"
  { echo 'local all,replication all trust' && cat; } >"$data/pg_hba.conf"
  start postgres env LC_ALL=C LD_PRELOAD="$work/witness.so" WITNESS="$work" "$bin/postgres" -D "$data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories="$sockets" -c fsync=off
  within 30 sql 'select 1'
}

# reload: has the server of postgres_15 read its files anew, and waits until it does.
reload() {
  local before
  before=$(reloads)
  sql 'select pg_reload_conf()' >/dev/null
  within 10 reloads_are_over "$before"
}
reloads() { grep -c 'received SIGHUP' "$work/postgres.log" || :; }
reloads_are_over() { [ "$(reloads)" -gt "$1" ]; }

# sql STATEMENT: as superuser; prints the answer.
sql() { "$bin/psql" -X -q -A -t -h "$sockets" -p "$port" -U postgres -d postgres -c "$1"; }

# log_in PORT USER PASSWORD [DATABASE]: prints who one is then, or why one is not let in, in one line.
log_in() {
  PGPASSWORD=$3 "$bin/psql" -X -w -A -t -c 'select current_user' \
    "host=127.0.0.1 port=$1 user=$2 dbname=${4:-postgres} sslmode=disable" 2>&1 |
    sed 's/^psql: error: connection to server at .* failed: //' | tr -s '\n ' ' ' | sed 's/ $//'
}

# pam_service NAME: a PAM service that accepts every password and notes its length. Servers that have LD_PRELOAD and WITNESS of
# postgres_15 look for it in $work/pam.d, so that /etc is not touched.
pam_service() {
  if [ ! -e "$work/witness.so" ]; then
    gcc -shared -fPIC -Wall -Wextra -o "$work/witness.so" "$(dirname "${BASH_SOURCE[0]}")/witness.c" -lpam ||
      cannot 'witness.c needs gcc and libpam0g-dev'
    mkdir -m 755 "$work/pam.d"
    install -m 666 /dev/null "$work/witness"
  fi
  printf '%s required %s/witness.so\n' auth "$work" account "$work" >"$work/pam.d/$1"
}

# asked: prints which services were asked since the last time, with the length of each password.
asked() {
  paste -s -d ';' "$work/witness"
  : >"$work/witness"
}

# password BYTES: prints one.
password() { printf '%*s' "$1" '' | tr ' ' x; }

# with_asyncpg HOST ROLE: a login by the asyncpg of pypi, whose password is in PGPASSFILE; prints who it is, or the error.
with_asyncpg() {
  PYTHONPATH=$work/pypi python3 - "$1" "$port" "$2" <<'PYTHON'
import asyncio
import sys
import asyncpg

async def main():
    host, port, user = sys.argv[1:]
    try:
        connection = await asyncpg.connect(host=host, port=int(port), user=user, database="postgres", ssl=False)
        print(await connection.fetchval("select current_user"))
        await connection.close()
    except asyncpg.PostgresError as error:
        print(error)

asyncio.run(main())
PYTHON
}
