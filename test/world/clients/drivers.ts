// The drivers, how each gets its token, and what it shows when that is refused.

/** Registries that they are from. */
export type Ecosystem = 'Debian' | 'PyPI' | 'Maven' | 'Go' | 'crates' | 'npm';

/** Where the password is from: the program gives it, a function or class of the program does when it is asked, or a .pgpass has it. */
export type Way = 'password' | 'callback' | 'pgpass';

/** A driver, or a program that comes with one. */
export interface Driver {
  readonly name: string;
  readonly ecosystem: Ecosystem;
  /** As the registry calls it. */
  readonly package: string;
  /** Its program, in programs/. */
  readonly program: string;
  /** Those that it has and docs/connect/clients.md names, or `password` where it has no other. */
  readonly ways: readonly Way[];
  /** All that it shows of a refusal; PORT stands for the server's port. */
  readonly refusal: string;
  /** What it shows where a line of pg_hba.conf asks for OAUTHBEARER. */
  readonly overOAuth: string;
  /** That it finds no line of a .pgpass whose role has a `\` in front of its `:`; then the line is for any role. */
  readonly keepsEscapes?: true;
  /** What it warns of whenever it reads a .pgpass. */
  readonly warning?: string;
}

/** As libpq shows it, and whoever repeats what libpq says. */
const LIBPQ =
  'connection to server at "127.0.0.1", port PORT failed: FATAL:  PAM authentication failed for user "foo:myservice"';
/** What libpq before 18 shows of OAUTHBEARER. */
const NO_MECHANISM =
  'connection to server at "127.0.0.1", port PORT failed: none of the server\'s SASL authentication mechanisms are supported';
const MESSAGE = 'PAM authentication failed for user "foo:myservice"';

export const DRIVERS: readonly Driver[] = [
  {
    name: 'psql',
    ecosystem: 'Debian',
    package: 'postgresql-client-15',
    program: 'psql.sh',
    overOAuth: `psql: error: ${NO_MECHANISM}`,
    ways: ['password', 'pgpass'],
    refusal: `psql: error: ${LIBPQ}`,
  },
  {
    name: 'DBD::Pg',
    ecosystem: 'Debian',
    package: 'libdbd-pg-perl',
    program: 'dbd-pg.pl',
    overOAuth: NO_MECHANISM,
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'pdo_pgsql',
    ecosystem: 'Debian',
    package: 'php8.2-pgsql',
    program: 'pdo-pgsql.php',
    overOAuth: `SQLSTATE[08006] [7] ${NO_MECHANISM}`,
    ways: ['password', 'pgpass'],
    refusal: `SQLSTATE[08006] [7] ${LIBPQ}`,
  },
  {
    name: 'pg for Ruby',
    ecosystem: 'Debian',
    package: 'ruby-pg',
    program: 'ruby-pg.rb',
    overOAuth: NO_MECHANISM,
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'psqlODBC',
    ecosystem: 'Debian',
    package: 'odbc-postgresql',
    program: 'psqlodbc',
    overOAuth: `08001 ${NO_MECHANISM}`,
    ways: ['password', 'pgpass'],
    refusal: `08001 ${LIBPQ}`,
  },
  {
    name: 'psycopg 2',
    ecosystem: 'PyPI',
    package: 'psycopg2-binary',
    program: 'psycopg2_client.py',
    overOAuth: NO_MECHANISM,
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'psycopg 3',
    ecosystem: 'PyPI',
    package: 'psycopg',
    program: 'psycopg_client.py',
    overOAuth:
      'connection failed: connection to server at "127.0.0.1", port PORT failed: server requires OAuth authentication, but oauth_issuer and oauth_client_id are not both set',
    ways: ['password', 'pgpass'],
    refusal: `connection failed: ${LIBPQ}`,
  },
  {
    name: 'asyncpg',
    ecosystem: 'PyPI',
    package: 'asyncpg',
    program: 'asyncpg_client.py',
    overOAuth: "unsupported SASL Authentication methods requested by the server: 'OAUTHBEARER'",
    ways: ['callback', 'pgpass'],
    refusal: MESSAGE,
    keepsEscapes: true,
  },
  {
    name: 'pg8000',
    ecosystem: 'PyPI',
    package: 'pg8000',
    program: 'pg8000_client.py',
    overOAuth:
      "The mechanism name is not supported. The supported mechanisms are ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512', 'SCRAM-SHA-512-PLUS', 'SCRAM-SHA3-512', 'SCRAM-SHA3-512-PLUS']",
    ways: ['password'],
    refusal: `{'S': 'FATAL', 'V': 'FATAL', 'C': '28000', 'M': '${MESSAGE}', 'F': 'auth.c', 'L': '334', 'R': 'auth_failed'}`,
  },
  {
    name: 'pgjdbc',
    ecosystem: 'Maven',
    package: 'org.postgresql:postgresql',
    program: 'Pgjdbc',
    overOAuth: 'Invalid SCRAM client initialization',
    ways: ['callback', 'pgpass'],
    refusal: `FATAL: ${MESSAGE}`,
  },
  {
    name: 'pgx',
    ecosystem: 'Go',
    package: 'github.com/jackc/pgx/v5',
    program: 'pgx',
    overOAuth:
      'failed to connect to `user=foo:myservice database=byoauth`: 127.0.0.1:PORT (127.0.0.1): failed SASL auth: server does not support SCRAM-SHA-256',
    ways: ['callback', 'pgpass'],
    refusal: `failed to connect to \`user=foo:myservice database=postgres\`: 127.0.0.1:PORT (127.0.0.1): server error: FATAL: ${MESSAGE} (SQLSTATE 28000)`,
  },
  {
    name: 'lib/pq',
    ecosystem: 'Go',
    package: 'github.com/lib/pq',
    program: 'pq',
    overOAuth: 'pq: client selected an invalid SASL authentication mechanism (08P01)',
    ways: ['password', 'pgpass'],
    refusal: `pq: ${MESSAGE} (28000)`,
  },
  {
    name: 'tokio-postgres',
    ecosystem: 'crates',
    package: 'tokio-postgres',
    program: 'tokio_postgres',
    overOAuth: 'authentication error',
    ways: ['password'],
    refusal: 'db error',
  },
  {
    name: 'sqlx',
    ecosystem: 'crates',
    package: 'sqlx',
    program: 'sqlx',
    overOAuth:
      'encountered unexpected or invalid data: unsupported SASL authentication mechanisms: OAUTHBEARER (sqlx_postgres::connection::sasl:46)',
    ways: ['password', 'pgpass'],
    refusal: `error returned from database: ${MESSAGE} at line 334`,
  },
  {
    name: 'node-postgres',
    ecosystem: 'npm',
    package: 'pg',
    program: 'node-postgres.js',
    overOAuth: 'SASL: Only mechanism(s) SCRAM-SHA-256 are supported',
    ways: ['callback', 'pgpass'],
    refusal: MESSAGE,
    warning: 'pgpass support is deprecated and will be removed in pg@9.0',
  },
  {
    name: 'postgres.js',
    ecosystem: 'npm',
    package: 'postgres',
    program: 'postgres-js.js',
    overOAuth: 'client selected an invalid SASL authentication mechanism',
    ways: ['callback'],
    refusal: MESSAGE,
  },
];
