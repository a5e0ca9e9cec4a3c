// `pgtoken pam` as an installed command: what a PAM module relies on, without one.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import type { RunResult } from '../support/run.ts';
import { stageInstallation, type StagedInstallation } from '../support/stage-installation.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let installation: StagedInstallation;
let home: TemporaryFolder;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  home = stack.use(await createTemporaryFolder('home'));
  installation = stack.use(
    await stageInstallation(
      writeIssuersYAML([
        {
          name: 'cluster',
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
        },
      ]),
    ),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function pam(
  stdin: string | Uint8Array,
  role = 'foo:myservice',
  config = installation.config,
): Promise<RunResult> {
  return runPgtoken(['pam', '--config', config, '--timeout', '10s'], {
    command: installation.command,
    stdin,
    env: {
      HOME: home.path,
      PAM_USER: role,
      PAM_SERVICE: 'postgresql-k8s',
      PAM_RHOST: '127.0.0.1',
      PAM_TYPE: 'auth',
    },
  });
}

describe('grants with exit status 0 and without a word', () => {
  it.each([
    ['end of file', ''],
    ['a NUL', '\0'],
  ])('a token that is ended by %s', async (_what, end) => {
    const answer = await pam(`${await issuer.mint()}${end}`);
    expect(answer).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});

describe('denies with exit status 1 and one line', () => {
  it.each([
    [
      'another role',
      async () => issuer.mint({ sub: 'system:serviceaccount:foo:other' }),
      'ERR_ROLE_NOT_PERMITTED',
    ],
    ['an ordinary password', () => 'correct horse battery staple', 'ERR_NOT_A_TOKEN'],
    ['nothing at all', () => '', 'ERR_NOT_A_TOKEN'],
    [
      'binary junk',
      () => Uint8Array.from({ length: 300 }, (_, at) => 255 - (at % 250)),
      'ERR_NOT_A_TOKEN',
    ],
    ['64 KiB', () => 'e'.repeat(65_536), 'ERR_TOKEN_TOO_LARGE'],
  ])('%s', async (_what, password, code) => {
    const answer = await pam(await password());
    expect(answer).toMatchObject({ status: 1, stdout: '' });
    expect(answer.stderr).toMatch(/^denied ERR_[A-Z_]+ [^\n]+\n$/);
    expect(answer.stderr.split(' ')[1]).toBe(code);
  });
});

describe('cannot decide, with exit status 2 and one line,', () => {
  it('without issuers.yaml', async () => {
    const config = join(home.path, 'no-such-file.yaml');
    const answer = await pam(await issuer.mint(), undefined, config);
    expect(answer).toMatchObject({ status: 2, stdout: '' });
    expect(answer.stderr).toMatch(/^unavailable ERR_CONFIG_INVALID [^\n]*no such file[^\n]*\n$/);
  });

  it('with an issuers.yaml that others may write', async () => {
    await chmod(installation.config, 0o666);
    try {
      const answer = await pam(await issuer.mint());
      expect(answer).toMatchObject({ status: 2, stdout: '' });
      expect(answer.stderr).toMatch(/^unavailable ERR_CONFIG_INVALID [^\n]*mode 0666[^\n]*\n$/);
    } finally {
      await chmod(installation.config, 0o644);
    }
  });

  it('when it does not know the role', async () => {
    const answer = await pam(await issuer.mint(), '');
    expect(answer).toMatchObject({ status: 2, stdout: '' });
    expect(answer.stderr).toMatch(/^unavailable ERR_PROTOCOL PAM_USER [^\n]*\n$/);
  });
});

it('remembers the keys between two runs', async () => {
  const before = issuer.requestCount('jwks');
  expect(await pam(await issuer.mint())).toMatchObject({ status: 0 });
  expect(await pam(await issuer.mint())).toMatchObject({ status: 0 });
  expect(issuer.requestCount('jwks')).toBe(before === 0 ? 1 : before);
});
