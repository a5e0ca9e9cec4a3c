#!/bin/bash
# Surprise: Pgpool-II, of which it is often said that it cuts passwords at 1023 bytes, cuts nothing. It asks PAM itself with
#   passwords of 65,000 bytes; but the same password is refused above 1023 bytes as soon as PostgreSQL asks for it.
# Version: Pgpool-II 4.3.5 with PostgreSQL 15.18 (Debian 12). 4.7.3 did the same.
# Behaviour: a password for its own PAM is read into as much memory as it needs; one that it passes on, into 1024 bytes, and what
#   does not fit is an error that names the length.
# Output, seen on 2026-11-28:
#   Pgpool-II asks PAM, 65000 bytes: mine
#   PAM was asked: pgpool asked with 65000 bytes
#   PostgreSQL asks PAM through it, 1023 bytes: theirs
#   PAM was asked: app asked with 1023 bytes
#   PostgreSQL asks PAM through it, 1024 bytes: ERROR: authentication failed DETAIL: invalid authentication packet. password is too long. password length is 1025
. "$(dirname "$0")/lib/bench.sh"
. "$(dirname "$0")/lib/pgpool.sh"

pam_service app
pam_service pgpool
postgres_15 15.18-0+deb12u1 <<'HBA'
host all mine 127.0.0.1/32 trust
host all theirs 127.0.0.1/32 pam pamservice=app
HBA
sql 'create role mine login; create role theirs login'

start_pgpool 'enable_pool_hba = on' <<'HBA'
host all mine 127.0.0.1/32 pam
HBA
same 'Pgpool-II asks PAM, 65000 bytes' mine "$(log_in "$pooler" mine "$(password 65000)")"
same 'PAM was asked' 'pgpool asked with 65000 bytes' "$(asked)"
stop pgpool

start_pgpool 'enable_pool_hba = off' </dev/null
same 'PostgreSQL asks PAM through it, 1023 bytes' theirs "$(log_in "$pooler" theirs "$(password 1023)")"
same 'PAM was asked' 'app asked with 1023 bytes' "$(asked)"
same 'PostgreSQL asks PAM through it, 1024 bytes' \
  'ERROR: authentication failed DETAIL: invalid authentication packet. password is too long. password length is 1025' \
  "$(log_in "$pooler" theirs "$(password 1024)")"
finish
