#!/bin/bash
# Surprise: where PostgreSQL asks for the password (PAM, LDAP, password), a connection in Pgpool-II's cache is open to the very
#   password that opened it, and PostgreSQL is not asked. Another password of the same user is refused, however right it is;
#   the old one gets in when it has long been changed. One would expect that PostgreSQL is asked, or that neither counts.
# Version: Pgpool-II 4.3.5 with PostgreSQL 15.18 (Debian 12). 4.7.3 did the same, with other words.
# Behaviour: with connection_cache = on, the default, Pgpool-II keeps the password with the connection and compares. It does not
#   cache connections to the databases postgres, template0 and template1. With connection_cache = off PostgreSQL is asked.
# Output, seen on 2026-11-28:
#   the first password: app
#   PAM was asked: app asked with 500 bytes
#   the first password again: app
#   PAM was asked:
#   another one: ERROR: clear text password authentication failed DETAIL: password size does not match
#   PAM was asked:
#   another one, without the cache: app
#   PAM was asked: app asked with 501 bytes
. "$(dirname "$0")/lib/bench.sh"
. "$(dirname "$0")/lib/pgpool.sh"

pam_service app
postgres_15 15.18-0+deb12u1 <<'HBA'
host all app 127.0.0.1/32 pam pamservice=app
HBA
sql 'create role app login'
sql 'create database shop'

start_pgpool 'enable_pool_hba = off' 'connection_cache = on' </dev/null
same 'the first password' app "$(log_in "$pooler" app "$(password 500)" shop)"
same 'PAM was asked' 'app asked with 500 bytes' "$(asked)"
same 'the first password again' app "$(log_in "$pooler" app "$(password 500)" shop)"
same 'PAM was asked' '' "$(asked)"
same 'another one' 'ERROR: clear text password authentication failed DETAIL: password size does not match' \
  "$(log_in "$pooler" app "$(password 501)" shop)"
same 'PAM was asked' '' "$(asked)"
stop pgpool

start_pgpool 'enable_pool_hba = off' 'connection_cache = off' </dev/null
same 'another one, without the cache' app "$(log_in "$pooler" app "$(password 501)" shop)"
same 'PAM was asked' 'app asked with 501 bytes' "$(asked)"
finish
