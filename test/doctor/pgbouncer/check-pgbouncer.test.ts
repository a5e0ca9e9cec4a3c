// PgBouncer of several versions, configured in several ways.
import { describe, expect, it } from 'vitest';

import { checkPgBouncer } from '../../../src/doctor/pgbouncer/check-pgbouncer.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { fakeFiles, fakeHost } from '../fake-host.ts';

const INI = '/etc/pgbouncer/pgbouncer.ini';
const PAM = '[databases]\nauth_type = x\n[pgbouncer]\n  auth_type=PAM ; comment\n';
const SERVICE = 'auth required pam_pgtoken.so\naccount required pam_pgtoken.so\n';

async function check(
  version: string | undefined,
  ini: string | undefined,
  { service = SERVICE, maxTokenBytes = 16_384 }: { service?: string; maxTokenBytes?: number } = {},
): Promise<readonly Finding[]> {
  const files = fakeFiles({
    '/etc/pam.d/pgbouncer': { text: service },
    ...(ini === undefined ? {} : { [INI]: { text: ini } }),
  });
  const stdout = `PgBouncer ${version}\nlibevent 2.1.12-stable\n`;
  const run = async (): Promise<{ status: number | undefined; stdout: string; stderr: string }> =>
    version === undefined
      ? { status: undefined, stdout: '', stderr: '' }
      : { status: 0, stdout, stderr: '' };
  return checkPgBouncer(
    { file: INI, folders: ['/etc/pam.d'], maxTokenBytes },
    fakeHost({ files, run }),
  );
}

describe('PgBouncer', () => {
  it.each<readonly [version: string, limit: number | undefined]>([
    ['1.15.0', 159],
    ['1.16.1', 995],
    ['1.17.0', 2047],
    ['1.18.0', 2047],
    ['1.25.2', 2047],
    ['1.25.3', 2047],
    ['1.26.0', undefined],
    ['1.26.0', undefined],
    ['2.0.0', undefined],
  ])('%s cuts after %s bytes', async (version, limit) => {
    expect(await check(version, PAM)).toMatchObject([
      limit === undefined
        ? { level: 'ok', message: `version ${version}: nothing known to be in the way` }
        : {
            level: 'warning',
            fault: 'pgbouncer-limit',
            message: `PgBouncer ${version} cuts passwords after ${limit} bytes and says nothing; issuers.yaml accepts up to 16384`,
            hint: `Use PgBouncer 1.26 or newer, or keep tokens to ${limit} bytes.`,
          },
    ]);
  });

  it('may cut what no issuer accepts anyway', async () => {
    expect(await check('1.18.0', PAM, { maxTokenBytes: 2047 })).toMatchObject([{ level: 'ok' }]);
    expect(await check('1.18.0', PAM, { maxTokenBytes: 2048 })).toMatchObject([
      { fault: 'pgbouncer-limit' },
    ]);
  });

  it.each<readonly [ini: string, message: string]>([
    [
      '[pgbouncer]\nauth_type = scram-sha-256\n',
      'auth_type is scram-sha-256: no tokens go through it',
    ],
    ['[pgbouncer]\n;auth_type = pam\n', 'auth_type is not set: no tokens go through it'],
    ['[other]\nauth_type = pam\n', 'auth_type is not set: no tokens go through it'],
    [
      '[pgbouncer]\nauth_type = pam\nauth_type = md5\n',
      'auth_type is md5: no tokens go through it',
    ],
  ])('configured as %j is nothing to look at', async (ini, message) => {
    expect(await check('1.18.0', ini)).toMatchObject([{ level: 'ok', message }]);
  });

  it('that is not configured is not there', async () => {
    expect(await check('1.18.0', undefined)).toMatchObject([
      { level: 'ok', message: 'no such file: no PgBouncer in front' },
    ]);
  });

  it('of a version that cannot be told may cut', async () => {
    expect(await check(undefined, PAM)).toMatchObject([
      { level: 'warning', fault: 'pgbouncer-unknown' },
    ]);
  });

  it('asks a service of its own', async () => {
    const service = 'auth required pam_unix.so\n';
    expect(await check('1.26.0', PAM, { service })).toMatchObject([
      {
        level: 'failure',
        fault: 'pgbouncer-service',
        subject: '/etc/pam.d/pgbouncer',
        message:
          'no line with pam_pgtoken.so; auth_type = pam in pgbouncer.ini asks service pgbouncer',
      },
    ]);
    // Which lines of its own hba file use pam, is not looked at.
    const hba = PAM.replace('PAM', 'hba');
    expect(await check('1.26.0', hba, { service })).toMatchObject([{ level: 'ok' }]);
  });
});
