#!/bin/bash
# Surprise: ALTER ROLE … VALID UNTIL in the past does not stop a login by PAM, nor one by trust, peer or a certificate. One would
#   expect that the role has expired; it is its password that has.
# Version: PostgreSQL 15.18 (Debian 12). 18.6 did the same.
# Behaviour: VALID UNTIL belongs to the password that PostgreSQL keeps itself, and only scram-sha-256, md5 and password look at
#   it. NOLOGIN stops every login.
# Output, seen on 2026-11-28:
#   expired, by scram-sha-256: FATAL: password authentication failed for user "scram"
#   expired, by PAM: pam
#   expired, by trust: trust
#   NOLOGIN, by PAM: FATAL: role "pam" is not permitted to log in
. "$(dirname "$0")/lib/bench.sh"

pam_service app
postgres_15 15.18-0+deb12u1 <<'HBA'
host all scram 127.0.0.1/32 scram-sha-256
host all pam 127.0.0.1/32 pam pamservice=app
host all trust 127.0.0.1/32 trust
HBA
for role in scram pam trust; do sql "create role $role login password 'right' valid until '2020-01-01'"; done
same 'expired, by scram-sha-256' 'FATAL: password authentication failed for user "scram"' "$(log_in "$port" scram right)"
same 'expired, by PAM' pam "$(log_in "$port" pam right)"
same 'expired, by trust' trust "$(log_in "$port" trust right)"
sql 'alter role pam nologin'
same 'NOLOGIN, by PAM' 'FATAL: role "pam" is not permitted to log in' "$(log_in "$port" pam right)"
finish
