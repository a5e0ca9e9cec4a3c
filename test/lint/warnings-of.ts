// What config check warns of, as a person would see it: path and message.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { findWarnings, type WarningOptions } from '../../src/lint/find-warnings.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import { formatPath, type Problem } from '../../src/config/problems.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

/** An entry of issuers.yaml as it is written. */
export type Entry = Readonly<Record<string, unknown>>;

/** An entry that calls for no warning, with more or other keys. */
export const entryWith = (more: Entry = {}, url = 'https://k8s.example.com'): Entry => ({
  name: 'a',
  issuer: { url, audiences: ['postgres'] },
  roles: [{ claim: 'sub' }],
  ...more,
});

/** With these, no open rule reaches a superuser: that has tests of its own. */
export const PROTECTED = [
  'postgres',
  'root',
  'pg_*',
  '*superuser',
  '*admin',
  '*repl*',
  'barman',
  'repmgr',
  'enterprisedb',
];

/**
 * @param top what stands beside `issuers`.
 */
export async function findWarningsIn(
  entries: readonly Entry[],
  top: Entry = {},
  options?: WarningOptions,
): Promise<readonly Problem[]> {
  await using folder = await createTemporaryFolder('warnings');
  const file = join(folder.path, 'issuers.yaml');
  await writeFile(file, writeIssuersYAML(entries, { protectedRoles: PROTECTED, ...top }));
  await chmod(file, 0o644);
  const loaded = await loadPolicy(file);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const warnings = await findWarnings(loaded.policy, loaded.locate, options);
  // Advice is always a whole sentence.
  expect(warnings.filter(({ hint }) => !/^[A-Z].*\.$/.test(hint ?? ''))).toEqual([]);
  return warnings;
}

/** The warnings, each as `path: message`. */
export async function warningsOf(...entries: readonly Entry[]): Promise<readonly string[]> {
  return (await findWarningsIn(entries)).map(
    ({ path, message }) => `${formatPath(path)}: ${message}`,
  );
}

/** What to do about each of them. */
export async function hintsOf(...entries: readonly Entry[]): Promise<readonly unknown[]> {
  return (await findWarningsIn(entries)).map(({ hint }) => hint);
}
