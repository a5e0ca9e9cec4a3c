// Takes on the rights of another account for a while, as root may: to see with its eyes, or to be known to a server as it.
import type { Rights } from './account.ts';

/**
 * Takes them on until `taken` is disposed of. Whoever is not root, or has no capability to, keeps its own. They are those of
 * the whole process: nothing else may be under way meanwhile.
 */
export function withEffectiveUser({ uid, gids }: Rights, taken: DisposableStack): void {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process;
  if (!geteuid || !getegid || !getgroups || !seteuid || !setegid || !setgroups) {
    return;
  }
  const own = { uid: geteuid(), gid: getegid(), groups: getgroups() };
  try {
    setgroups(gids);
    taken.defer(() => {
      setgroups(own.groups);
    });
    setegid(gids[0]);
    taken.defer(() => {
      setegid(own.gid);
    });
    seteuid(uid);
    taken.defer(() => {
      seteuid(own.uid);
    });
  } catch {
    // EPERM. What was taken on by then is given back with the rest.
  }
}

/** What a look with the rights of another account shows. {@link withEffectiveUser} has the terms. */
export function lookAs<T>(rights: Rights, look: () => T): T {
  using taken = new DisposableStack();
  withEffectiveUser(rights, taken);
  return look();
}
