// pgtoken config check and config schema, as commands.
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { chooseReader } from '../../../src/cli/choose-reader.ts';
import { configurationJSONSchema } from '../../../src/config/schema/json-schema.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { run } from '../../support/run.ts';
import { stageInstallation } from '../../support/stage-installation.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const stack = new AsyncDisposableStack();
let folder: string;

beforeAll(async () => {
  folder = stack.use(await createTemporaryFolder('check')).path;
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function place(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const entry = (audience: string, more = ''): string => `apiVersion: pgtoken/v1
issuers:
- name: a
  issuer:
    url: https://a.example.com
    audiences: [${audience}]
  roles: [{claim: sub, trimPrefix: "app:"}]
${more}`;
const BROKEN = entry('postgres').replace('trimPrefix: "app:"', 'pattern: "("');

const WARNING =
  'issuers[0].issuer.audiences[0]: "vault" is the audience of HashiCorp Vault: whoever receives such a token there can log in here with it';
const HINT = 'Ask for tokens with an audience of their own, such as the name of this server.';

/** The exit status and what stands on standard output, which must be all there is. */
const checkJSON = async (file: string, ...more: string[]) => {
  const { status, stdout, stderr } = await runPgtoken(['config', 'check', '--json', ...more, file]);
  expect(stderr).toBe('');
  const answer: unknown = JSON.parse(stdout);
  return { status, answer };
};

describe('config check', () => {
  it.concurrent('tells warnings and their advice, and exits 0', async () => {
    const file = await place('warned.yaml', entry('vault'));
    expect(await runPgtoken(['config', 'check', file])).toEqual({
      status: 0,
      signal: undefined,
      stdout: `${file}:6:17: warning: ${WARNING}\n  HINT: ${HINT}\n${file}: ok, 1 issuer: a; 1 warning\n`,
      stderr: '',
    });
  });

  it.concurrent('exits 1 for a warning with --strict, and 0 without one', async () => {
    const warned = await place('strict.yaml', entry('vault'));
    expect(await runPgtoken(['config', 'check', '--strict', warned])).toMatchObject({
      status: 1,
      stdout: `${warned}:6:17: warning: ${WARNING}\n  HINT: ${HINT}\n`,
      stderr: `pgtoken: ${warned}: 1 warning\n`,
    });
    const good = await place('good.yaml', entry('postgres'));
    expect(await runPgtoken(['config', 'check', '--strict', good])).toEqual({
      status: 0,
      signal: undefined,
      stdout: `${good}: ok, 1 issuer: a\n`,
      stderr: '',
    });
  });

  it.concurrent('tells of a bearer token that cannot be read now, as a warning', async () => {
    const token = join(folder, 'no-token');
    const file = await place(
      'bearer.yaml',
      entry(
        'postgres',
        '  keys: {jwksURI: "https://a.example.com/k", bearerTokenFile: no-token}\n',
      ),
    );
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 0,
      stdout: [
        `${file}:8:63: warning: issuers[0].keys.bearerTokenFile: now ${token} (keys.bearerTokenFile) cannot be used: no such file`,
        '  HINT: Check it as the user that runs pgtoken; keys cannot be retrieved without it.',
        `${file}: ok, 1 issuer: a; 1 warning`,
        '',
      ].join('\n'),
    });
  });

  it.concurrent('tells of a token to ask the API server with that cannot be read now, too', async () => {
    const token = join(folder, 'no-token');
    const file = await place(
      'review.yaml',
      entry(
        'postgres',
        '  review: {url: "https://a.example.com", bearerTokenFile: no-token, onError: deny}\n',
      ),
    );
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 0,
      stdout: [
        `${file}:8:59: warning: issuers[0].review.bearerTokenFile: now ${token} (review.bearerTokenFile) cannot be used: no such file`,
        '  HINT: Check it as the user that runs pgtoken; the API server cannot be asked without it.',
        `${file}: ok, 1 issuer: a; 1 warning`,
        '',
      ].join('\n'),
    });
  });

  it.concurrent('writes JSON for scripts, with nothing beside it', async () => {
    const warned = await place('warned-json.yaml', entry('vault'));
    const broken = await place('broken-json.yaml', BROKEN);
    const warning = {
      line: 6,
      column: 17,
      path: 'issuers[0].issuer.audiences[0]',
      message: WARNING.slice(WARNING.indexOf(': ') + 2),
      hint: HINT,
    };
    expect(await checkJSON(warned)).toEqual({
      status: 0,
      answer: {
        file: warned,
        ok: true,
        user: null,
        issuers: ['a'],
        problems: [],
        warnings: [warning],
        note: null,
      },
    });
    expect(await checkJSON(warned, '--strict')).toEqual({
      status: 1,
      answer: {
        file: warned,
        ok: false,
        user: null,
        issuers: ['a'],
        problems: [],
        warnings: [warning],
        note: null,
      },
    });
    expect(await checkJSON(broken)).toEqual({
      status: 1,
      answer: {
        file: broken,
        ok: false,
        user: null,
        issuers: [],
        problems: [
          {
            line: 7,
            column: 33,
            path: 'issuers[0].roles[0].pattern',
            message:
              'Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
            hint: 'RE2 has no look-around and no backreferences; single quotes keep YAML from reading backslashes.',
          },
        ],
        warnings: [],
        note: null,
      },
    });
  });
});

