// The files of pg_hba.conf whose paths root is shown in commands to copy, each with the server that reads it. Any user of the
// host may call a process postgres: what counts is what user postgres has, and nobody else could have put there.
import { resolve } from 'node:path';
import { isLoaded, type LoadedHBA, loadHBAFiles } from '../../doctor/hba/load-hba-files.ts';
import type { ParsedHBA } from '../../doctor/hba/parse-hba.ts';
import type { Files, Host, ServerProcess } from '../../doctor/host/host.ts';
import { ownConnectionOf } from '../../doctor/server/connection/own-connection.ts';
import { quote } from '../../quote.ts';
import { hasControls } from '../forms.ts';
import type { InitProblem } from '../init-problem.ts';

/** Where a server of this host listens. */
export interface LocalServer {
  readonly port: number;
  readonly socketFolder: string;
}

/** A pg_hba.conf that has been read. */
export interface HBAFile {
  readonly path: string;
  readonly content: ParsedHBA;
  /** Undefined where none is known that runs with it. */
  readonly server: LocalServer | undefined;
  /** Whether a line may be written into a file that this one includes. */
  readonly mayName: (included: string) => boolean;
}

/** What is seen of the host. */
export type HBAHost = Pick<Host, 'files' | 'accounts' | 'findServers'>;

/** @param named the file of --hba; undefined: those of the servers of this host. */
export async function findHBAFiles(
  named: string | undefined,
  host: HBAHost,
): Promise<readonly HBAFile[] | InitProblem> {
  const owner = (await host.accounts.findUser('postgres'))?.uid;
  const processes = host.findServers().filter((one) => isOfOwner(one, owner, host));
  const path = named === undefined ? undefined : resolve(named);
  const loaded = loadHBAFiles({ named: path, processes, servers: [] }, host);
  const mayName = (file: string): boolean => isOwnFile(file, owner, host.files);
  if (path !== undefined) {
    const problem = loaded.map((one) => checkNamed(path, one)).find((one) => one !== undefined);
    if (problem !== undefined) {
      return problem;
    }
  }
  return loaded
    .filter(isLoaded)
    .filter((one) => path !== undefined || mayName(one.path))
    .map((one) => ({
      path: one.path,
      content: one.content,
      server: one.process === undefined ? undefined : serverOf(one.process, host),
      mayName: (file) => file === one.path || mayName(file),
    }));
}

function isOfOwner(
  { uid, folders: [data = ''] }: ServerProcess,
  owner: number | undefined,
  { files }: Pick<Host, 'files'>,
): boolean {
  const status = files.status(data);
  return uid === owner && status.ok && status.value.kind === 'folder' && status.value.uid === owner;
}

/** A regular file of the server's owner or root, by its own name, which a terminal shows as it is. */
function isOwnFile(path: string, owner: number | undefined, files: Files): boolean {
  const status = files.status(path);
  const link = files.readLink(path);
  return (
    !hasControls(path) &&
    !(link.ok && link.value !== '') &&
    status.ok &&
    status.value.kind === 'file' &&
    (status.value.uid === 0 || status.value.uid === owner)
  );
}

function checkNamed(path: string, { content }: LoadedHBA): InitProblem | undefined {
  const hint = 'Name the pg_hba.conf of the server, or leave it out.';
  if (hasControls(path)) {
    return { problem: `--hba ${quote(path)} has control characters in its path`, hint };
  }
  if (!('rules' in content)) {
    return { problem: `--hba ${path} cannot be read: ${content.message}`, hint };
  }
  const [first] = content.problems;
  if (path.endsWith('/pg_hba.conf') || (first === undefined && content.rules.length > 0)) {
    return undefined;
  }
  const seen = first === undefined ? 'it has no rules' : `line ${first.line}: ${first.reason}`;
  return { problem: `--hba ${path} is no pg_hba.conf: ${seen}`, hint };
}

function serverOf(process: ServerProcess, host: Pick<Host, 'files'>): LocalServer | undefined {
  const { host: socketFolder, port } = ownConnectionOf(process, 'postgres', host)?.config ?? {};
  return socketFolder === undefined || port === undefined || hasControls(socketFolder)
    ? undefined
    : { port, socketFolder };
}
