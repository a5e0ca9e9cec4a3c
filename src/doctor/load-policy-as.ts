// Loads issuers.yaml as its reader would. A file may belong to root or to the user who reads it, so that root alone cannot
// judge one that belongs to the daemon's user.
import { loadPolicy, type LoadedPolicy } from '../authorize/load-policy.ts';

/** @param owner the user ID to read as; only root can be another. Nothing else may be under way meanwhile. */
export async function loadPolicyAs(path: string, owner: number): Promise<LoadedPolicy> {
  const self = process.geteuid?.();
  if (self !== 0 || owner === 0 || process.seteuid === undefined) {
    return loadPolicy(path);
  }
  // What it loads of ours must be there before, as that user may not be able to read it.
  await import('../config/pattern.ts');
  process.seteuid(owner);
  try {
    return await loadPolicy(path);
  } finally {
    process.seteuid(self);
  }
}
