// Wrong usage of every command, and `pgtoken config check`, as processes from the sources.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import packageJSON from '../../package.json' with { type: 'json' };
import { run } from '../support/run.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const stack = new AsyncDisposableStack();
let folder: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('usage')).path;
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** The command whose help is named; none where there is no such command. */
function commandOf([name = '', below = '']: readonly string[]): string {
  if (name === 'connect') return '';
  const hasBelow = ['config', 'sessions'].includes(name);
  return hasBelow && below !== 'chek' ? `${name} ${below} ` : `${name} `;
}

it.each(['--help', 'config check --help', 'init --help'])(
  'says nothing of it where nobody reads: %s',
  async (args) => {
    // Nobody has the other end any more when it is written to.
    const script = `{ sleep 0.2; bin/pgtoken ${args}; echo "$?" >&2; } | true`;
    expect(await run('sh', ['-c', script])).toMatchObject({ stdout: '', stderr: '0\n' });
  },
);

describe('wrong usage', () => {
  it.concurrent.each<readonly [args: readonly string[], complaint: string]>([
    [
      ['pam', '--timeout', '30d'],
      'error: option \'--timeout <duration>\' argument \'30d\' is invalid. expected a duration from "100ms" to "60s"\n',
    ],
    [['pam', '--confg', 'x'], "error: unknown option '--confg'\n(Did you mean --config?)\n"],
    [['pam', 'extra'], "error: too many arguments for 'pam'. Expected 0 arguments but got 1\n"],
    [['pam', '--config'], "error: option '--config <file>' argument missing\n"],
    [
      ['pam', '--timeout', '0s'],
      'error: option \'--timeout <duration>\' argument \'0s\' is invalid. expected a duration from "100ms" to "60s"\n',
    ],
    [
      ['config', 'check', 'a', 'b'],
      "error: too many arguments for 'check'. Expected 1 argument but got 2\n",
    ],
    [
      ['config', 'check', 'a', '--config', 'b'],
      'error: two files; expected one, as an argument or with --config\n',
    ],
    [['config', 'chek'], "error: unknown command 'chek'\n(Did you mean check?)\n"],
    [
      ['explain', '--role=x', '--rhost=local'],
      "error: option '--rhost <address>' argument 'local' is invalid. expected an address; a unix socket is meant without --rhost\n",
    ],
    [
      ['sessions', 'end', '--pid', '0'],
      "error: option '--pid <pid>' argument '0' is invalid. expected a process ID, as pg_stat_activity has it in pid\n",
    ],
    [
      ['explain', '--database=shop'],
      'error: --database without --server; expected both, as pg_hba.conf is looked at with --server only\n',
    ],
    [['pooler'], 'error: no --config; expected it, or --schema\n'],
    [
      ['pooler', '--config=x'],
      'error: no --folder; expected it, or --check to check pooler.yaml only\n',
    ],
    [['connect'], "error: unknown command 'connect'\n"],
  ])('exits 2, says what is wrong and nothing else: %j', async (args, complaint) => {
    const answer = await runPgtoken(args, { env: { PAM_USER: 'foo:myservice' } });
    const stderr = `${complaint}HINT: See pgtoken ${commandOf(args)}--help.\n`;
    expect(answer).toEqual({ status: 2, signal: undefined, stdout: '', stderr });
  });

  const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2s4cy5leGFtcGxlLmNvbSJ9.c2lnbmF0dXJl';
  it.concurrent.each<readonly [args: readonly string[], complaint: string]>([
    [
      ['explain', TOKEN, '--role=x'],
      "error: too many arguments for 'explain'. Expected 0 arguments but got 1\n",
    ],
    [['explain', '--role=x', '--token', TOKEN], "error: unknown option '--token'\n"],
    [['explain', '--role=x', `--token=${TOKEN}`], "error: unknown option '--token'\n"],
    [['explain', '--role=x', '--password=correct horse'], "error: unknown option '--password'\n"],
    [
      ['explain', '--role=x', `--at=${TOKEN}`],
      "error: option '--at <time>' argument '(a token)' is invalid. expected a time with its zone, such as 2026-11-21T03:00:00Z\n",
    ],
    [
      ['migrate', 'auth', 'required', 'pam_oidc.so', 'http_proxy=http://me:secret@proxy:3128'],
      "error: too many arguments for 'migrate'. Expected 1 argument but got 4\n",
    ],
    [['connect', TOKEN], "error: unknown command 'connect'\n"],
    [[TOKEN], "error: unknown command '(a token)'\n"],
  ])('shows no secret that was put on the command line: %#', async (args, complaint) => {
    const { status, stdout, stderr } = await runPgtoken(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.replace(/HINT: .*\n$/, '')).toBe(complaint);
  });

  it.concurrent.each([[[]], [['config']]])('exits 2 and shows the commands: %j', async (args) => {
    const { status, stdout, stderr } = await runPgtoken(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: pgtoken /);
  });
});

