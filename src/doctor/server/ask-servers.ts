// The servers that are asked about themselves: the one that --db names, or else those of this host that let in whoever asks.
import type { Connection } from './connection/parse-connection.ts';
import type { DatabaseFacts, ReadDatabase } from './read-database.ts';
import type { ServerProcess, Host } from '../host/host.ts';
import { ownConnectionOf } from './connection/own-connection.ts';

/** A server, and what it said. */
export interface AskedServer {
  /** Undefined for the one of --db. */
  readonly process: ServerProcess | undefined;
  readonly connection: Connection;
  /** What it said, or why it did not. */
  readonly answer: DatabaseFacts | string;
}

/**
 * @param named the connection of --db.
 * @param role the superuser, for servers that were not named.
 */
export async function askServers(
  { named, role }: { readonly named: Connection | undefined; readonly role: string },
  processes: readonly ServerProcess[],
  host: Pick<Host, 'files' | 'accounts' | 'uid'>,
  readDatabase: ReadDatabase,
): Promise<readonly AskedServer[]> {
  const ask = async (
    connection: Connection,
    process: ServerProcess | undefined,
  ): Promise<AskedServer> => ({
    process,
    connection,
    answer: await readDatabase(connection, [], host.accounts),
  });
  if (named !== undefined) {
    return [await ask(named, undefined)];
  }
  const asked = processes
    // As peer wants it.
    .filter(({ uid }) => host.uid === 0 || host.uid === uid)
    .map(async (process) => {
      const connection = ownConnectionOf(process, role, host);
      return connection === undefined ? [] : [await ask(connection, process)];
    });
  return (await Promise.all(asked)).flat();
}
