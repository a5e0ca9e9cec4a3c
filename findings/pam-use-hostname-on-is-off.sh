#!/bin/bash
# Surprise: pam_use_hostname=on in pg_hba.conf is off, and so is every value but 1. PostgreSQL reloads the file without a word, and
#   pg_hba_file_rules shows the option for no value at all, 1 among them. One would expect what a boolean setting takes (on, yes,
#   true), or an error, as clientcert=1 is one.
# Version: PostgreSQL 15.18 (Debian 12). 18.6 did the same.
# Behaviour: the parser compares the value with 1. Without it PAM gets the address of the client as PAM_RHOST, so that modules that
#   know names of hosts, such as pam_access, do not find theirs.
# Output, seen on 2026-11-29:
#   pam_use_hostname=on, what PAM gets: 127.0.0.1
#   pam_use_hostname=1, what PAM gets: localhost
#   pam_use_hostname=perhaps, what PAM gets: 127.0.0.1
#   what pg_hba_file_rules shows of the three: {pamservice=app}
#   errors of the three: 0
. "$(dirname "$0")/lib/bench.sh"

needs getent
getent hosts 127.0.0.1 | grep -q ' localhost' || cannot '127.0.0.1 is not localhost here'
pam_service app
printf '%s\n' '#!/bin/sh' "printf '%s' \"\$PAM_RHOST\" >'$work/rhost'" >"$work/note"
chmod 755 "$work/note"
install -m 666 /dev/null "$work/rhost"
printf '%s\n' "auth required pam_exec.so quiet $work/note" 'account required pam_permit.so' >"$work/pam.d/app"
postgres_15 15.18-0+deb12u1 <<'HBA'
host all role_on 127.0.0.1/32 pam pamservice=app pam_use_hostname=on
host all role_1 127.0.0.1/32 pam pamservice=app pam_use_hostname=1
host all role_perhaps 127.0.0.1/32 pam pamservice=app pam_use_hostname=perhaps
HBA

# rhost VALUE: what PAM gets when the role of that line logs in.
rhost() {
  sql "create role role_$1 login"
  : >"$work/rhost"
  log_in "$port" "role_$1" right >/dev/null
  cat "$work/rhost"
}

same 'pam_use_hostname=on, what PAM gets' 127.0.0.1 "$(rhost on)"
same 'pam_use_hostname=1, what PAM gets' localhost "$(rhost 1)"
same 'pam_use_hostname=perhaps, what PAM gets' 127.0.0.1 "$(rhost perhaps)"
rules="from pg_hba_file_rules where auth_method = 'pam'"
same 'what pg_hba_file_rules shows of the three' '{pamservice=app}' "$(sql "select distinct options $rules")"
same 'errors of the three' 0 "$(sql "select count(error) $rules")"
finish
