// The poolers of Debian's releases, and how each is set up: as docs/connect/pgbouncer.md says.

export interface Pooler {
  readonly name: string;
  /** The release of Debian. */
  readonly suite: string;
  readonly package: string;
  /** Its path there. */
  readonly program: string;
  /** The PAM service by which it asks pgtoken itself. */
  readonly service: string;
  /** The longest token that gets through, in bytes. */
  readonly longest: number;
  /** @returns its files, and the arguments that it is started with. */
  readonly configure: (place: Place) => {
    readonly files: Readonly<Record<string, string>>;
    readonly args: readonly string[];
  };
}

export interface Place {
  /** A folder that it may write. */
  readonly folder: string;
  readonly port: number;
  /** PostgreSQL's. */
  readonly serverPort: number;
}

const pgBouncer = {
  name: 'PgBouncer',
  package: 'pgbouncer',
  program: 'usr/sbin/pgbouncer',
  service: 'pgbouncer',
  configure: ({ folder, port, serverPort }: Place) => ({
    files: {
      'pgbouncer.ini': `[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = pam
server_login_retry = 1
`,
    },
    args: [`${folder}/pgbouncer.ini`],
  }),
};

export const POOLERS: readonly Pooler[] = [
  { ...pgBouncer, suite: 'bookworm', longest: 2047 },
  { ...pgBouncer, suite: 'trixie', longest: 2047 },
  { ...pgBouncer, suite: 'forky', longest: 65_530 },
];
