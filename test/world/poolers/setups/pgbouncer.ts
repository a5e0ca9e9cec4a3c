// PgBouncer as docs/connect/pgbouncer.md has it.
import { SERVER_SERVICE, type Setup } from '../setup.ts';

/** @param longest the longest token that gets through, in bytes. */
export function pgBouncer(longest: number): Setup {
  return {
    what: 'pooler and PostgreSQL both ask',
    asked: ['pgbouncer', SERVER_SERVICE],
    askedAgain: ['pgbouncer'],
    longest,
    configure: ({ folder, port, server }) => ({
      files: {
        'pgbouncer.ini': `[databases]
* = host=127.0.0.1 port=${server.port}
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
}
