// `pgtoken pooler` on the command line: what it says before anything runs.
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runPgtoken } from '../../support/run-pgtoken.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
const inside = (name: string): string => join(folder.path, name);
const YAML =
  'apiVersion: pgtoken/v1\ntenants:\n- {alias: a, host: db, role: r, token: {file: token}}\n';

beforeEach(async () => {
  folder = await createTemporaryFolder('cli-pooler');
  await writeFile(inside('pooler.yaml'), YAML);
});

afterEach(async () => {
  await folder.remove();
});

describe('pgtoken pooler --check', () => {
  it('has nothing to say of a good file, and makes nothing', async () => {
    expect(await runPgtoken(['pooler', '--check', '--config', inside('pooler.yaml')])).toEqual({
      status: 0,
      signal: undefined,
      stdout: '',
      stderr: '',
    });
    expect(await readdir(folder.path)).toEqual(['pooler.yaml']);
  });

  it('tells all problems of another, and exits 2', async () => {
    const file = inside('pooler.yaml');
    await writeFile(file, `${YAML}listen: {address: 0.0.0.0}\ntls: {mod: disable}\n`);
    expect(await runPgtoken(['pooler', '--check', '--config', file])).toEqual({
      status: 2,
      signal: undefined,
      stdout: '',
      stderr: [
        `pgtoken: ${file}:4:19: listen.address: Invalid value: "0.0.0.0": must be 127.0.0.1 or ::1: whoever connects logs in without a password`,
        `pgtoken: ${file}:5:7: tls.mod: Unknown field, did you mean "mode"?`,
        '',
      ].join('\n'),
    });
  });

  it('says that there is no such file', async () => {
    expect(await runPgtoken(['pooler', '--check', '--config', inside('none')])).toMatchObject({
      status: 2,
      stderr: `pgtoken: ${inside('none')} cannot be read: no such file\nHINT: Check the path of --config, and whether this user may read it.\n`,
    });
  });

  it('does not use one that everybody may write, as it names a program; the group may', async () => {
    const file = inside('shared.yaml');
    await writeFile(file, YAML);
    await chmod(file, 0o666);
    expect(await runPgtoken(['pooler', '--check', '--config', file])).toMatchObject({
      status: 2,
      stderr: `pgtoken: ${file} is not used: mode 0666 lets everybody write it; expected only its owner and its group to\nHINT: It says which programs are run: read it, then chmod o-w.\n`,
    });
    await chmod(file, 0o664);
    expect(await runPgtoken(['pooler', '--check', '--config', file])).toMatchObject({ status: 0 });
  });
});

describe('pgtoken pooler', () => {
  it.each([
    [[], 'error: no --config; expected it, or --schema\n'],
    [['--config', 'x'], 'error: no --folder; expected it, or --check to check pooler.yaml only\n'],
  ])('with %j says what is missing', async (args, message) => {
    const answer = await runPgtoken(['pooler', ...args]);
    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain(message);
  });

  it('prints its JSON Schema', async () => {
    const { status, stdout } = await runPgtoken(['pooler', '--schema']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      title: 'pooler.yaml of pgtoken',
      required: ['apiVersion', 'tenants'],
    });
  });

  it('refuses to be root, or a PgBouncer that is not there, and makes no folder', async () => {
    await writeFile(inside('pooler.yaml'), `${YAML}pgbouncer: {path: ${inside('none')}}\n`);
    const args = ['pooler', '--config', inside('pooler.yaml'), '--folder', inside('run')];
    const [about, reason] =
      process.geteuid?.() === 0
        ? ['root', 'PgBouncer does not run as root; expected a user of its own']
        : [inside('none'), 'there is no such program'];
    const answer = await runPgtoken(args);
    expect(answer.status).toBe(1);
    expect(answer.stderr).toMatch(`pgtoken: ${about}: ${reason}\nHINT: `);
    expect(await readdir(folder.path)).toEqual(['pooler.yaml']);
  });
});
