// `pgtoken database apply`: runs in a server of issuers.yaml what `pgtoken database sql` prints for it, as the superuser who calls it.
import { userInfo } from 'node:os';
import type { Policy } from '../../policy/policy.ts';
import { provisionServersOf } from '../../policy/provision-server.ts';
import { runSQL } from '../../postgres/run-sql.ts';
import { ServerError } from '../../postgres/server-error.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { quote } from '../../quote.ts';
import { loadPolicyOrReport } from '../output/report.ts';
import { chooseSQL } from './database-sql.ts';

/** The options of `pgtoken database apply`. */
export interface DatabaseApplyOptions {
  readonly config: string;
  readonly server: string;
  /** The superuser; default: the role of the name of the user who calls. */
  readonly superuser?: string;
  readonly remove: boolean;
}

/** Runs it. @returns the exit status: 0 done, 1 the server refuses it, 2 nothing to run it in. */
export async function applyDatabaseSQL(options: DatabaseApplyOptions): Promise<number> {
  const policy = await loadPolicyOrReport(options.config, process.stderr);
  if (policy === undefined) {
    return 2;
  }
  const server = policy.servers.find(({ name }) => name === options.server);
  if (server === undefined) {
    const known = policy.servers.map(({ name }) => name).join(', ') || 'none';
    process.stderr.write(
      `pgtoken: there is no server ${quote(options.server)} in ${options.config}; it has ${known}\nHINT: Name one of its servers with --server.\n`,
    );
    return 2;
  }
  const { connection, name } = server;
  const superuser = options.superuser ?? userInfo().username;
  const provision = isProvisioned(policy, name);
  const sql = chooseSQL({ role: connection.user, provision, remove: options.remove });
  try {
    await runSQL({ ...connection, user: superuser }, sql, (message) => {
      process.stderr.write(`${toPrintable(message)}\n`);
    });
  } catch (error) {
    if (!(error instanceof ServerError)) {
      throw error;
    }
    const hint = `Run it as a superuser of the server whom pg_hba.conf lets in by peer: runuser -u postgres -- pgtoken database apply --server ${name}`;
    process.stderr.write(
      `pgtoken: server ${name}, as role ${superuser}: ${toPrintable(error.message)}\nHINT: ${hint}\n`,
    );
    return 1;
  }
  const role = `role ${connection.user}`;
  const what = options.remove
    ? `${role} is removed`
    : provision
      ? `${role} and schema pgtoken are as they should be`
      : `${role} is as it should be`;
  process.stdout.write(`server ${name}: ${toPrintable(what)}\n`);
  return 0;
}

/** Whether an entry provisions roles in the server. */
function isProvisioned(policy: Policy, name: string): boolean {
  return provisionServersOf(policy).some((server) => server.name === name);
}
