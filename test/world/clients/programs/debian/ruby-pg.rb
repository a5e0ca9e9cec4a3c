# Ruby's pg, which takes the token as its password or leaves it to libpq, which reads it in a .pgpass: see ../../README.md.
require 'pg'

way, host, port, database, user, authority = ARGV
options = { host:, port:, dbname: database, user:, sslmode: 'verify-full', sslrootcert: authority }
options[:password] = File.read(ENV.fetch('TOKEN_FILE')).strip if way == 'password'
begin
  connection = PG.connect(**options)
  row = connection.exec('select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()').values.first
  puts "#{row[0]} #{row[1] == 't' ? 'TLS' : 'plain'}"
  connection.close
rescue PG::Error => e
  warn e.message
  exit 1
end
