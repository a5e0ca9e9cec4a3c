// pg_hba.conf as postgresql-common writes it, of Debian 12 and 13, without the superuser's own line and comments.

export const DEBIAN_LINES = [
  'local   all             all                                     peer',
  'host    all             all             127.0.0.1/32            scram-sha-256',
  'host    all             all             ::1/128                 scram-sha-256',
  'local   replication     all                                     peer',
  'host    replication     all             127.0.0.1/32            scram-sha-256',
  'host    replication     all             ::1/128                 scram-sha-256',
];
