// `pgtoken explain` as a process: what it shows of ten refusals and of a grant, and what it must never show.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runPgtoken } from '../../support/run-pgtoken.ts';
import { run, type RunResult } from '../../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { createMint, type Mint, NOW, type TokenOptions } from '../../vectors/tokens/mint.ts';

const CONFIG = `apiVersion: pgtoken/v1
issuers:
- name: cluster
  issuer:
    url: https://k8s.example.com
    audiences: [postgres]
  keys:
    jwksFile: jwks.json
  pam:
    services: [postgresql-k8s]
    sources: [10.0.0.0/8, local]
  claimValidationRules:
  - claim: sub
    pattern: 'system:serviceaccount:.*'
  deny:
    tokenIDs: [stolen]
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
`;

const SERVERS = `servers:
- name: main
  connection: host=/run/postgresql
`;

const SIZE: unknown = expect.stringMatching(/^\d+ bytes, alg RS256, kid "cluster-rs256"$/);

let folder: TemporaryFolder;
let mint: Mint;

beforeAll(async () => {
  folder = await createTemporaryFolder('explain');
  mint = await createMint();
  const jwks = { keys: [mint.publicKey('cluster-rs256')] };
  for (const [name, text] of [
    ['issuers.yaml', CONFIG],
    ['jwks.json', JSON.stringify(jwks)],
  ] as const) {
    await writeFile(join(folder.path, name), text);
    await chmod(join(folder.path, name), 0o644);
  }
});

afterAll(async () => folder.remove());

interface How {
  readonly role?: string;
  readonly args?: readonly string[];
  readonly token?: TokenOptions;
  readonly password?: string;
}

async function explain(how: How = {}): Promise<RunResult> {
  const password = how.password ?? mint.token(how.token);
  const result = await runPgtoken(
    [
      'explain',
      `--role=${how.role ?? 'foo:myservice'}`,
      '--rhost=10.1.2.3',
      '--at=2026-01-01T00:00:00Z',
      `--config=${join(folder.path, 'issuers.yaml')}`,
      ...(how.args ?? []),
    ],
    { stdin: password },
  );
  // Whatever it says: no part of the token, in no stream.
  for (const part of password.split('.').filter((text) => text.length > 10)) {
    expect(result.stdout + result.stderr).not.toContain(part);
    expect(result.stdout + result.stderr).not.toContain(part.slice(0, 20));
  }
  return result;
}

it('shows every step of a grant, in 80 columns', async () => {
  const { status, stdout, stderr } = await explain();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout.replace(/ +\d+ bytes,.*\n/, ' SIZE\n').replace(/size +\d+/, 'size SIZE')).toBe(
    `foo:myservice over postgresql-k8s from 10.1.2.3 at 2026-01-01T00:00:00Z
  ok   token SIZE
  ok   candidates     cluster

entry cluster
  ok   service        "postgresql-k8s"
  ok   source         "10.1.2.3"
  ok   size SIZE bytes
  ok   alg            RS256
  ok   keys           1 key of the issuer
  ok   kid            "cluster-rs256"
  ok   signature      valid
  ok   iss            "https://k8s.example.com"
  ok   aud            ["postgres"]
  ok   sub            "system:serviceaccount:foo:myservice"
  ok   times          exp 1767226140, nbf 1767225540, iat 1767225540
  ok   exp            2026-01-01T00:09:00Z, in 9 min
  ok   nbf            2025-12-31T23:59:00Z, 60 s ago
  ok   iat            2025-12-31T23:59:00Z, 60 s ago
  ok   lifetime       10 min
  ok   typ            "JWT"
  ok   cnf            none
  ok   claimValidationRules[0]
                      "sub" is "system:serviceaccount:foo:myservice"
  ok   deny.tokenIDs  "4c0e2c2a-5ad6-4bd5-9e2e-5d0a4dfd1a8e"
  ok   role           the token may be "foo:myservice"

granted by entry cluster as foo:myservice
`,
  );
});

