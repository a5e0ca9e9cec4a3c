// pgagroal, which docs/connect/poolers.md warns of.
import { SERVER_SERVICE, type Setup } from '../setup.ts';

export const pgagroal: Setup = {
  what: 'PostgreSQL asks',
  asked: [SERVER_SERVICE],
  askedAgain: 'refused',
  longest: 1018,
  configure: ({ folder, port, server }) => ({
    files: {
      // A port of five digits ends it.
      'pgagroal.conf': `[pgagroal]
host = 127.0.0.1
port = ${port}
log_type = console
max_connections = 10
unix_socket_dir = ${folder}

[primary]
host = 127.0.0.1
port = ${server.lowPort}
`,
      'pgagroal_hba.conf': 'host all all all all\n',
    },
    args: ['-c', `${folder}/pgagroal.conf`, '-a', `${folder}/pgagroal_hba.conf`],
  }),
};
