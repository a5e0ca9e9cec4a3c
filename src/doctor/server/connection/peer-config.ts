// How a server of this host is asked over its unix socket: known by a user (peer), and never by a password, whatever environment
// and `.pgpass` say.
import type { ClientConfig } from 'pg';
import type { ServerConnection } from '../../../values/parse-server-connection.ts';

/** What the driver needs. */
export function peerConfig(connection: ServerConnection): ClientConfig {
  return {
    ...connection,
    ssl: false,
    password: async () => {
      throw new Error('it asks for a password');
    },
  };
}
