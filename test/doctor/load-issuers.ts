// A policy as the checks get it, from an issuers.yaml that a test writes.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

/** An entry `homelab`, with these members in place of its own. */
export function entry(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'homelab',
    issuer: { url: 'https://issuer.example.com', audiences: ['postgres'] },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    ...over,
  };
}

/** Loads these entries; throws when they are not valid. */
export async function loadIssuers(
  entries: readonly Readonly<Record<string, unknown>>[] = [entry()],
  top: Readonly<Record<string, unknown>> = {},
): Promise<Policy> {
  await using folder = await createTemporaryFolder('issuers');
  const path = join(folder.path, 'issuers.yaml');
  await writeFile(path, writeIssuersYAML(entries, top));
  await chmod(path, 0o644);
  const loaded = await loadPolicy(path);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.policy;
}