describe('config check by root', () => {
  const nobody = { name: 'nobody', uid: 65_534, gids: [65_534] } as const;
  const accounts = { findUser: async (name: string) => (name === 'pgtoken' ? nobody : undefined) };
  const CLOSED = entry('postgres').replace(
    '  roles',
    '  keys: {publicKeysFile: keys.pem}\n  roles',
  );

  it('is by the eyes of the user that decides logins, where there is one', async () => {
    expect(process.geteuid?.(), 'only root may look as another').toBe(0);
    const file = await place('seen.yaml', entry('postgres'));
    const choice = { account: nobody, absent: undefined };
    expect(await chooseReader(file, undefined, accounts)).toEqual(choice);
    expect(await chooseReader('/etc/pgtoken/issuers.yaml', undefined, accounts)).toEqual(choice);
    expect(await chooseReader(file, 'pgtoken', accounts)).toEqual(choice);
    const none = { findUser: async () => undefined };
    expect(await chooseReader(file, undefined, none)).toEqual({
      account: undefined,
      absent: undefined,
    });
    expect(await chooseReader(file, 'pgtoken', none)).toBe('there is no user pgtoken on this host');
  });

  it('is by its own where that user may not even enter the folder, and says so', async () => {
    const inside = join(folder, 'of-root');
    await mkdir(inside, { mode: 0o700 });
    const file = join(inside, 'issuers.yaml');
    expect(await chooseReader(file, undefined, accounts)).toEqual({
      account: undefined,
      absent: nobody,
    });
    expect(await chooseReader(file, 'pgtoken', accounts)).toEqual({
      account: nobody,
      absent: undefined,
    });
  });

  it.concurrent('has the files that this user may not read as problems, with its name', async () => {
    const file = await place('closed.yaml', entry('postgres'), 0o600);
    expect(await runPgtoken(['config', 'check', '--user', 'nobody', file])).toMatchObject({
      status: 1,
      stdout: `${file}:1:1: cannot be used: user nobody may not read it\n  HINT: Let this user read it and enter the folders above it, or run pgtoken as a user who may.\n`,
    });
    expect(await runPgtoken(['config', 'check', '--user', 'root', file])).toMatchObject({
      status: 0,
    });
    await place('keys.pem', 'x', 0o600);
    const names = await place('names-closed.yaml', CLOSED);
    const { stdout } = await runPgtoken(['config', 'check', '--user', 'nobody', names]);
    expect(stdout).toContain(
      `${join(folder, 'keys.pem')} cannot be used: user nobody may not read it`,
    );
  });

  it.concurrent('has the files of others as problems, with their names', async () => {
    const file = await place('of-daemon.yaml', entry('postgres'));
    await chown(file, 1, 1);
    const { status, stdout } = await runPgtoken(['config', 'check', '--user', 'nobody', file]);
    expect(status).toBe(1);
    expect(stdout).toContain('cannot be used: owned by user daemon; expected root or nobody\n');
  });

  it.concurrent('may be the user itself, and reads its token as it', async () => {
    const token = await place('token-of-root', 'a.b.c', 0o600);
    const file = await place(
      'bearer-of-root.yaml',
      entry(
        'postgres',
        '  keys: {jwksURI: "https://a.example.com/k", bearerTokenFile: token-of-root}\n',
      ),
    );
    const { status, answer } = await checkJSON(file, '--user', 'nobody');
    expect(status).toBe(0);
    expect(answer).toMatchObject({
      user: 'nobody',
      warnings: [
        {
          message: `now ${token} (keys.bearerTokenFile) cannot be used: user nobody may not read it`,
        },
      ],
    });
  });

  it.concurrent('is wrong usage for a user that is not there', async () => {
    expect(await runPgtoken(['config', 'check', '--user', 'nosuchuser'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'pgtoken: --user: there is no user nosuchuser on this host\nHINT: Run this as root, and name the user that pgtoken runs as.\n',
    });
  });

  it.concurrent('is the only one that looks as another', async () => {
    const file = await place('by-nobody.yaml', entry('postgres'));
    // The checkout may be for its owner alone.
    await using installation = await stageInstallation('');
    const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'];
    const { status, stderr } = await run('env', [
      ...(process.geteuid?.() === 0 ? asNobody : []),
      installation.command,
      'config',
      'check',
      '--user=postgres',
      file,
    ]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr:
        'pgtoken: --user: only root may look as user postgres\nHINT: Run this as root, and name the user that pgtoken runs as.\n',
    });
  });
});