it.each([['--help'], ['--version'], ['pam', '--help']])(
  'lets nobody in when a PAM service runs it with %s',
  async (...args) => {
    const { status } = await runPgtoken(args, { env: { PAM_TYPE: 'auth', PAM_USER: 'foo' } });
    expect(status).toBe(2);
  },
);

it('names a default in the help where there is one, and not that a flag is off', async () => {
  const { stdout } = await runPgtoken(['explain', '--help']);
  expect(stdout).toMatch(/^ {2}--service <service> [^-]*\(default: "postgresql-k8s"\)$/m);
  expect(stdout).toMatch(/^ {2}--json +write JSON$/m);
});

it('says its version', async () => {
  expect(await runPgtoken(['--version'])).toEqual({
    status: 0,
    signal: undefined,
    stdout: `${packageJSON.version}\n`,
    stderr: '',
  });
});

async function place(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}
const entry = (name: string) => ({
  name,
  issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
  roles: [{ claim: 'sub', trimPrefix: 'app:' }],
});

describe('pgtoken config check', () => {
  it.concurrent('names the issuers of a configuration that can be used, and exits 0', async () => {
    const pam = { services: ['postgresql'] };
    const file = await place(
      'good.yaml',
      writeIssuersYAML([
        { ...entry('a'), pam },
        { ...entry('b'), pam },
      ]),
    );
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 0,
      stdout: `${file}: ok, 2 issuers: a, b\n`,
      stderr: '',
    });
  });

  it.concurrent('takes the file as an option too, as the other commands do', async () => {
    const file = await place('nobody-either.yaml', 'apiVersion: pgtoken/v1\nissuers: []\n');
    expect(await runPgtoken(['config', 'check', '--config', file])).toEqual(
      await runPgtoken(['config', 'check', file]),
    );
  });

  it.concurrent('says of one that trusts nobody that nobody can log in, and exits 1', async () => {
    const file = await place('nobody.yaml', 'apiVersion: pgtoken/v1\nissuers: []\n');
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 1,
      stdout: `${file}:2:1: issuers: no issuer is configured, nobody can log in\n  HINT: pgtoken init writes an entry for your issuer; docs/reference/configuration.md has the common case.\n`,
      stderr: `pgtoken: ${file}: 1 problem\n`,
    });
  });

  it.concurrent('prints every problem with its place, and exits 1', async () => {
    const file = await place(
      'bad.yaml',
      'apiVersion: 1\nissuers:\n- name: a\n  keys: {}\nextra: 1\n',
    );
    expect(await runPgtoken(['config', 'check', file])).toEqual({
      status: 1,
      signal: undefined,
      stdout: [
        `${file}:1:13: apiVersion: Unsupported value: 1: must be "pgtoken/v1"`,
        `${file}:3:3: issuers[0].issuer: Required value: expected a mapping`,
        `${file}:3:3: issuers[0].roles: Required value: expected a list of role rules`,
        `${file}:4:3: issuers[0].keys: Required value: exactly one of jwksURI, jwksFile, publicKeysFile, spiffeBundleURL, spiffeBundleFile; leave keys out for discovery`,
        `${file}:5:1: extra: Unknown field, known here: apiVersion, issuers, protectedRoles, servers`,
        '  HINT: docs/reference/configuration.md has every key; with pgtoken config schema an editor completes them.',
        '',
      ].join('\n'),
      stderr: `pgtoken: ${file}: 5 problems\n`,
    });
  });

  it.concurrent('says of a file that cannot be used why, and exits 1', async () => {
    const missing = join(folder, 'missing.yaml');
    expect(await runPgtoken(['config', 'check', missing])).toMatchObject({
      status: 1,
      stdout: `${missing}:1:1: cannot be used: no such file\n  HINT: Check the path. pgtoken init writes the file for a known kind of issuer; docs/reference/configuration.md has all of its keys.\n`,
      stderr: `pgtoken: ${missing}: 1 problem\n`,
    });
  });
});
