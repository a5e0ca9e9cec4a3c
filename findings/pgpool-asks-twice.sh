#!/bin/bash
# Surprise: Pgpool-II that asks PAM, with a password for PostgreSQL in pool_passwd, asks the client for that one as well. Its
#   documentation has pool_passwd for what Pgpool-II sends to PostgreSQL; one would expect that PAM decides about the client.
# Version: Pgpool-II 4.3.5 with PostgreSQL 15.18 (Debian 12). 4.7.3 did the same.
# Behaviour: PAM is asked, and accepts; then the client is asked a second time, by SCRAM, with the password of pool_passwd. Only who sends one
#   password that is right for both gets in.
# Output, seen on 2026-11-29:
#   a password that PAM accepts: ERROR: authentication failed DETAIL: username "app" or password does not exist in backend
#   PAM was asked: pgpool asked with 500 bytes
#   that of pool_passwd, which PAM accepts too: app
#   PAM was asked: pgpool asked with 6 bytes
. "$(dirname "$0")/lib/bench.sh"
. "$(dirname "$0")/lib/pgpool.sh"

pam_service pgpool
postgres_15 15.18-0+deb12u1 <<'HBA'
host all app 127.0.0.1/32 scram-sha-256
HBA
sql "create role app login password 'stored'"
echo 'app:TEXTstored' >"$work/passwd"

start_pgpool 'enable_pool_hba = on' "pool_passwd = '$work/passwd'" <<'HBA'
host all app 127.0.0.1/32 pam
HBA
same 'a password that PAM accepts' 'ERROR: authentication failed DETAIL: username "app" or password does not exist in backend' \
  "$(log_in "$pooler" app "$(password 500)")"
same 'PAM was asked' 'pgpool asked with 500 bytes' "$(asked)"
same 'that of pool_passwd, which PAM accepts too' app "$(log_in "$pooler" app stored)"
same 'PAM was asked' 'pgpool asked with 6 bytes' "$(asked)"
finish
