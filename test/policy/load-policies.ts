// The policies of the token vectors, loaded from a copy of their files: whoever owns the checkout, and whatever its modes,
// the copy belongs to who runs the tests and only the owner may write it.
import { chmod, copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { POLICY_FOLDER } from '../vectors/tokens/vector.ts';

/** Loads these policies; throws when one of them is not valid. */
export async function loadPolicies(names: Iterable<string>): Promise<ReadonlyMap<string, Policy>> {
  await using folder = await copyPolicies();
  const policies = new Map<string, Policy>();
  for (const name of new Set(names)) {
    policies.set(name, await loadPolicyOf(folder, name));
  }
  return policies;
}

/** A folder with all of them. */
export async function copyPolicies(): Promise<TemporaryFolder> {
  const folder = await createTemporaryFolder('policies');
  for (const file of await readdir(POLICY_FOLDER)) {
    await copyFile(join(POLICY_FOLDER, file), join(folder.path, file));
    await chmod(join(folder.path, file), 0o644);
  }
  return folder;
}

/** Loads one of a folder of {@link copyPolicies}; throws when it is not valid. */
export async function loadPolicyOf(folder: TemporaryFolder, name: string): Promise<Policy> {
  const loaded = await loadPolicy(join(folder.path, `${name}.yaml`));
  if (!loaded.ok) {
    throw new Error(loaded.problems.map((problem) => formatProblem(name, problem)).join('\n'));
  }
  return loaded.policy;
}
