// The policy of one login, with a memory of what issuers.yaml was parsed to: the same policy, the same problems, and never
// what the file said before.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { loadPolicy } from '../../src/policy/load-policy.ts';
import { readCachedPolicy } from '../../src/policy/read-cached-policy.ts';
import type { ParseCache } from '../../src/config/parse-cache.ts';
import type { Configuration } from '../../src/config/schema/schema.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const TEXT = `apiVersion: pgtoken/v1
issuers:
- name: a
  issuer: {url: https://a.example.com, audiences: [postgres]}
  keys: {jwksFile: keys.json}
  roles: [{claim: sub, pattern: "a-.*"}]
`;

const stack = new AsyncDisposableStack();
let base: string;
let path: string;
let made = 0;

beforeAll(async () => {
  base = stack.use(await createTemporaryFolder('read-cached-policy')).path;
});

beforeEach(async () => {
  made += 1;
  const folder = join(base, String(made));
  path = join(folder, 'issuers.yaml');
  await mkdir(folder, { mode: 0o755 });
  await place('issuers.yaml', TEXT);
  await place('keys.json', JSON.stringify({ keys: [mint.publicKey('cluster-rs256')] }));
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function place(name: string, content: string): Promise<void> {
  const file = join(base, String(made), name);
  await writeFile(file, content);
  await chmod(file, 0o644);
}

/** A memory that knows texts by heart and says how often it was asked and told. */
function createMemory() {
  const known = new Map<string, Configuration>();
  const counts = { recalled: 0, remembered: 0 };
  const memory: ParseCache = {
    recall: (text) => {
      const config = known.get(text);
      if (config !== undefined) counts.recalled += 1;
      return config;
    },
    remember: (text, config) => {
      counts.remembered += 1;
      known.set(text, config);
    },
  };
  return { memory, counts };
}

it('gives the policy that loadPolicy gives, and parses a text once', async () => {
  const { memory, counts } = createMemory();
  const first = await readCachedPolicy(path, memory);
  const second = await readCachedPolicy(path, memory);
  expect(counts).toEqual({ recalled: 1, remembered: 1 });
  const loaded = await loadPolicy(path);
  if (!loaded.ok || !first.ok || !second.ok) throw new Error('a policy is refused');
  const { policy } = loaded;
  for (const recalled of [first.policy, second.policy]) {
    expect(JSON.stringify(recalled)).toBe(JSON.stringify(policy));
    expect(recalled.issuers[0]?.rolesOf({ sub: 'a-b' })).toEqual(
      policy.issuers[0]?.rolesOf({ sub: 'a-b' }),
    );
  }
});

it('sees a change of issuers.yaml at once', async () => {
  const { memory, counts } = createMemory();
  await readCachedPolicy(path, memory);
  await place('issuers.yaml', TEXT.replace('[postgres]', '[other]'));
  const changed = await readCachedPolicy(path, memory);
  expect(changed.ok && changed.policy.issuers[0]?.entry.issuer.audiences).toEqual(['other']);
  expect(counts).toEqual({ recalled: 0, remembered: 2 });
});

it('reads the files that it names each time', async () => {
  const { memory } = createMemory();
  await readCachedPolicy(path, memory);
  await place('keys.json', JSON.stringify({ keys: [mint.publicKey('cluster-es256')] }));
  const changed = await readCachedPolicy(path, memory);
  const source = changed.ok ? changed.policy.issuers[0]?.keySource : undefined;
  expect(source?.kind === 'pinned' && source.keySet.keys.map(({ alg }) => alg)).toEqual(['ES256']);
});

it.each([
  ['issuers.yaml is broken', 'issuers.yaml', 'apiVersion: pgtoken/v2\n'],
  ['issuers.yaml has a pattern that is none', 'issuers.yaml', TEXT.replace('a-.*', '(')],
  ['a file that it names is broken', 'keys.json', '{}'],
])('tells the problems that loadPolicy tells, and remembers nothing, when %s', async (...args) => {
  const [, name, content] = args;
  const { memory, counts } = createMemory();
  await readCachedPolicy(path, memory);
  await place(name, content);
  const recalled = await readCachedPolicy(path, memory);
  const loaded = await loadPolicy(path);
  if (recalled.ok || loaded.ok) throw new Error('expected problems');
  expect(recalled.problems.length).toBeGreaterThan(0);
  expect(recalled.problems).toEqual(loaded.problems);
  expect(counts.remembered).toBe(1);
});

it('does not ask the memory when others could have written issuers.yaml', async () => {
  const { memory, counts } = createMemory();
  await readCachedPolicy(path, memory);
  await chmod(path, 0o666);
  const recalled = await readCachedPolicy(path, memory);
  expect(recalled.ok ? [] : recalled.problems.map(({ message }) => message)).toEqual([
    'cannot be used: mode 0666 lets group or others write it; expected only its owner to (chmod go-w)',
  ]);
  expect(counts).toEqual({ recalled: 0, remembered: 1 });
});