describe('names the step that failed, what was seen and expected, and what to do', () => {
  it.each<[what: string, how: How, failed: string, code: string]>([
    [
      'no token',
      { password: 'correct horse' },
      'token          none; expected one whole JWT, signed with a public-key',
      'ERR_NOT_A_TOKEN',
    ],
    [
      'another issuer',
      { token: { claims: { iss: 'https://k8s.example.com/' } } },
      'candidates     none for iss "https://k8s.example.com/", sub',
      'ERR_ISSUER_UNKNOWN',
    ],
    [
      'another service',
      { args: ['--service=postgresql'] },
      'service        "postgresql"; expected "postgresql-k8s" (pam.services)',
      'ERR_SERVICE_NOT_PERMITTED',
    ],
    [
      'another source',
      { args: ['--rhost=192.0.2.1'] },
      'source         "192.0.2.1"; expected ',
      'ERR_SOURCE_NOT_PERMITTED',
    ],
    [
      'an unknown key',
      { token: { header: { kid: 'other' } } },
      'kid            "other"; expected "cluster-rs256"',
      'ERR_KEY_UNKNOWN',
    ],
    [
      'a signature of somebody else',
      { token: { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } } },
      'signature      not valid; expected RS256 by a key of the issuer',
      'ERR_SIGNATURE_INVALID',
    ],
    [
      'another audience',
      { token: { claims: { aud: 'vault' } } },
      'aud            "vault"; expected "postgres"',
      'ERR_AUDIENCE_MISMATCH',
    ],
    [
      'an expired token',
      { args: ['--at=2026-01-01T00:10:00Z'] },
      'exp            2026-01-01T00:09:00Z, ',
      'ERR_TOKEN_EXPIRED',
    ],
    [
      'a claim against a rule',
      { token: { claims: { sub: 'alice' } } },
      'claimValidationRules[0]',
      'ERR_CLAIM_REJECTED',
    ],
    [
      'a token on the deny list',
      { token: { claims: { jti: 'stolen' } } },
      'deny.tokenIDs  ',
      'ERR_DENY_LISTED',
    ],
    [
      'another role',
      { role: 'foo:other' },
      'role           the token may be "foo:myservice"; expected "foo:other"',
      'ERR_ROLE_NOT_PERMITTED',
    ],
    [
      'a protected role',
      { role: 'postgres' },
      'role           the token may be "foo:myservice"; expected ',
      'ERR_ROLE_PROTECTED',
    ],
  ])('%s', async (_what, how, failed, code) => {
    const { status, stdout, stderr } = await explain(how);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const marked = stdout.split('\n').filter((line) => line.startsWith('  FAIL '));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toContain(`  FAIL ${failed}`);
    const [, decision = ''] = stdout.split('\n\ndenied ');
    expect(decision.split(' ')[0]).toBe(code);
    expect(decision).toMatch(/\n$/);
  });
});

it('writes the same as JSON, for scripts', async () => {
  const { status, stdout } = await explain({ role: 'foo:other', args: ['--json'] });
  expect(status).toBe(1);
  const written: unknown = JSON.parse(stdout);
  expect(written).toMatchObject({
    granted: false,
    role: 'foo:other',
    service: 'postgresql-k8s',
    rhost: '10.1.2.3',
    at: new Date(NOW * 1000).toISOString(),
    issuer: 'cluster',
    code: 'ERR_ROLE_NOT_PERMITTED',
    message: 'role "foo:other" asked for, and the token may only be "foo:myservice"',
    session: null,
  });
  expect(written).toHaveProperty('steps.0', {
    issuer: null,
    step: 'token',
    passed: true,
    expected: 'one whole JWT, signed with a public-key algorithm',
    seen: SIZE,
    code: null,
    message: null,
    hint: null,
  });
  expect(written).toHaveProperty('steps.21.step', 'role');
});

