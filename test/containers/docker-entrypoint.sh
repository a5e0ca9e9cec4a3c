#!/bin/sh
# Stands for docker-entrypoint.sh of the official images, which cannot be had without a registry, and keeps to what
# packaging/container relies on: as root it gives PGDATA to user postgres and becomes that user with its groups; an empty
# PGDATA becomes a cluster, in which the files of /docker-entrypoint-initdb.d are run; then it becomes the command.
set -eu

if [ "$(id -u)" -eq 0 ]; then
  install -d -o postgres -g postgres -m 0700 "$PGDATA"
  install -d -o postgres -g postgres -m 3777 /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata "$PGDATA" --username=postgres --auth-local=trust --auth-host=scram-sha-256 --no-sync
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata "$PGDATA" --options "-c listen_addresses=''" --wait start
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql --username=postgres --dbname=postgres --no-psqlrc --set=ON_ERROR_STOP=1 --file "$file"
  done
  pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
fi
exec "$@"
