// HAProxy as docs/connect/poolers.md has it.
import { SERVER_SERVICE, type Setup } from '../setup.ts';

export const haproxy: Setup = {
  what: 'PostgreSQL asks',
  asked: [SERVER_SERVICE],
  askedAgain: [SERVER_SERVICE],
  longest: 65_000,
  hba: ['host all haproxy 127.0.0.1/32 scram-sha-256'],
  configure: ({ folder, port, server }) => ({
    files: {
      'haproxy.cfg': `frontend postgres
  mode tcp
  bind 127.0.0.1:${port}
  timeout client 1h
  default_backend servers

backend servers
  mode tcp
  timeout connect 5s
  timeout server 1h
  option pgsql-check user haproxy
  server db1 127.0.0.1:${server.port} check
`,
    },
    args: ['-db', '-f', `${folder}/haproxy.cfg`],
  }),
};