it.each<[what: string, sessions: string, line: string, session: unknown]>([
  [
    'its token expires or it is denied',
    '{end: [expired, denied]}',
    'the session ends at 2026-01-01T00:10:00Z (expired), or as soon as it would no\n  longer be granted',
    {
      ends: '2026-01-01T00:10:00.000Z',
      cause: 'expired',
      end: ['expired', 'denied'],
      renew: false,
    },
  ],
  [
    'no newer token comes',
    '{end: [expired], grace: 5m, renew: true}',
    'the session ends at 2026-01-01T00:14:00Z (expired) unless a newer token prolongs\n  it',
    { ends: '2026-01-01T00:14:00.000Z', cause: 'expired', end: ['expired'], renew: true },
  ],
  [
    'it is too old',
    '{end: [expired], atLeast: 1m, maxLifetime: 2m}',
    'the session ends at 2026-01-01T00:02:00Z (maxLifetime)',
    { ends: '2026-01-01T00:02:00.000Z', cause: 'maxLifetime', end: ['expired'], renew: false },
  ],
  [
    'it is denied',
    '{end: [denied]}',
    'the session ends as soon as it would no longer be granted',
    { ends: null, cause: null, end: ['denied'], renew: false },
  ],
  [
    'its client closes it',
    '{}',
    'the session ends when the client closes it',
    { ends: null, cause: null, end: [], renew: false },
  ],
])('says that a session ends when %s', async (_what, sessions, line, session) => {
  const config = join(folder.path, 'sessions.yaml');
  await writeFile(config, `${CONFIG}  sessions: ${sessions}\n${SERVERS}`);
  const args = [`--config=${config}`];
  expect((await explain({ args })).stdout).toMatch(
    new RegExp(`\ngranted by entry cluster as foo:myservice\n${RegExp.escape(line)}\n$`),
  );
  const { stdout } = await explain({ args: [...args, '--json'] });
  expect(JSON.parse(stdout)).toMatchObject({ granted: true, session });
});

describe('without a role', () => {
  const withRules = async (rules: readonly string[]): Promise<string> => {
    const path = join(folder.path, 'roles.yaml');
    const [before = ''] = CONFIG.split('  roles:');
    const listed = rules.map((rule) => `  - ${rule}\n`).join('');
    await writeFile(path, `${before}  roles:\n${listed}`);
    return `--config=${path}`;
  };
  const anyRole = async (config: string, ...args: readonly string[]): Promise<RunResult> =>
    runPgtoken(['explain', '--rhost=10.1.2.3', '--at=2026-01-01T00:00:00Z', config, ...args], {
      stdin: mint.token(),
    });
  const LONG = 'r'.repeat(60);
  const RULES = [
    '{claim: sub, trimPrefix: "system:serviceaccount:"}',
    String.raw`{claim: sub, pattern: ".*:(.*)", role: ['svc_\1', postgres]}`,
    '{claim: groups}',
    `{claim: sub, pattern: ".*:(.*)", role: '${LONG}\\1'}`,
  ];
  const LISTED = [
    { role: 'foo:myservice', issuer: 'cluster', rule: 0, barred: null },
    { role: 'svc_myservice', issuer: 'cluster', rule: 1, barred: null },
    { role: 'postgres', issuer: 'cluster', rule: 1, barred: 'protected' },
    { role: `${LONG}myservice`, issuer: 'cluster', rule: 3, barred: 'too long' },
  ];

  it('lists the roles that the token may log in as, and by which rule', async () => {
    const config = await withRules(RULES.slice(0, 3));
    const { status, stdout, stderr } = await anyRole(config);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(
      'any role over postgresql-k8s from 10.1.2.3 at 2026-01-01T00:00:00Z',
    );
    expect(stdout.split('\n\n').at(-1)).toBe(`the token may log in as
  ok   foo:myservice  entry cluster, roles[0]
  ok   svc_myservice  entry cluster, roles[1]
  FAIL postgres       entry cluster, roles[1]: protected
`);
    expect(stdout).not.toContain('ok   role ');
  });

  it('lists them in JSON', async () => {
    const { stdout } = await anyRole(await withRules(RULES), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      granted: true,
      role: null,
      roles: LISTED,
      code: null,
      message: null,
    });
  });

  it('is denied where no rule yields one that it may log in as', async () => {
    const barred = await withRules(['{claim: sub, pattern: ".*", role: postgres}']);
    expect((await anyRole(barred)).status).toBe(1);
    const none = await withRules(['{claim: groups}']);
    expect((await anyRole(none)).stdout).toMatch(
      /\n\ndenied the role rules permit no role for this token\n$/,
    );
    const { status, stdout } = await anyRole(none, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      granted: false,
      role: null,
      roles: [],
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'the role rules permit no role for this token',
    });
  });

  it('says as ever why no entry takes the token', async () => {
    const config = await withRules(RULES);
    const { status, stdout } = await anyRole(config, '--service=other');
    expect(status).toBe(1);
    expect(stdout).toContain('\ndenied ERR_SERVICE_NOT_PERMITTED ');
    const { stdout: json } = await anyRole(config, '--service=other', '--json');
    expect(JSON.parse(json)).toMatchObject({
      granted: false,
      roles: null,
      code: 'ERR_SERVICE_NOT_PERMITTED',
    });
  });
});

