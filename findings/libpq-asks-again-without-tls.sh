#!/bin/bash
# Surprise: with sslmode=prefer, the default of libpq and asyncpg, a password that the server refuses over TLS is sent once more, without
#   TLS. PAM is asked twice for one login. One would expect that the client falls back where the server has no TLS, and that a
#   refusal is one.
# Version: psql 15.18 with PostgreSQL 15.18 (Debian 12), psycopg 3.3.9 (libpq 18), asyncpg 0.32.0. pgx 5.13.0, lib/pq 1.12.3 and pgjdbc
#   42.7.14 with sslmode=prefer ask once.
# Behaviour: for libpq the connection over TLS has failed, whatever for, and the one without is next. What counts failed logins counts
#   two. With hostssl lines alone, the second one is refused before the password; with sslmode=require or verify-full there is none.
# Output, seen on 2026-11-29:
#   psql, the services that were asked: tls asked with 5 bytes;clear asked with 5 bytes
#   psycopg, the services that were asked: tls asked with 5 bytes;clear asked with 5 bytes
#   asyncpg, the services that were asked: tls asked with 5 bytes;clear asked with 5 bytes
#   psql with sslmode=require, the services that were asked: tls asked with 5 bytes
. "$(dirname "$0")/lib/bench.sh"

needs openssl
pam_service tls
pam_service clear
# The password is noted, and refused.
for service in tls clear; do echo 'auth required pam_deny.so' >>"$work/pam.d/$service"; done
postgres_15 15.18-0+deb12u1 <<'HBA'
hostssl all app 127.0.0.1/32 pam pamservice=tls
hostnossl all app 127.0.0.1/32 pam pamservice=clear
HBA
pypi psycopg==3.3.9 psycopg-binary==3.3.9 asyncpg==0.32.0 typing-extensions==4.16.0
openssl req -x509 -newkey rsa:2048 -noenc -days 1 -subj /CN=localhost -keyout "$work/key" -out "$work/certificate" 2>/dev/null
secret data/server.key <"$work/key"
secret data/server.crt <"$work/certificate"
sql 'create role app login'
sql 'alter system set ssl = on'
reload

with_psql() { PGPASSWORD=wrong "$bin/psql" -X -w "host=127.0.0.1 port=$port user=app dbname=postgres $1" 2>&1 || :; }
with_python() {
  PYTHONPATH=$work/pypi LD_LIBRARY_PATH='' python3 - "$port" "$1" <<'PYTHON'
import asyncio
import sys
import asyncpg
import psycopg

options = {"host": "127.0.0.1", "port": int(sys.argv[1]), "user": "app", "password": "wrong"}
try:
    if sys.argv[2] == "psycopg":
        psycopg.connect(dbname="postgres", **options)
    else:
        asyncio.run(asyncpg.connect(database="postgres", **options))
except (psycopg.OperationalError, asyncpg.PostgresError) as error:
    print(error)
PYTHON
}

# PAM waits some seconds before it refuses.
both='tls asked with 5 bytes;clear asked with 5 bytes'
with_psql '' >>"$work/clients.log"
same 'psql, the services that were asked' "$both" "$(asked)"
for driver in psycopg asyncpg; do
  with_python "$driver" >>"$work/clients.log"
  same "$driver, the services that were asked" "$both" "$(asked)"
done
with_psql sslmode=require >>"$work/clients.log"
same 'psql with sslmode=require, the services that were asked' 'tls asked with 5 bytes' "$(asked)"
finish
