// `pgtoken pgpass` as a process: from its options to the file, its log, its signals and its exit statuses.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeToken } from '../../client/make-token.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { poll } from '../../support/poll.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
const inside = (name: string): string => join(folder.path, name);
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await createTemporaryFolder('cli-pgpass');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await folder.remove();
});

const lasting = (seconds: number): string =>
  makeToken({ exp: Math.floor(Date.now() / 1000) + seconds });
const LINE = String.raw`db:5432:*:foo\:myservice:`;
const OPTIONS = ['--host', 'db', '--user', 'foo:myservice'];
const writeOnce = async (...args: readonly string[]) =>
  runPgtoken(['pgpass', ...OPTIONS, '--file', inside('pgpass'), '--once', ...args], {
    env: { HOME: folder.path },
  });
const read = async (name = 'pgpass'): Promise<string> =>
  readFile(inside(name), 'utf8').catch(() => '');
const untilText = async (text: string) =>
  poll('the text', async () => (await read()) === text || undefined);

/** Starts it, and gathers its log. */
function start(...args: readonly string[]) {
  const command = join(import.meta.dirname, '..', '..', '..', 'bin', 'pgtoken');
  const child = spawn(command, ['pgpass', ...args], {
    env: { PATH: process.env['PATH'], HOME: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return {
    child,
    output: () => output,
    ended: once(child, 'close'),
    untilSaid: async (text: string) =>
      poll(`"${text}" in its log`, () => output.includes(text) || undefined),
  };
}

describe('pgtoken pgpass --once', () => {
  it('writes the file and ends', async () => {
    const token = lasting(60);
    await writeFile(inside('token'), `${token}\n`);
    expect(await writeOnce('--token-file', inside('token'))).toEqual({
      status: 0,
      signal: undefined,
      stdout: '',
      stderr: '',
    });
    expect(await read()).toBe(`${LINE}${token}\n`);
    expect((await stat(inside('pgpass'))).mode & 0o777).toBe(0o600);
  });

  it('takes a token from a command, with the arguments as they are', async () => {
    const token = lasting(60);
    const answer = await writeOnce('--', 'printf', String.raw`%s\n`, token);
    expect(answer).toMatchObject({ status: 0, stderr: '' });
    expect(await read()).toBe(`${LINE}${token}\n`);
  });

  it('says what is wrong and what to do, exits 1, and leaves what is there alone', async () => {
    await writeFile(inside('pgpass'), `${LINE}old\n`, { mode: 0o600 });
    expect(await writeOnce('--token-file', inside('none'))).toEqual({
      status: 1,
      signal: undefined,
      stdout: '',
      stderr: `pgtoken: file ${inside('none')}: no such file\nHINT: Check the path, and in a container the mount.\n`,
    });
    expect(await read()).toBe(`${LINE}old\n`);
  });

  it('refuses a symbolic link', async () => {
    await writeFile(inside('token'), lasting(60));
    await symlink('real', inside('pgpass'));
    expect(await writeOnce('--token-file', inside('token'))).toMatchObject({
      status: 1,
      stderr: `pgtoken: ${inside('pgpass')}: it is a symbolic link; expected a regular file, or none\nHINT: Name the file that it leads to, or remove the link.\n`,
    });
    expect((await readdir(folder.path)).toSorted()).toEqual(['pgpass', 'token']);
  });

  it('leaves the file alone, and nothing beside it, on a full disk', async () => {
    await writeFile(inside('token'), lasting(60));
    await writeFile(inside('pgpass'), `${LINE}old\n`, { mode: 0o600 });
    const command = join(import.meta.dirname, '..', '..', '..', 'bin', 'pgtoken');
    // No file may grow from here on.
    const script = `trap '' XFSZ; ulimit -f 0; exec "$@"`;
    const given = ['--file', inside('pgpass'), '--token-file', inside('token'), '--once'];
    expect(
      await runPgtoken(['-c', script, 'sh', command, 'pgpass', ...OPTIONS, ...given], {
        command: 'sh',
      }),
    ).toMatchObject({
      status: 1,
      stderr: `pgtoken: ${inside('pgpass')}: there is no room for it (EFBIG); the one from before is kept\nHINT: Make room: a line has as many bytes as its token, and while it is replaced there are two.\n`,
    });
    expect((await readdir(folder.path)).toSorted()).toEqual(['pgpass', 'token']);
    expect(await read()).toBe(`${LINE}old\n`);
  });

  it('says that libpq passes over a file with rights for the group', async () => {
    await writeFile(inside('token'), lasting(60));
    expect(await writeOnce('--token-file', inside('token'), '--mode', '0640')).toMatchObject({
      status: 0,
      stderr: 'pgtoken: mode 0640: libpq passes over a .pgpass on which the group has any right\n',
    });
    expect((await stat(inside('pgpass'))).mode & 0o777).toBe(0o640);
  });

  it('writes all the lines of a pgpass.yaml', async () => {
    const token = lasting(60);
    await mkdir(inside('etc'));
    await writeFile(inside('etc/token'), token);
    const file = inside('etc/pgpass.yaml');
    await writeFile(
      file,
      `apiVersion: pgtoken/v1
file: ../pgpass
lines:
- {host: db, userFrom: {claim: sub, trimPrefix: "system:serviceaccount:"}, token: {file: token}}
- {host: other, port: 6432, user: app, token: {exec: {command: [cat, ${inside('etc/token')}]}}}
`,
    );
    const answer = await runPgtoken(['pgpass', '--once', '--config', file]);
    expect(answer).toMatchObject({ status: 0, stderr: '' });
    expect(await read()).toBe(`${LINE}${token}\nother:6432:*:app:${token}\n`);
  });

  it('tells all problems of a pgpass.yaml, and exits 2', async () => {
    const file = inside('pgpass.yaml');
    await writeFile(
      file,
      'apiVersion: pgtoken/v1\nlines:\n- {host: db, port: x, user: a, secret: {}}\n',
    );
    expect(await runPgtoken(['pgpass', '--once', '--config', file])).toEqual({
      status: 2,
      signal: undefined,
      stdout: '',
      stderr: [
        `pgtoken: ${file}:3:3: lines[0].token: Required value: expected a mapping`,
        `pgtoken: ${file}:3:20: lines[0].port: Invalid type: expected a port, 1 to 65535, got text "x"`,
        `pgtoken: ${file}:3:32: lines[0].secret: Unknown field, known here: database, host, port, token, user, userFrom`,
        'HINT: docs/connect/pgpass.md has every key; with pgtoken pgpass --schema an editor completes them.',
        '',
      ].join('\n'),
    });
  });
});

describe('pgtoken pgpass', () => {
  it('follows a volume of Kubernetes, is ready meanwhile, and ends at SIGTERM', async () => {
    const publish = async (version: string, token: string) => {
      await mkdir(inside(`..${version}`));
      await writeFile(inside(`..${version}/postgres`), token);
      await symlink(`..${version}`, inside('..data_tmp'));
      await rename(inside('..data_tmp'), inside('..data'));
    };
    const [first, second] = [lasting(60), lasting(120)];
    await symlink('..data/postgres', inside('postgres'));
    await writeFile(inside('ready'), 'of a run before');
    const port = await findFreePort();
    const login = ['--host', 'db', '--user-from', 'sub', '--trim-prefix', 'system:serviceaccount:'];
    const files = ['--token-file', inside('postgres'), '--file', inside('pgpass')];
    const probes = ['--ready-file', inside('ready'), '--health', `127.0.0.1:${port}`];
    const run = start(...login, ...files, ...probes);
    await run.untilSaid('no such file');
    const ask = async () => fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    expect([await read('ready'), (await poll('health', ask)).status]).toEqual(['', 503]);

    await publish('1', first);
    await untilText(`${LINE}${first}\n`);
    await poll('the readiness file', async () => (await read('ready')) === 'ready\n' || undefined);
    const response = await poll('health', ask);
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { ready: true, lines: [{ user: 'foo:myservice', ready: true }] },
    ]);
    await publish('2', second);
    await untilText(`${LINE}${second}\n`);

    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual([0, null]);
    expect([await read('ready'), await read()]).toEqual(['', `${LINE}${second}\n`]);
    expect(run.output()).not.toContain('eyJ');
    const lines = run
      .output()
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const source = `file ${inside('postgres')}`;
    expect(lines).toMatchObject([
      { level: 'warn', source, reason: 'no such file', msg: 'there is no new token' },
      { level: 'info', source, msg: 'there are new tokens again' },
      { level: 'info', source, user: 'foo:myservice', msg: 'the .pgpass has a new token' },
      { level: 'info', source, msg: 'the .pgpass has a new token' },
      { level: 'info', msg: 'stopped' },
    ]);
  });

  it('runs a program after each change, and passes on what the command of a source says', async () => {
    await writeFile(inside('program'), `#!/bin/sh\necho x >> '${inside('runs')}'\n`);
    await chmod(inside('program'), 0o755);
    await writeFile(inside('token'), lasting(60));
    const script = `echo "hello $(cat '${inside('token')}')" >&2; cat '${inside('token')}'`;
    const files = ['--file', inside('pgpass'), '--exec', inside('program')];
    const run = start(...OPTIONS, ...files, '--', 'sh', '-c', script);
    await poll('the program', async () => (await read('runs')) === 'x\n' || undefined);
    await run.untilSaid('"line":"hello (a token)"');
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual([0, null]);
  });

  it('ends in a moment while its command hangs', async () => {
    const script = `touch '${inside('started')}'; sleep 60`;
    const run = start(...OPTIONS, '--file', inside('pgpass'), '--', 'sh', '-c', script);
    await poll('the command', async () => stat(inside('started')).catch(() => undefined));
    const told = performance.now();
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual([0, null]);
    expect(performance.now() - told).toBeLessThan(3000);
  });
});

describe('wrong usage', () => {
  it.each<readonly [args: readonly string[], complaint: string]>([
    [
      [],
      'error: no source of tokens; expected one of --token-file, --gcp-metadata, --azure-imds, --azure-federation, --aws-sts, or a command after --',
    ],
    [
      ['--mode', '0644'],
      "error: option '--mode <mode>' argument '0644' is invalid. expected 0600 or 0400; or 0640 or 0440 for readers other than libpq",
    ],
    [
      ['--health', '0.0.0.0:80'],
      "error: option '--health <address>' argument '0.0.0.0:80' is invalid. expected 127.0.0.1:PORT or [::1]:PORT, as it tells who logs in where",
    ],
    [['--config', 'x', '--host', 'db'], 'error: --host beside --config; expected it in the file'],
    [
      ['--config', 'x', '--token-file', 't'],
      'error: --token-file beside --config; expected it in the file',
    ],
    [['--config', 'x', '--', 'y'], 'error: a command beside --config; expected it in the file'],
    [['--tokenfile', 'x'], "error: unknown option '--tokenfile'\n(Did you mean --token-file?)"],
  ])('exits 2 and says what is wrong: %j', async (args, complaint) => {
    expect(await runPgtoken(['pgpass', ...args])).toEqual({
      status: 2,
      signal: undefined,
      stdout: '',
      stderr: `${complaint}\nHINT: See pgtoken pgpass --help.\n`,
    });
  });

  it('says that a --config is not there', async () => {
    expect(await runPgtoken(['pgpass', '--config', '/none.yaml'])).toMatchObject({
      status: 2,
      stderr:
        'pgtoken: /none.yaml cannot be read: no such file\nHINT: Check the path of --config, and whether this user may read it.\n',
    });
  });
});

it('prints the JSON Schema of pgpass.yaml', async () => {
  const { status, stdout } = await runPgtoken(['pgpass', '--schema']);
  const schema: unknown = JSON.parse(stdout);
  expect([status, schema]).toMatchObject([
    0,
    { title: 'pgpass.yaml of pgtoken', required: ['apiVersion', 'lines'] },
  ]);
});

it('is the same command in the help of all', async () => {
  const { stdout: all } = await runPgtoken(['--help']);
  const { stdout: own } = await runPgtoken(['pgpass', '--help']);
  expect(all).toMatch(/^ {2}pgpass \[options\] \[command\.\.\.\] +keep a \.pgpass fresh/m);
  expect(own).toMatch(/^Usage: pgtoken pgpass \[options\] \[command\.\.\.\]\n/);
});
