// The pools, and what is expected of each.

/** Registries that they are from. */
export type Ecosystem = 'Maven' | 'PyPI' | 'Go' | 'npm';

/** A pool of connections. */
export interface Pool {
  readonly name: string;
  readonly ecosystem: Ecosystem;
  /** As the registry calls it. */
  readonly package: string;
  /** The package of the driver below it, where that is another one. */
  readonly driver?: string;
  /** Its program, in programs/. */
  readonly program: string;
  /** Whether it reads a .pgpass anew for each connection. */
  readonly followsPgpass: boolean;
  /** The driver's own way to be asked for a password, in words. */
  readonly callback: string;
}

export const POOLS: readonly Pool[] = [
  {
    name: 'HikariCP',
    ecosystem: 'Maven',
    package: 'com.zaxxer:HikariCP',
    driver: 'org.postgresql:postgresql',
    program: 'Hikari',
    followsPgpass: true,
    callback: '`authenticationPluginClassName` of pgjdbc',
  },
  {
    name: 'SQLAlchemy',
    ecosystem: 'PyPI',
    package: 'SQLAlchemy',
    driver: 'psycopg',
    program: 'sqlalchemy_pool.py',
    followsPgpass: true,
    callback: 'a listener for `do_connect`',
  },
  {
    name: 'psycopg_pool',
    ecosystem: 'PyPI',
    package: 'psycopg-pool',
    driver: 'psycopg',
    program: 'psycopg_connections.py',
    followsPgpass: true,
    callback: 'a function as `kwargs`',
  },
  {
    name: 'pgxpool',
    ecosystem: 'Go',
    package: 'github.com/jackc/pgx/v5',
    program: 'pgx',
    followsPgpass: false,
    callback: '`BeforeConnect`',
  },
  {
    name: 'node-postgres',
    ecosystem: 'npm',
    package: 'pg',
    program: 'node-postgres.js',
    followsPgpass: true,
    callback: 'a function as `password`',
  },
];
