// Odyssey as docs/connect/poolers.md has it.
import { SERVER_SERVICE, type Setup } from '../setup.ts';

export const odyssey: Setup = {
  what: 'pooler and PostgreSQL both ask',
  asked: ['odyssey', SERVER_SERVICE],
  askedAgain: ['odyssey'],
  longest: 9999,
  configure: ({ folder, port, server }) => ({
    files: {
      'odyssey.conf': `workers 4
coroutine_stack_size 24
daemonize no
log_format "%p %t %l [%i %s] (%c) %m\\n"
log_to_stdout yes
unix_socket_dir "${folder}"
unix_socket_mode "0644"
locks_dir "${folder}"
listen {
  host "127.0.0.1"
  port ${port}
}
storage "postgres_server" {
  type "remote"
  host "127.0.0.1"
  port ${server.port}
}
database default {
  user default {
    authentication "clear_text"
    auth_pam_service "odyssey"
    password_passthrough yes
    storage "postgres_server"
    pool "session"
  }
}
`,
    },
    args: [`${folder}/odyssey.conf`],
  }),
};
