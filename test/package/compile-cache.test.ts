// The compile cache of an installation: whoever may write it, root, leaves it as it was made.
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { asServerUser } from '../support/as-server-user.ts';
import { run } from '../support/run.ts';
import { stageInstallation, type StagedInstallation } from '../support/stage-installation.ts';

let installation: StagedInstallation;

beforeAll(async () => {
  installation = await stageInstallation('apiVersion: pgtoken/v1\nissuers: []\n');
});
afterAll(async () => {
  await installation?.remove();
});

it('has the code of the command, of the daemon and of both programs for clients, which run with other flags', async () => {
  const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE', PATH: '/usr/bin:/bin' };
  const { command, config, folder } = installation;
  const socket = ['--socket', join(folder, 'no', 'such', 'folder.sock'), '--cache-dir', folder];
  const poolerYAML = join(folder, 'pooler.yaml');
  await writeFile(
    poolerYAML,
    'apiVersion: pgtoken/v1\ntls: {mode: disable}\npgbouncer: {path: /none}\ntenants: [{alias: x, host: 127.0.0.1, role: x, token: {file: /none}}]\n',
  );
  const pgpass = ['--host', 'x', '--user', 'x', '--token-file', '/none', '--file', '/none'];
  for (const [file, ...args] of [
    ['pgtoken', 'pam', '--config', config],
    ['pgtoken', 'serve', '--config', config, ...socket],
    ['pgpass', 'pgpass', '--once', ...pgpass],
    ['pooler', 'pooler', '--config', poolerYAML, '--folder', join(folder, 'none')],
    // What its main file loads when it starts; in its name is a hash of eight letters of base64url.
    [
      String.raw`pooler-[\w-]{8}`,
      'pooler',
      '--config',
      poolerYAML,
      '--folder',
      join(folder, 'none'),
    ],
  ] as const) {
    const { stdout, stderr } = await run('setpriv', asServerUser(command, args), { env });
    const said = `${stdout}${stderr}`;
    expect(said).toMatch(
      new RegExp(String.raw`V8 code cache for CommonJS \S+/dist/${file}\.cjs was accepted`),
    );
    expect(said).not.toMatch(/was rejected/);
  }
});

/** Its files with their modes. */
async function list(): Promise<readonly string[]> {
  const folder = join(installation.folder, 'compile-cache');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const { mode } = await stat(join(parentPath, name));
      return `${(mode & 0o777).toString(8)} ${name}`;
    }),
  );
}

it('gets nothing from what its owner runs, and all of it can be read by everybody', async () => {
  const before = await list();
  expect(before.length).toBeGreaterThan(5);
  expect(before.filter((file) => !file.startsWith('644 '))).toEqual([]);
  const { command, config } = installation;
  for (const args of [['config', 'check', config], ['--help'], ['pam', '--config', config]]) {
    await run(command, args, { env: { PAM_USER: 'x' } });
  }
  expect(await list()).toEqual(before);
});
