# psql, which takes the token in PGPASSWORD, or whose libpq reads it in a .pgpass. `$psql` is the program.
way=$1
if [ "$way" = password ]; then
  PGPASSWORD=$(cat "$TOKEN_FILE")
  export PGPASSWORD
fi
$psql -X -w -A -t -F ' ' "host=$2 port=$3 dbname=$4 user=$5 sslmode=verify-full sslrootcert=$6" -c "
  select current_user, case when ssl then 'TLS' else 'plain' end from pg_stat_ssl where pid = pg_backend_pid()"
