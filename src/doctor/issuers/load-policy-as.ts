// Loads issuers.yaml with the rights of whoever reads it to decide logins: root cannot tell with its own whether that user may
// read the files that it names, nor whether the user may be believed as their owner.
import { loadPolicy, type LoadedPolicy } from '../../policy/load-policy.ts';
import { withEffectiveUser } from '../host/with-effective-user.ts';
import type { Rights } from '../host/account.ts';

/** Nothing else may be under way meanwhile. @param reader only root can be another. */
export async function loadPolicyAs(path: string, reader: Rights): Promise<LoadedPolicy> {
  // What it loads of ours must be there before, as that user may not be able to read it.
  await Promise.all([
    import('../../values/pattern.ts'),
    import('../../keys/formats/parse-public-keys.ts'),
    import('../../roles/shorten-role.ts'),
  ]);
  using taken = new DisposableStack();
  withEffectiveUser(reader, taken);
  return await loadPolicy(path);
}
