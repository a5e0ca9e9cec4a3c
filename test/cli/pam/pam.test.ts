// `pgtoken pam` as a process, from the sources: exit status, one line on standard error and nothing on standard output,
// whatever it is given.
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { compilePreload } from '../../support/compile-preload.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { run, type RunResult } from '../../support/run.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const stack = new AsyncDisposableStack();
let folder: string;
let issuer: Issuer;
/** The issuer that the tests of outages make fail. */
let fragile: Issuer;

const inside = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  folder = stack.use(await createTemporaryFolder('pam')).path;
  issuer = stack.use(await createIssuer(authority));
  fragile = stack.use(await createIssuer(authority));
  await configure('issuers.yaml', issuer);
  await configure('fragile.yaml', fragile);
  // Without this the concurrent tests would all ask the issuer.
  await pam({ password: await issuer.mint() });
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function configure(
  name: string,
  { url, certificateAuthority }: Issuer,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const text = writeIssuersYAML([
    {
      name: 'cluster',
      issuer: { url, certificateAuthority, audiences: ['postgres'] },
      roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
      ...more,
    },
  ]);
  await writeFile(inside(name), text);
  await chmod(inside(name), 0o644);
}

interface Login {
  readonly password?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly cache?: string;
  readonly options?: readonly string[];
}

async function pam(login: Login = {}): Promise<RunResult> {
  const config = inside(login.config ?? 'issuers.yaml');
  const cache = inside(login.cache ?? 'cache');
  return runPgtoken(
    ['pam', '--config', config, '--cache-dir', cache, '--timeout', '25s', ...(login.options ?? [])],
    {
      stdin: login.password ?? '',
      env: { PAM_USER: 'foo:myservice', PAM_SERVICE: 'postgresql', PAM_TYPE: 'auth', ...login.env },
    },
  );
}

/** One line, and the exit status that goes with its first word. */
function refused(reason: string) {
  return {
    status: reason.startsWith('denied ') ? 1 : 2,
    signal: undefined,
    stdout: '',
    stderr: `${reason}\n`,
  };
}

const GRANTED = { status: 0, signal: undefined, stdout: '', stderr: '' };
const SEND = 'Send the token as the password, for example in PGPASSWORD.';

