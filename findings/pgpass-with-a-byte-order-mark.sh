#!/bin/bash
# Surprise: a .pgpass that begins with a byte order mark, as some editors write it, has no first line for libpq: "no password
#   supplied". One would expect that the mark is passed over, as psql does at the start of a script, or a warning.
# Version: libpq 18 as psycopg-binary 3.3.9 has it. libpq 15.18 and 18.6 of Debian did the same.
# Behaviour: the mark counts as a part of the host name, which then fits no host. Other lines count.
# Output, seen on 2026-11-28:
#   a plain file: right
#   with a byte order mark: none
#   with a byte order mark and a comment line before: right
. "$(dirname "$0")/lib/bench.sh"

pypi psycopg-binary==3.3.9 psycopg==3.3.9
# passwords FILE: the password that libpq takes from it. Nobody need listen: libpq reads the file first.
take() {
  chmod 600 "$work/pgpass"
  PYTHONPATH=$work/pypi python3 - "$work/pgpass" <<'PYTHON'
import sys
from psycopg import pq
connection = pq.PGconn.connect_start(f"host=127.0.0.1 port=1 user=app dbname=shop passfile={sys.argv[1]}".encode())
print((connection.password or b"none").decode() or "none")
PYTHON
}

printf '127.0.0.1:1:shop:app:right\n' >"$work/pgpass"
same 'a plain file' right "$(take)"
printf '\357\273\277127.0.0.1:1:shop:app:right\n' >"$work/pgpass"
same 'with a byte order mark' none "$(take)"
printf '\357\273\277# tokens\n127.0.0.1:1:shop:app:right\n' >"$work/pgpass"
same 'with a byte order mark and a comment line before' right "$(take)"
finish