it.concurrent('a file that somebody else wrote has nothing told that a terminal would obey', async () => {
  const obeyed = String.raw`\e[2J\u009b31m\u202e`;
  const file = await place(
    'foreign.yaml',
    entry('postgres')
      .replace('trimPrefix: "app:"', `pattern: "[${obeyed}"`)
      .concat(`  keys: {jwksFile: "${obeyed}"}\n  allowProtectedRoles: ["${obeyed}"]\n`),
  );
  const shown = String.raw`\u001b[2J\u009b31m\u202e`;
  const { stdout } = await runPgtoken(['config', 'check', file]);
  expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
  expect(stdout).toContain(`allowProtectedRoles[0]: Invalid value: "${shown}": not used`);
  expect(stdout).toContain(`error parsing regexp: missing closing ]: \`[${shown}\``);
  expect(stdout).toContain(`${join(folder, shown)} cannot be used: no such file`);
  expect((await runPgtoken(['config', 'check', '--json', file])).stdout).toMatch(
    /^[\n\x20-\x7e]+$/,
  );
});

describe('config schema', () => {
  it.concurrent('prints the JSON Schema and nothing else', async () => {
    const { status, stdout, stderr } = await runPgtoken(['config', 'schema']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(configurationJSONSchema());
    expect(
      stdout.startsWith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n'),
    ).toBe(true);
  });
});

describe('PAM services that ask pgtoken', () => {
  const NAMED = 'auth required pam_pgtoken.so\naccount required pam_pgtoken.so\n';

  async function placeServices(name: string, services: Readonly<Record<string, string>>) {
    const pamDir = join(folder, name);
    await mkdir(pamDir);
    for (const [service, text] of Object.entries(services)) {
      await writeFile(join(pamDir, service), text);
    }
    return pamDir;
  }

  it('are told where an entry is for all of them, included ones too', async () => {
    const file = await place('services.yaml', entry('postgres'));
    const pamDir = await placeServices('pam-several', {
      'postgresql-k8s': NAMED,
      'common-auth': 'auth sufficient pam_pgtoken.so\nauth required pam_unix.so\n',
      sshd: '@include common-auth\n',
      cups: 'auth required pam_unix.so\n',
      broken: 'auth\n',
    });
    const { status, stdout } = await runPgtoken(['config', 'check', '--pam-dir', pamDir, file]);
    expect([status, stdout.replaceAll(file, 'FILE')]).toEqual([
      0,
      `FILE:3:3: warning: issuers[0]: no pam.services: its tokens count for "common-auth", "sshd" too, by which users log in to this host
  HINT: List the PAM services of PostgreSQL (pamservice= of pg_hba.conf) here, and take pam_pgtoken.so out of the others.
FILE: ok, 1 issuer: a; 1 warning
`,
    ]);
  });

  it('are not told where there is one, or the entry says which it is for', async () => {
    const file = await place('service.yaml', entry('postgres'));
    const one = await placeServices('pam-one', {
      'postgresql-k8s': NAMED,
      cups: 'auth required pam_unix.so\n',
    });
    expect((await runPgtoken(['config', 'check', '--strict', '--pam-dir', one, file])).status).toBe(
      0,
    );
    const named = await place(
      'named.yaml',
      entry('postgres', '  pam: {services: [postgresql-k8s]}\n'),
    );
    const two = await placeServices('pam-two', { 'postgresql-k8s': NAMED, su: NAMED });
    expect(
      (await runPgtoken(['config', 'check', '--strict', '--pam-dir', two, named])).status,
    ).toBe(0);
  });
});
