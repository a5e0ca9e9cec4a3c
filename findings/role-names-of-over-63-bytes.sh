#!/bin/bash
# Surprise: CREATE ROLE takes a name of over 63 bytes, cut, and psql logs in by the whole name; but a line of pg_hba.conf that has
#   the whole name counts for nobody. And where the cut goes through a letter of two bytes, the login by the whole name fails as
#   well. One would expect that a name is cut alike wherever PostgreSQL reads one.
# Version: PostgreSQL 15.18 (Debian 12). 18.6 did the same.
# Behaviour: CREATE ROLE leaves out a letter that is not whole, a login cuts after 63 bytes and leaves half a letter, and
#   pg_hba.conf cuts nothing. Names of service accounts and mail addresses may be that long: make shorter roles.
# Output, seen on 2026-11-29:
#   a role of 70 bytes, its length: 63
#   its login by the whole name: let in
#   the service that its own line has: not asked
#   a line with the first 63 bytes: own asked with 5 bytes
#   a role of 66 bytes, the 63rd and 64th are one letter, its length: 62
#   its login, whole name: refused
#   its login, first 62 bytes: let in
. "$(dirname "$0")/lib/bench.sh"

pam_service own
pam_service any
name=$(password 62)
plain=${name}-of-long
accent=${name}é24

# lines NAME: pg_hba.conf from then on.
lines() {
  printf '%s\n' 'local all all trust' "host all \"$1\" 127.0.0.1/32 pam pamservice=own" 'host all all 127.0.0.1/32 pam pamservice=any' |
    secret data/pg_hba.conf
  reload
}

# as NAME ROLE: whether the login by this name makes one that role.
as() {
  case $(log_in "$port" "$1" right) in
    FATAL:*'does not exist') echo refused ;;
    "$2") echo 'let in' ;;
    *) echo 'something else' ;;
  esac
}

# The encoding of the databases, and with it where letters begin.
export LC_ALL=C.UTF-8
postgres_15 15.18-0+deb12u1 </dev/null
PGOPTIONS='-c client_min_messages=error' sql "create role \"$plain\" login; create role \"$accent\" login"
length='select octet_length(rolname) from pg_roles where octet_length(rolname)'

lines "$plain"
same 'a role of 70 bytes, its length' 63 "$(sql "$length = 63")"
same 'its login by the whole name' 'let in' "$(as "$plain" "${plain:0:63}")"
same 'the service that its own line has' 'not asked' "$(asked | grep -o own || echo 'not asked')"
lines "${plain:0:63}"
as "$plain" "${plain:0:63}" >/dev/null
same 'a line with the first 63 bytes' 'own asked with 5 bytes' "$(asked)"
same 'a role of 66 bytes, the 63rd and 64th are one letter, its length' 62 "$(sql "$length = 62")"
same 'its login, whole name' refused "$(as "$accent" "$name")"
same 'its login, first 62 bytes' 'let in' "$(as "$name" "$name")"
finish
