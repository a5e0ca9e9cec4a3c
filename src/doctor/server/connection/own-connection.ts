// How the superuser of a server of this host is let in without a password: over the unix socket that the server itself names in
// its data folder.
import { join } from 'node:path';
import type { Connection } from './parse-connection.ts';
import { peerConfig } from './peer-config.ts';
import type { ServerProcess, Host } from '../../host/host.ts';

/** Lines of postmaster.pid, counted from 0. */
const PORT_LINE = 3;
const SOCKET_FOLDER_LINE = 4;

/**
 * The connection never sends a password, whatever environment and `.pgpass` say: who owns the data folder chooses where it leads.
 *
 * @param role as whom.
 * @returns undefined where the server has no unix socket, or its file may not be read.
 */
export function ownConnectionOf(
  { folders }: ServerProcess,
  role: string,
  { files }: Pick<Host, 'files'>,
): Connection | undefined {
  const text = files.readText(join(folders[0] ?? '', 'postmaster.pid'));
  const lines = text.ok ? text.value.split('\n') : [];
  const [port = '', host = ''] = [lines[PORT_LINE], lines[SOCKET_FOLDER_LINE]];
  if (!/^[1-9][0-9]{0,4}$/.test(port) || !host.startsWith('/')) {
    return undefined;
  }
  return {
    config: peerConfig({ host, port: Number(port), user: role, database: 'postgres' }),
    shown: `host=${host} port=${port} dbname=postgres user=${role}`,
  };
}
