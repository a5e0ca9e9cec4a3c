// The shape of what issuers.yaml says of the PostgreSQL servers of this host that the daemon may act on.
import * as z from 'zod/mini';
import { dnsLabel, serverConnection } from '../../values/values.ts';

/** The schema of one of `servers`. */
export const serverSchema = z.strictObject({
  name: dnsLabel('A unique name for the server, which is in messages, log and metrics.'),
  connection: serverConnection(
    "How the daemon connects: `host` (the folder of the server's unix socket), `port`, `dbname` and `user`, each of which may be left out: `host=/var/run/postgresql port=5432 dbname=postgres user=pgtoken`. The server has to let the daemon in by the user that it runs as (`peer`); there is no password.",
  ),
});