describe('takes the token', () => {
  it('from a file, with the line break that an editor leaves', async () => {
    const file = join(folder.path, 'token');
    await writeFile(file, `${mint.token()}\n`);
    expect((await explain({ password: '', args: [`--token-file=${file}`] })).status).toBe(0);
  });

  it('from nothing that is empty, and says where it is to come from', async () => {
    const hint = 'HINT: Pipe the token in, or name the file that has it with --token-file.\n';
    for (const password of ['', '\n']) {
      expect(await explain({ password })).toMatchObject({
        status: 2,
        stdout: '',
        stderr: `pgtoken: no token: standard input is empty\n${hint}`,
      });
    }
    const file = join(folder.path, 'empty');
    await writeFile(file, '');
    expect(await explain({ args: [`--token-file=${file}`] })).toMatchObject({
      status: 2,
      stderr: `pgtoken: no token: ${file} is empty\n${hint}`,
    });
  });

  it('from no file that is not there', async () => {
    const { status, stdout, stderr } = await explain({ args: ['--token-file=/does/not/exist'] });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'pgtoken: cannot read /does/not/exist: no such file\nHINT: Name a file with a token.\n',
    });
  });
});

describe('on a terminal', () => {
  const onTerminal = async (
    env: Readonly<Record<string, string>>,
    columns = 80,
  ): Promise<string> => {
    const token = join(folder.path, 'token');
    await writeFile(token, mint.token({ claims: { aud: 'vault' } }));
    const command = [
      `stty cols ${columns};`,
      join(import.meta.dirname, '../../../bin/pgtoken'),
      'explain --role=foo:myservice --at=2026-01-01T00:00:00Z',
      `--config=${join(folder.path, 'issuers.yaml')} --token-file=${token}`,
    ];
    // The exit status is 1, which script passes on.
    const { stdout } = await run('script', ['-qc', command.join(' '), '/dev/null'], { env });
    expect(stdout).toContain(' ERR_AUDIENCE_MISMATCH ');
    return stdout;
  };

  it('colours the verdicts', async () => {
    const shown = await onTerminal({ TERM: 'xterm', NO_COLOR: '' });
    expect(shown).toContain('\u001B[32m  ok  \u001B[0m token ');
    expect(shown).toContain('\u001B[31m  FAIL\u001B[0m aud ');
    expect(shown).toContain('\u001B[31mdenied\u001B[0m ERR_AUDIENCE_MISMATCH');
  });

  it.each([{ TERM: 'xterm', NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'colours nothing where that is not wanted: %j',
    async (env) => {
      expect(await onTerminal(env)).not.toContain('\u001B');
    },
  );

  it.each([
    [0, 80],
    [10, 40],
    [60, 60],
    [300, 100],
  ])('of %i columns takes up to %i', async (columns, most) => {
    const shown = await onTerminal({ TERM: 'dumb' }, columns);
    const widths = shown.split('\r\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(most);
    expect(Math.max(...widths)).toBeGreaterThan(most - 25);
  });
});

it.each([
  ['without its zone', '2026-01-01T00:00:00'],
  ['without an hour', '2026-01-01'],
  ['that does not exist', '2026-02-31T00:00:00Z'],
])('refuses a time %s', async (_what, time) => {
  const { status, stdout, stderr } = await explain({ args: [`--at=${time}`] });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toBe(
    `error: option '--at <time>' argument '${time}' is invalid. expected a time with its zone, such as 2026-11-21T03:00:00Z
HINT: See pgtoken explain --help.
`,
  );
});

it('takes a time without seconds', async () => {
  const { stdout } = await explain({ args: ['--at=2026-01-01T01:00+01:00'] });
  expect(stdout).toContain('from 10.1.2.3 at 2026-01-01T00:00:00Z\n');
});

it('has an example in the docs that is what it writes', async () => {
  const page = await readFile(
    join(import.meta.dirname, '../../../docs/operate/explain.md'),
    'utf8',
  );
  const { stdout } = await explain({ token: { claims: { aud: 'vault' } } });
  expect(page).toContain(stdout);
});
