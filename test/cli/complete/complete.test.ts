// What the completion of shells asks for: names that are there, and silence where there are none.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { runPgtoken } from '../../support/run-pgtoken.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

let folder: TemporaryFolder;
let config: string;
beforeAll(async () => {
  folder = await createTemporaryFolder('complete');
  config = join(folder.path, 'issuers.yaml');
  const entry = (name: string, roles: readonly object[]) => ({
    name,
    issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
    roles,
    pam: { services: [`postgresql-${name}`] },
  });
  await writeFile(
    config,
    writeIssuersYAML([
      entry('people', [
        { claim: 'groups', equals: 'dba', role: ['dba_ro', 'dba_rw'] },
        { claim: 'groups', equals: 'x', role: 'a b; rm' },
        { claim: 'sub', pattern: 'u-(.*)', role: String.raw`\1` },
      ]),
      entry('ci', [{ claim: 'sub', equals: 'job', role: 'dba_ro' }]),
    ]),
  );
  await writeFile(join(folder.path, 'broken.yaml'), 'issuers: 1\n');
});
afterAll(async () => {
  await folder?.remove();
});

const complete = async (what: string, ...words: readonly string[]) =>
  runPgtoken(['__complete', what, '--', ...words], { cwd: folder.path });

it.each([
  ['entries', ['ci', 'people']],
  // No patterns, and nothing that a shell would take for something else.
  ['roles', ['dba_ro', 'dba_rw']],
])('names %s', async (what, names) => {
  const { status, stdout, stderr } = await complete(what, 'pgtoken', 'log', '--config', config);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(names);
});

it('names services, those of the host among them', async () => {
  const { stdout } = await complete('services', 'pgtoken', '--config', config);
  expect(stdout.split('\n')).toEqual(
    expect.arrayContaining(['postgresql-ci', 'postgresql-people']),
  );
});

it('names kinds of issuers', async () => {
  const { stdout } = await complete('kinds');
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(['keycloak', 'spiffe']));
});

it.each([
  ['--config=issuers.yaml'],
  ['--config', 'issuers.yaml'],
  ['--config', '=', 'issuers.yaml'],
  ['--config', '/none', '--config', 'issuers.yaml'],
])('reads the file that the line names: %j', async (...words) => {
  const { stdout } = await complete('entries', 'pgtoken', 'log', ...words);
  expect(stdout).toBe('ci\npeople\n');
});

it.each([
  ['entries', '/none/issuers.yaml'],
  ['roles', 'broken.yaml'],
  ['entries', '/'],
  ['servers', 'issuers.yaml'],
  ['nothing', 'issuers.yaml'],
])('has no word to say where there are none: %s of %s', async (what, file) => {
  expect(await complete(what, 'pgtoken', '--config', file)).toMatchObject({
    status: 0,
    stdout: '',
    stderr: '',
  });
});
