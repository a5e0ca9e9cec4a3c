// The configuration as a thread of its own loads it: the same policy, the same problems.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { compilePolicy } from '../../../src/policy/compile-policy.ts';
import { loadPolicy } from '../../../src/policy/load-policy.ts';
import { createPolicyLoader } from '../../../src/daemon/reload/load-in-worker.ts';
import { poll } from '../../support/poll.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

let folder: TemporaryFolder;
const inside = (path: string): string => join(folder.path, path);

beforeEach(async () => {
  folder = await createTemporaryFolder('load-in-worker');
});
afterEach(async () => {
  await folder.remove();
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(inside(name), text);
  await chmod(inside(name), 0o644);
}
const entry = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
  roles: [
    { claim: 'sub', trimPrefix: 'system:serviceaccount:' },
    { claim: 'groups', pattern: 'db-(.*)', role: String.raw`\1` },
  ],
  ...more,
});
/** What of a policy can be compared: the functions in it are made anew each time. */
const shown = (loaded: unknown): unknown => JSON.parse(JSON.stringify(loaded));

/** Loads as while a configuration is in force, so that the thread is used. */
function createLoader(program = PROGRAM) {
  const { load } = createPolicyLoader(program);
  return async (path: string) => load(path, true);
}

it('is the policy that this thread would load', async () => {
  const key = await createSigningKey('ES256', 'key-1');
  await write('keys.json', JSON.stringify({ keys: [key.publicJWK] }));
  await write(
    'issuers.yaml',
    writeIssuersYAML([entry('prod'), entry('pinned', { keys: { jwksFile: 'keys.json' } })]),
  );
  const load = createLoader();
  const loaded = await load(inside('issuers.yaml'));
  const { policy, ...expected } = await loadPolicy(inside('issuers.yaml')).then((own) => {
    if (!own.ok) throw new Error('not loaded');
    const { locate: _locate, ...rest } = own;
    return rest;
  });
  expect(shown(loaded)).toEqual(shown({ ...expected, policy }));
  if (!loaded.ok) throw new Error('not loaded');
  expect(loaded.files).toEqual([inside('issuers.yaml'), inside('keys.json')]);
  const [first] = loaded.policy.issuers;
  expect(first?.rolesOf({ sub: 'system:serviceaccount:foo:bar', groups: ['db-ro'] })).toEqual([
    'foo:bar',
    'ro',
  ]);
});

it('has the problems of the file and of those it names, each with its place', async () => {
  await write(
    'issuers.yaml',
    writeIssuersYAML([entry('prod'), entry('pinned', { keys: { jwksFile: 'keys.json' } })]),
  );
  const load = createLoader();
  expect(await load(inside('issuers.yaml'))).toEqual(await loadPolicy(inside('issuers.yaml')));
  await write('issuers.yaml', 'issuers: [');
  expect(await load(inside('issuers.yaml'))).toEqual(await loadPolicy(inside('issuers.yaml')));
});

it('is an error when the thread ends without an answer', async () => {
  await write('program.mjs', 'process.exit(3);\n');
  const load = createLoader(inside('program.mjs'));
  await expect(load(inside('issuers.yaml'))).rejects.toThrow(
    'the thread that loads the configuration ended with 3',
  );
  await write('program.mjs', 'throw new Error("on purpose");\n');
  await expect(load(inside('issuers.yaml'))).rejects.toThrow('on purpose');
});

it('is an error when the thread takes too long, which keeps the process from its end as long as it is there', async () => {
  await write('program.mjs', 'setInterval(() => undefined, 1000);\n');
  const { load, isReading } = createPolicyLoader(inside('program.mjs'), 500);
  const loading = load(inside('issuers.yaml'), true);
  expect(isReading()).toBe(true);
  await expect(loading).rejects.toThrow('the configuration was not read within 0.5 s');
  await poll('the end of the thread', () => (isReading() ? undefined : true));
});

it('leaves others their turn while hundreds of entries are made ready', async () => {
  const file = inside('issuers.yaml');
  await write(
    'issuers.yaml',
    writeIssuersYAML(Array.from({ length: 300 }, (_, at) => entry(`cluster-${at}`))),
  );
  const loaded = await loadPolicy(file);
  if (!loaded.ok) throw new Error('not loaded');
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  // However fast this machine is: each entry takes longer than a slice.
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
  const policy = await compilePolicy(loaded.config, folder.path, () => undefined);
  clock.mockRestore();
  isOver = true;
  expect(policy.issuers).toHaveLength(300);
  // Without pauses there would be none: what is loaded here is in no file.
  expect(turns).toBeGreaterThanOrEqual(299);
});
