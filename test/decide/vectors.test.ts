// Every token vector through the whole pipeline, with the policy loaded from its file and the clock of the vector.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import { isRefusal, refuse } from '../../src/errors.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { generate } from '../vectors/tokens/generate.ts';
import { loadVectorFiles } from '../vectors/tokens/vector.ts';
import { copyPolicies, loadPolicyOf } from '../policy/load-policies.ts';

const files = await loadVectorFiles();

/** Each vector loads its policy anew: `npm run mutation` can tell by that what a test depends on. */
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await copyPolicies();
});

afterAll(async () => {
  await folder.remove();
});

describe.each(files)('token vectors: $name', ({ vectors }) => {
  it.each(vectors)('$name', async ({ policy, now, request, password, expected }) => {
    const { decision } = await authorize(
      { source: undefined, ...request, password },
      await loadPolicyOf(folder, policy),
      {
        clock: () => now,
        keysOf: async ({ keySource }) =>
          keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
      },
    );
    expect(isRefusal(decision)).toBe(!('granted' in expected));
    expect(decision).toMatchObject(
      'granted' in expected ? { ...expected, role: request.role } : { granted: false, ...expected },
    );
  });
});

describe('the vector files', () => {
  it('are what their recipes make', async () => {
    const stale: string[] = [];
    for (const [path, text] of await generate()) {
      const committed = join(import.meta.dirname, '../vectors/tokens', path);
      if (text !== (await readFile(committed, 'utf8'))) stale.push(path);
    }
    expect(stale).toEqual([]);
  });

  it('name each vector once', () => {
    for (const { vectors } of files) {
      const names = vectors.map((vector) => vector.name);
      expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
    }
  });

  it('expect, of a refusal, that it shows neither a token nor a part of one', () => {
    const leaks = files
      .flatMap((file) => file.vectors)
      .filter(({ password, expected }) =>
        password
          .split('.')
          .filter((part) => part.length >= 8)
          .some((part) => JSON.stringify(expected).includes(part.slice(0, 8))),
      );
    expect(leaks).toEqual([]);
  });
});
