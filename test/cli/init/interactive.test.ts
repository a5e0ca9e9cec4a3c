// `pgtoken init` at a terminal: a real one, which util-linux's script makes, with the keys that somebody presses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ROOT } from '../../docs/read-markdown.ts';
import { poll } from '../../support/poll.ts';
import { createSigningKey, type SigningKey } from '../../support/signing-key.ts';
import { signToken } from '../../support/sign-token.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let key: SigningKey;
let count = 0;
beforeAll(async () => {
  folder = await createTemporaryFolder('init-terminal');
  key = await createSigningKey('RS256', 'k1');
});
afterAll(async () => {
  await folder?.remove();
});

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

/** What somebody waits for, and what they press then. */
type Step = readonly [question: string, keys: string];

/** Runs it at a terminal in a folder of its own: one that does not know its size, as behind a serial line. */
async function converse(args: readonly string[], steps: readonly Step[]) {
  const root = join(folder.path, `host-${(count += 1)}`);
  await mkdir(join(root, 'pam.d'), { recursive: true });
  await writeFile(join(root, 'pg_hba.conf'), '');
  const command = [
    join(ROOT, 'bin/pgtoken'),
    'init',
    '--offline',
    '--no-doctor',
    '--config',
    join(root, 'issuers.yaml'),
    '--pam-dir',
    join(root, 'pam.d'),
    '--hba',
    join(root, 'pg_hba.conf'),
    ...args,
  ];
  const child = spawn(
    '/usr/bin/script',
    ['--quiet', '--return', '--command', command.join(' '), '/dev/null'],
    {
      // No kubectl, whatever this machine has.
      env: { PATH: root, TERM: 'xterm', HOME: root },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const ended = once(child, 'close');
  let seen = 0;
  try {
    for (const [question, keys] of steps) {
      seen = await poll(
        `"${question}" on the screen`,
        () => {
          const at = stripVTControlCharacters(screen).indexOf(question, seen);
          return at === -1 ? undefined : at + question.length;
        },
        15_000,
      );
      child.stdin.write(keys);
    }
    await ended;
    const status = child.exitCode;
    const files = Object.fromEntries(
      await Promise.all(
        [
          'issuers.yaml',
          ...(await readdir(join(root, 'pam.d'))).map((name) => `pam.d/${name}`),
        ].map(
          async (name) => [name, await readFile(join(root, name), 'utf8').catch(() => '')] as const,
        ),
      ),
    );
    return { status, screen, text: stripVTControlCharacters(screen), files };
  } finally {
    child.kill('SIGKILL');
  }
}

it('asks for what it is not told, says what an answer must be, and writes when it is told to', async () => {
  const { status, text, files } = await converse(
    ['dex', '--url', 'https://dex.corp.test'],
    [
      ['The ID of the client', `\u007f`.repeat(10) + `pg${ENTER}`],
      ["The id of Dex's connector", `a"b${ENTER}`],
      ['expected a text without quotes', `\u007f\u007fc${ENTER}`],
      ['Which group may be which role', `ops${ENTER}`],
      ['expected WHO=ROLE', `=ops_ro${ENTER}`],
      // What was answered is shown once more, and then the question for the next one.
      ['◇  Which group may be which role', ''],
      ['◆  Which group may be which role', ENTER],
      ['Whether everybody may be the role of their user name', ENTER],
      ['Write what is missing?', ENTER],
    ],
  );
  expect(status).toBe(0);
  expect(text).toContain('Wrote ');
  expect(files['issuers.yaml']).toContain('audiences: [pg]');
  expect(files['issuers.yaml']).toContain('requiredValue: ac}');
  expect(files['issuers.yaml']).toContain(
    '  roles:\n  - {claim: groups, equals: ops, role: ops_ro}\n',
  );
  expect(files['issuers.yaml']).not.toContain('preferred_username, pattern');
  expect(files['pam.d/postgresql-people']).toContain('auth     required  pam_pgtoken.so');
}, 120_000);

it('shows the kinds, and the plan before anything is written', async () => {
  const { status, text, files } = await converse(
    [],
    [
      ['How is the issuer to be found?', `${DOWN}${DOWN}${ENTER}`],
      ['Whose tokens are to be accepted?', ENTER],
      ["The cluster's issuer", `https://oidc.corp.test${ENTER}`],
      ['The audience that pods ask for', ENTER],
      ['Write what is missing?', `${DOWN}${ENTER}`],
    ],
  );
  expect(status).toBe(1);
  expect(text).toContain('Kind kubernetes.');
  expect(text).toContain('Nothing was written.');
  expect(files).toEqual({ 'issuers.yaml': '' });
}, 120_000);

it('shows nothing of a token that is pasted', async () => {
  const now = Math.floor(Date.now() / 1000);
  const token = signToken(key, {
    iss: 'https://corp.okta.com',
    aud: 'client-1',
    sub: 'alice',
    iat: now,
    exp: now + 600,
    groups: ['pg-reader'],
  });
  expect(token.length).toBeGreaterThan(400);
  const { status, screen, text, files } = await converse(
    [],
    [
      ['How is the issuer to be found?', `${DOWN}${ENTER}`],
      ['Paste the token', `hunter2${ENTER}`],
      ['is not a JWT', '\u007f'.repeat(7) + token + ENTER],
      ['What the names of the groups have', ENTER],
      ['Write what is missing?', ENTER],
    ],
  );
  expect(status).toBe(0);
  expect(text).toContain('iss "https://corp.okta.com", aud "client-1", sub "alice"');
  expect(text).toContain('CREATE ROLE "reader" LOGIN');
  for (const part of [...token.split('.'), 'hunter2']) {
    expect(screen).not.toContain(part.slice(0, 12));
  }
  expect(files['issuers.yaml']).toContain('audiences: [client-1]');
}, 120_000);

it.each([
  ['the first question', [], [['How is the issuer to be found?', CTRL_C]]],
  [
    'the last one',
    ['okta', '--url', 'https://corp.okta.com'],
    [
      ['The ID of the client', `x${ENTER}`],
      ['What the names of the groups have', ENTER],
      ['Write what is missing?', CTRL_C],
    ],
  ],
] as const)(
  'writes nothing when somebody has had enough at %s',
  async (_when, args, steps) => {
    const { status, text, files } = await converse(args, steps);
    expect(status).toBe(1);
    expect(text).toContain('pgtoken: ended before anything was written');
    expect(files).toEqual({ 'issuers.yaml': '' });
  },
  120_000,
);

it('asks nothing where options say it all', async () => {
  const { status, text, files } = await converse(
    ['okta', '--url', 'https://corp.okta.com', '--audience', 'client-1'],
    [],
  );
  expect(status).toBe(0);
  expect(text).not.toContain('?');
  expect(files['issuers.yaml']).toContain('- name: okta');
}, 120_000);
