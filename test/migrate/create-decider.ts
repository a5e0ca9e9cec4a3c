// Decides by the text of an issuers.yaml, through the whole pipeline: the file is loaded from disk, the token is signed, and the
// key comes from where the entry would have retrieved it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { authorize } from '../../src/decide/authorize.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { createSigningKey } from '../support/signing-key.ts';
import { signToken } from '../support/sign-token.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

export interface Decider extends AsyncDisposable {
  /** Decides about a login. @returns `granted`, `denied CODE`, or `unusable: ` and the problems of the file. */
  readonly decide: (
    text: string,
    claims: Readonly<Record<string, unknown>>,
    role: string,
  ) => Promise<string>;
}

/** @param now Unix time in seconds. */
export async function createDecider(now: number): Promise<Decider> {
  const folder = await createTemporaryFolder('decider');
  const file = join(folder.path, 'issuers.yaml');
  const key = await createSigningKey('ES256', 'test');

  return {
    decide: async (text, claims, role) => {
      await writeFile(file, text, { mode: 0o644 });
      const loaded = await loadPolicy(file);
      if (!loaded.ok) {
        const problems = loaded.problems.map((one) => formatProblem('issuers.yaml', one));
        return `unusable: ${problems.join('\n')}`;
      }
      const request = { service: 'postgresql', role, source: undefined };
      const password = signToken(key, claims);
      const { decision } = await authorize({ ...request, password }, loaded.policy, {
        clock: () => now,
        keysOf: async () => ({ keys: [key.publicJWK] }),
      });
      return decision.granted ? 'granted' : `${decision.outcome} ${decision.code}`;
    },
    [Symbol.asyncDispose]: folder.remove,
  };
}
