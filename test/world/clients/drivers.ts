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
  /** That it finds no line of a .pgpass whose role has a `\` in front of its `:`; then the line is for any role. */
  readonly keepsEscapes?: true;
  /** What it warns of whenever it reads a .pgpass. */
  readonly warning?: string;
}

/** As libpq shows it, and whoever repeats what libpq says. */
const LIBPQ =
  'connection to server at "127.0.0.1", port PORT failed: FATAL:  PAM authentication failed for user "foo:myservice"';
const MESSAGE = 'PAM authentication failed for user "foo:myservice"';

export const DRIVERS: readonly Driver[] = [
  {
    name: 'psql',
    ecosystem: 'Debian',
    package: 'postgresql-client-15',
    program: 'psql.sh',
    ways: ['password', 'pgpass'],
    refusal: `psql: error: ${LIBPQ}`,
  },
  {
    name: 'DBD::Pg',
    ecosystem: 'Debian',
    package: 'libdbd-pg-perl',
    program: 'dbd-pg.pl',
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'pdo_pgsql',
    ecosystem: 'Debian',
    package: 'php8.2-pgsql',
    program: 'pdo-pgsql.php',
    ways: ['password', 'pgpass'],
    refusal: `SQLSTATE[08006] [7] ${LIBPQ}`,
  },
  {
    name: 'pg for Ruby',
    ecosystem: 'Debian',
    package: 'ruby-pg',
    program: 'ruby-pg.rb',
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'psqlODBC',
    ecosystem: 'Debian',
    package: 'odbc-postgresql',
    program: 'psqlodbc',
    ways: ['password', 'pgpass'],
    refusal: `08001 ${LIBPQ}`,
  },
  {
    name: 'psycopg 2',
    ecosystem: 'PyPI',
    package: 'psycopg2-binary',
    program: 'psycopg2_client.py',
    ways: ['password', 'pgpass'],
    refusal: LIBPQ,
  },
  {
    name: 'psycopg 3',
    ecosystem: 'PyPI',
    package: 'psycopg',
    program: 'psycopg_client.py',
    ways: ['password', 'pgpass'],
    refusal: `connection failed: ${LIBPQ}`,
  },
  {
    name: 'asyncpg',
    ecosystem: 'PyPI',
    package: 'asyncpg',
    program: 'asyncpg_client.py',
    ways: ['callback', 'pgpass'],
    refusal: MESSAGE,
    keepsEscapes: true,
  },
  {
    name: 'pg8000',
    ecosystem: 'PyPI',
    package: 'pg8000',
    program: 'pg8000_client.py',
    ways: ['password'],
    refusal: `{'S': 'FATAL', 'V': 'FATAL', 'C': '28000', 'M': '${MESSAGE}', 'F': 'auth.c', 'L': '334', 'R': 'auth_failed'}`,
  },
  {
    name: 'pgjdbc',
    ecosystem: 'Maven',
    package: 'org.postgresql:postgresql',
    program: 'Pgjdbc',
    ways: ['callback', 'pgpass'],
    refusal: `FATAL: ${MESSAGE}`,
  },
  {
    name: 'pgx',
    ecosystem: 'Go',
    package: 'github.com/jackc/pgx/v5',
    program: 'pgx',
    ways: ['callback', 'pgpass'],
    refusal: `failed to connect to \`user=foo:myservice database=postgres\`: 127.0.0.1:PORT (127.0.0.1): server error: FATAL: ${MESSAGE} (SQLSTATE 28000)`,
  },
  {
    name: 'lib/pq',
    ecosystem: 'Go',
    package: 'github.com/lib/pq',
    program: 'pq',
    ways: ['password', 'pgpass'],
    refusal: `pq: ${MESSAGE} (28000)`,
  },
  {
    name: 'tokio-postgres',
    ecosystem: 'crates',
    package: 'tokio-postgres',
    program: 'tokio_postgres',
    ways: ['password'],
    refusal: 'db error',
  },
  {
    name: 'sqlx',
    ecosystem: 'crates',
    package: 'sqlx',
    program: 'sqlx',
    ways: ['password', 'pgpass'],
    refusal: `error returned from database: ${MESSAGE} at line 334`,
  },
  {
    name: 'node-postgres',
    ecosystem: 'npm',
    package: 'pg',
    program: 'node-postgres.js',
    ways: ['callback', 'pgpass'],
    refusal: MESSAGE,
    warning: 'pgpass support is deprecated and will be removed in pg@9.0',
  },
  {
    name: 'postgres.js',
    ecosystem: 'npm',
    package: 'postgres',
    program: 'postgres-js.js',
    ways: ['callback'],
    refusal: MESSAGE,
  },
];
