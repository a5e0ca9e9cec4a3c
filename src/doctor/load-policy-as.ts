// Loads issuers.yaml with the rights of whoever reads it to decide logins: root cannot judge with its own whether that user may
// read the files that it names, nor whether the user may be believed as their owner.
import { loadPolicy, type LoadedPolicy } from '../authorize/load-policy.ts';
import type { Account } from './world.ts';

/** What the rights of an account are made of. */
export type Rights = Pick<Account, 'uid' | 'gids'>;

/** @param reader only root can be another. Nothing else may be under way meanwhile. */
export async function loadPolicyAs(path: string, reader: Rights): Promise<LoadedPolicy> {
  // What it loads of ours must be there before, as that user may not be able to read it.
  await Promise.all([
    import('../config/pattern.ts'),
    import('../keys/parse-public-keys.ts'),
    import('../roles/shorten-role.ts'),
  ]);
  using taken = new DisposableStack();
  try {
    takeOn(reader, taken);
  } catch {
    // Whoever is not root, or has no capability to, looks with the rights of its own.
  }
  return await loadPolicy(path);
}

/** Throws where this process may not; `taken` gives back what it has taken on by then. */
function takeOn({ uid, gids }: Rights, taken: DisposableStack): void {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process;
  if (!geteuid || !getegid || !getgroups || !seteuid || !setegid || !setgroups) {
    return;
  }
  const own = { uid: geteuid(), gid: getegid(), groups: getgroups() };
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
}
