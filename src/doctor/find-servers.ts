// The PostgreSQL servers that run on this host, with the groups they were started with: a server that runs does not learn
// of a group that its user has joined since.
import type { Files, ServerProcess } from './world.ts';

/** @returns postmasters; not their children, which have the same groups. */
export function findServers(files: Files): readonly ServerProcess[] {
  const all = files
    .list('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => {
      const status = files.readText(`/proc/${name}/status`);
      const server = status.ok ? parseStatus(Number(name), status.value) : undefined;
      return server === undefined ? [] : [server];
    });
  const pids = new Set(all.map(({ pid }) => pid));
  return all.filter(({ parent }) => !pids.has(parent));
}

function parseStatus(
  pid: number,
  text: string,
): (ServerProcess & { readonly parent: number }) | undefined {
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
