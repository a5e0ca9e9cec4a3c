// The PostgreSQL servers that run on this host, with the groups they were started with: a server that runs does not learn
// of a group that its user has joined since. /proc shows those of containers and of other roots as well; their users and
// files are not this host's, even where the numbers are the same.
import { dirname, resolve } from 'node:path';
import type { lookAs } from '../host/with-effective-user.ts';
import type { Files, ServerProcess } from '../host/host.ts';

type Status = Omit<ServerProcess, 'folders'> & { readonly parent: number };

/**
 * @param look with the rights of the server, where root may not look at its processes, as in most containers.
 * @returns postmasters; not their children, which have the same groups. None that may not be looked at.
 */
export function findServers(files: Files, look: typeof lookAs): readonly ServerProcess[] {
  const all = files
    .list('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => {
      const status = files.readText(`/proc/${name}/status`);
      const server = status.ok ? parseStatus(Number(name), status.value) : undefined;
      return server === undefined ? [] : [server];
    });
  const pids = new Set(all.map(({ pid }) => pid));
  return all
    .filter(({ parent }) => !pids.has(parent))
    .flatMap(({ pid, uid, gids }) => {
      const server = { pid, uid, gids };
      const folders = findFolders(pid, files) ?? look(server, () => findFolders(pid, files));
      return folders === undefined ? [] : [{ ...server, folders }];
    });
}

/** Whether it is this file that a server has its rules from. Where its configuration says otherwise, that is not seen. */
export function usesHBAFile(
  { folders }: ServerProcess,
  path: string,
  { files }: { readonly files: Files },
): boolean {
  const status = files.status(path);
  return folders.some((folder) => {
    const own = files.status(resolve(folder, 'pg_hba.conf'));
    return own.ok && status.ok && own.value.identity === status.value.identity;
  });
}

/** @returns undefined for a process of another host, and where that cannot be told. */
function findFolders(pid: number, files: Files): readonly string[] | undefined {
  const isSame = [
    [files.status(`/proc/${pid}/root`), files.status('/')],
    [files.status(`/proc/${pid}/ns/pid`), files.status('/proc/self/ns/pid')],
  ].every(([its, own]) => its?.ok && own?.ok && its.value.identity === own.value.identity);
  // A postmaster works in its data folder.
  const data = files.readLink(`/proc/${pid}/cwd`);
  if (!isSame || !data.ok) {
    return undefined;
  }
  const command = files.readText(`/proc/${pid}/cmdline`);
  const [, config] =
    (command.ok && /\0(?:-c\0?|--)config[_-]file=([^\0]+)/.exec(command.value)) || [];
  return config === undefined ? [data.value] : [data.value, dirname(resolve(data.value, config))];
}

function parseStatus(pid: number, text: string): Status | undefined {
  const field = (name: string): string[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1] ?? '').split(/\s+/).filter((part) => part);
  if (!['postgres', 'postmaster'].includes(field('Name')[0] ?? '')) {
    return undefined;
  }
  // Real, effective, saved, file system.
  const [, uid] = field('Uid');
  const [, gid] = field('Gid');
  return {
    pid,
    parent: Number(field('PPid')[0]),
    uid: Number(uid),
    gids: [Number(gid), ...field('Groups').map(Number)],
  };
}