describe('a login', () => {
  it.concurrent('is granted in silence', async () => {
    const token = await issuer.mint();
    expect(await pam({ password: token, env: { PAM_RHOST: '10.0.0.7' } })).toEqual(GRANTED);
    expect(await pam({ password: `${token}\0`, env: { PAM_RHOST: '' } })).toEqual(GRANTED);
  });

  it.concurrent('comes over a unix socket only where PAM_RHOST is not set, not where it is empty', async () => {
    await configure('local.yaml', issuer, { pam: { sources: ['local'] } });
    const password = await issuer.mint();
    expect(await pam({ password, config: 'local.yaml' })).toEqual(GRANTED);
    expect(await pam({ password, config: 'local.yaml', env: { PAM_RHOST: '' } })).toEqual(
      refused(
        'denied ERR_SOURCE_NOT_PERMITTED the client comes from "", which is no IP address; expected "local" (pam.sources). HINT: Take pam_use_hostname=1 out of pg_hba.conf: only addresses can be compared.',
      ),
    );
  });

  it.concurrent.each<
    readonly [what: string, password: () => Promise<string> | string | Uint8Array, reason: string]
  >([
    [
      'nothing',
      () => '',
      `denied ERR_NOT_A_TOKEN the password is empty; expected a token (JWT). HINT: ${SEND}`,
    ],
    [
      'binary junk',
      () => Uint8Array.from({ length: 5000 }, (_, n) => 255 - (n % 255)),
      `denied ERR_NOT_A_TOKEN the password is not a JWT; expected three parts in base64url that start with "ey". HINT: ${SEND}`,
    ],
    [
      '64 KiB',
      () => 'e'.repeat(65_536),
      'denied ERR_TOKEN_TOO_LARGE the password has over 65535 bytes; expected a token of at most that',
    ],
    [
      'a NUL inside',
      () => 'eyJ\0eyJ',
      'denied ERR_TOKEN_MALFORMED the password goes on after the NUL byte at 3; expected the NUL to end it',
    ],
    [
      'a token cut by stock pam_exec',
      async () => (await issuer.mint({}, { bytes: 900 })).slice(0, 511),
      'denied ERR_TOKEN_TRUNCATED the token was cut to 511 bytes on its way: it ends in its claims. HINT: Stock pam_exec.so hands over at most 511 bytes: use pam_pgtoken.so in the PAM service file.',
    ],
    [
      'a token for another audience',
      async () => issuer.mint({ aud: 'a\n\u{1f600}' }),
      'denied ERR_AUDIENCE_MISMATCH aud is "a\\n\\ud83d\\ude00"; expected "postgres". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.',
    ],
  ])('is refused in one line that says why: %s', async (_what, password, reason) => {
    expect(await pam({ password: await password() })).toEqual(refused(reason));
  });

  it.concurrent('is never refused with a part of the token in the reason', async () => {
    const token = await issuer.mint();
    const [header = '', claims = '', signature = ''] = token.split('.');
    const forged = `${signature.slice(0, 1) === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    const passwords = [
      `${header}.${claims}.${forged}`,
      `${header}.${claims}.${signature}.${signature}`,
      `${token}!`,
    ];
    const answers = await Promise.all(passwords.map(async (password) => pam({ password })));
    for (const { status, stdout, stderr } of answers) {
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(/^denied ERR_[A-Z_]+ [\x20-\x7e]+\n$/);
      for (const part of [header, claims, signature, forged]) {
        for (let at = 0; at + 12 <= part.length; at += 6) {
          expect(stderr).not.toContain(part.slice(at, at + 12));
        }
      }
    }
  });

  it.concurrent('as a role that is no UTF-8 is refused', async () => {
    const token = await issuer.mint({ sub: 'system:serviceaccount:foo:\u{fffd}' });
    const script = 'PAM_USER=$(printf "foo:\\377") exec "$@"';
    const command = [
      join(import.meta.dirname, '../../../bin/pgtoken'),
      'pam',
      `--config=${inside('issuers.yaml')}`,
      `--cache-dir=${inside('cache')}`,
      '--timeout=25s',
    ];
    expect(await run('/bin/sh', ['-c', script, 'sh', ...command], { stdin: token })).toEqual(
      refused(
        'denied ERR_ROLE_NOT_PERMITTED role "foo:\\ufffd" is not valid UTF-8; expected a role name in UTF-8',
      ),
    );
  });
});

describe('a request that is none', () => {
  it.concurrent.each<
    readonly [what: string, env: Readonly<Record<string, string>>, reason: string]
  >([
    [
      'for the account stack',
      { PAM_TYPE: 'account' },
      'unavailable ERR_PROTOCOL called for PAM_TYPE="account"; expected auth, the only one that brings a token. HINT: In the account line use pam_pgtoken.so, or pam_permit.so beside pam_exec.so.',
    ],
    [
      'for nobody',
      { PAM_USER: '' },
      'unavailable ERR_PROTOCOL PAM_USER is not set; expected the database role. HINT: This command is run by PAM; by hand, set PAM_USER.',
    ],
  ])('is not decided: %s', async (_what, env, reason) => {
    expect(await pam({ password: await issuer.mint(), env })).toEqual(refused(reason));
  });

  it.concurrent('is not waited for longer than the timeout', async () => {
    const fifo = inside('fifo');
    await run('mkfifo', [fifo]);
    // Opened for reading and writing, it never ends and never says a word.
    const script = 'exec "$@" <>"$0"';
    const command = [
      join(import.meta.dirname, '../../../bin/pgtoken'),
      'pam',
      `--config=${inside('issuers.yaml')}`,
      `--cache-dir=${inside('cache')}`,
      '--timeout=1s',
    ];
    expect(
      await run('/bin/sh', ['-c', script, fifo, ...command], {
        env: { PAM_USER: 'foo:myservice' },
      }),
    ).toEqual(
      refused(
        'unavailable ERR_DEADLINE no decision within 1 s. HINT: An issuer answers slowly, or the token never came; see http.timeout.',
      ),
    );
  });
});

describe('a configuration that cannot be used', () => {
  it.concurrent.each<readonly [name: string, text: string | undefined, problem: string]>([
    ['missing.yaml', undefined, ':1:1: cannot be used: no such file'],
    [
      'wrong.yaml',
      'apiVersion: pgtoken/v2\nissuers: []\nextra: 1\n',
      ':1:13: apiVersion: Unsupported value: "pgtoken/v2": must be "pgtoken/v1" (and 1 more)',
    ],
  ])('decides nothing, not even a valid token: %s', async (name, text, problem) => {
    if (text !== undefined) {
      await writeFile(inside(name), text);
      await chmod(inside(name), 0o644);
    }
    expect(await pam({ password: await issuer.mint(), config: name })).toEqual(
      refused(
        `unavailable ERR_CONFIG_INVALID ${inside(name)}${problem}. HINT: Run pgtoken config check ${inside(name)} as this user.`,
      ),
    );
  });
});

const HINTS: ReadonlyMap<string, string> = new Map([
  ['connection refused', 'Check host and port of the address, and that the issuer runs.'],
  [
    'no answer in time (http.timeout)',
    'Check name servers, route and firewall between this host and the issuer; raise http.timeout if the issuer is just slow.',
  ],
]);

function noKeys(remembered: string, failure: string) {
  return refused(
    `unavailable ERR_KEYS_UNAVAILABLE the issuer's keys could not be retrieved, ${remembered}: ${fragile.discoveryURL}: ${failure}. HINT: ${HINTS.get(failure)}`,
  );
}

describe('while the issuer is down', () => {
  it('remembered keys serve, unless somebody else could have written them', async () => {
    const login = { config: 'fragile.yaml', cache: 'outage' };
    const token = await fragile.mint();
    expect(await pam({ ...login, password: token })).toEqual(GRANTED);
    const asked = fragile.requests.length;
    await fragile.fail('refuse');
    expect(await pam({ ...login, password: token })).toEqual(GRANTED);

    const file = inside('outage', 'cluster.json');
    const record = await readFile(file, 'utf8');
    await chmod(file, 0o666);
    expect(await pam({ ...login, password: token })).toEqual(
      noKeys('and none are remembered', 'connection refused'),
    );

    // Old, but not too old; then too old.
    const now = Math.floor(Date.now() / 1000);
    const aged = (seconds: number) =>
      record.replaceAll(/"(fetchedAt|attemptedAt)":[\d.]+/g, `"$1":${now - seconds}`);
    await writeFile(file, aged(80_000));
    await chmod(file, 0o644);
    expect(await pam({ ...login, password: token })).toEqual(GRANTED);
    await writeFile(file, aged(2 * 86_400 + 60));
    expect(await pam({ ...login, password: token })).toEqual(
      noKeys('and those remembered are 2 d old (cache.maxStale is 24 h)', 'connection refused'),
    );
    expect(fragile.requests).toHaveLength(asked);
    // An attempt that has just failed answers for those who come next.
    await fragile.recover();
    expect((await pam({ ...login, password: token })).stderr).toMatch(
      /connection refused \(\d+(\.\d)? m?s ago; asked again after cache\.unknownKeyCooldown\)/,
    );
    await rm(file);
    expect(await pam({ ...login, password: token })).toEqual(GRANTED);
  });

  it('there is an answer within http.timeout, and within --timeout', async () => {
    await configure('slow.yaml', fragile, { http: { timeout: '300ms' } });
    await configure('slower.yaml', fragile, { http: { timeout: '60s' } });
    const password = await fragile.mint();
    await fragile.fail('hang');
    onTestFinished(fragile.recover);
    const [slow, slower] = await Promise.all([
      pam({ password, config: 'slow.yaml', cache: 'slow' }),
      // What the first one remembers of its failure is not to answer the second.
      pam({ password, config: 'slower.yaml', cache: 'slower', options: ['--timeout', '1500ms'] }),
    ]);
    expect(slow).toEqual(noKeys('and none are remembered', 'no answer in time (http.timeout)'));
    expect(slower).toEqual(
      refused(
        'unavailable ERR_DEADLINE no decision within 1.5 s. HINT: An issuer answers slowly, or the token never came; see http.timeout.',
      ),
    );
  });
});

describe('keys', () => {
  it('are remembered below the home folder unless it is said where', async () => {
    const home = inside('home');
    await mkdir(home);
    const answer = await runPgtoken(
      ['pam', '--config', inside('issuers.yaml'), '--timeout', '25s'],
      {
        stdin: await issuer.mint(),
        env: { PAM_USER: 'foo:myservice', HOME: home },
      },
    );
    expect(answer).toEqual(GRANTED);
    const name = encodeURIComponent(inside('issuers.yaml'));
    expect(await readdir(join(home, '.cache', 'pgtoken', name))).toEqual(['cluster.json']);
  });

  it('of two configurations with entries of the same name do not take the place of each other', async () => {
    const home = inside('two-homes');
    await mkdir(home);
    const asked = () => [issuer.requestCount('jwks'), fragile.requestCount('jwks')];
    const decide = async (config: string, stdin: string) =>
      runPgtoken(['pam', '--config', inside(config), '--timeout', '25s'], {
        stdin,
        env: { PAM_USER: 'foo:myservice', HOME: home },
      });
    const [one, two] = [await issuer.mint(), await fragile.mint()];
    expect(await decide('issuers.yaml', one)).toEqual(GRANTED);
    expect(await decide('fragile.yaml', two)).toEqual(GRANTED);
    const before = asked();
    for (let again = 0; again < 3; again += 1) {
      expect(await decide('issuers.yaml', one)).toEqual(GRANTED);
      expect(await decide('fragile.yaml', two)).toEqual(GRANTED);
    }
    expect(asked()).toEqual(before);
  });

  it('are not remembered for a user without an entry in passwd, who is let in all the same', async () => {
    const asked = issuer.requestCount('jwks');
    const noPasswd = await compilePreload('no_passwd', folder);
    const decide = async () =>
      runPgtoken(['pam', '--config', inside('issuers.yaml'), '--timeout', '25s'], {
        stdin: await issuer.mint(),
        env: { PAM_USER: 'foo:myservice', LD_PRELOAD: noPasswd },
      });
    for (const times of [1, 2]) {
      expect(await decide()).toEqual(GRANTED);
      expect(issuer.requestCount('jwks')).toBe(asked + times);
    }
  });

  it('need not be remembered for a login to be granted', async () => {
    await writeFile(inside('no-folder'), 'x');
    expect(await pam({ password: await issuer.mint(), cache: 'no-folder' })).toEqual(GRANTED);
    await rm(inside('no-folder'));
  });
});
