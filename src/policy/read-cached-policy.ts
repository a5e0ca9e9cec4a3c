// Loads the policy for one decision, with a memory of what issuers.yaml was parsed to.
import { dirname } from 'node:path';
import type { ParseCache } from '../config/parse-cache.ts';
import type { Problem } from '../config/problems.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import { compilePolicy } from './compile-policy.ts';
import { MAX_CONFIG_BYTES } from './limits.ts';
import type { Policy } from './policy.ts';

/** A policy, or all that is wrong with the files that should have made it. */
export type RecalledPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Loads a configuration file as `loadPolicy` does, but parses a text only when it is not remembered. What is remembered
 * is not believed where anything is wrong: problems are those that `loadPolicy` tells.
 */
export async function readCachedPolicy(path: string, memory: ParseCache): Promise<RecalledPolicy> {
  const file = readTrustedFile(path, { maxBytes: MAX_CONFIG_BYTES });
  const config = file.ok ? memory.recall(file.text) : undefined;
  if (config !== undefined) {
    let isValid = true;
    const policy = await compilePolicy(config, dirname(path), () => {
      isValid = false;
    });
    if (isValid) {
      return { ok: true, policy };
    }
  }
  const { loadPolicy } = await import('./load-policy.ts');
  const loaded = await loadPolicy(path);
  if (loaded.ok) {
    memory.remember(loaded.text, loaded.config);
  }
  return loaded;
}
