// Certificate and token together: a line of pg_hba.conf with `pam` and `clientcert=verify-full` wants both of them for each
// login, and for the same role.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createCertificateAuthority,
  type Certificate,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { startPostgresCluster, type PostgresCluster } from '../support/postgres-cluster.ts';
import { run, type RunResult } from '../support/run.ts';
import { stageInstallation } from '../support/stage-installation.ts';
import { PAM_SERVICE } from '../support/start-pgtoken-host.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { writeSecret } from '../support/write-secret.ts';

const ROLE = 'foo:myservice';
const OTHER = 'foo:other';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let issuer: Issuer;
let folder: TemporaryFolder;
let cluster: PostgresCluster;
const inside = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  folder = stack.use(await createTemporaryFolder('two-factors'));
  const installation = stack.use(
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
  const server = await authority.issue();
  await writeSecret(inside('server.key'), server.key);
  await writeSecret(inside('server.pem'), server.cert);
  await writeFile(inside('ca.pem'), authority.certificate);
  await chmod(inside('ca.pem'), 0o644);
  const module = [
    installation.module,
    'mode=exec',
    `helper=${installation.helper}`,
    `config=${installation.config}`,
  ].join(' ');
  cluster = stack.use(
    await startPostgresCluster({
      // The line of docs/connect/two-factors.md.
      hba: [`hostssl all all 127.0.0.1/32 pam pamservice=${PAM_SERVICE} clientcert=verify-full`],
      pamServices: { [PAM_SERVICE]: `auth required ${module}\naccount required ${module}\n` },
      setup: [ROLE, OTHER].map((role) => `create role "${role}" login`),
      settings: {
        ssl: 'on',
        ssl_cert_file: inside('server.pem'),
        ssl_key_file: inside('server.key'),
        ssl_ca_file: inside('ca.pem'),
      },
    }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

interface Factors {
  readonly certificate?: Certificate;
  readonly token?: string;
}

/** Logs in with psql as foo:myservice. @returns its answer, and what PostgreSQL logged meanwhile */
async function login(factors: Factors): Promise<RunResult & { readonly logged: string }> {
  const env: Record<string, string> = {};
  if (factors.certificate !== undefined) {
    await writeFile(inside('client.pem'), factors.certificate.cert);
    await writeFile(inside('client.key'), factors.certificate.key, { mode: 0o600 });
    env['PGSSLCERT'] = inside('client.pem');
    env['PGSSLKEY'] = inside('client.key');
  }
  if (factors.token !== undefined) env['PGPASSWORD'] = factors.token;
  const mark = await cluster.log.mark();
  const answer = await run(
    join(cluster.binFolder, 'psql'),
    ['-X', '-w', '-A', '-t', '-c', 'select current_user'],
    {
      env: {
        HOME: '/nonexistent',
        PGHOST: '127.0.0.1',
        PGPORT: String(cluster.port),
        PGUSER: ROLE,
        PGDATABASE: 'postgres',
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: inside('ca.pem'),
        ...env,
      },
    },
  );
  return { ...answer, logged: await cluster.log.since(mark) };
}

const failed = (reason: string): string =>
  `psql: error: connection to server at "127.0.0.1", port ${cluster.port} failed: ${reason}\n`;

describe('a login is granted', () => {
  it('with a certificate and a token for the role', async () => {
    const certificate = await authority.issueForClient(ROLE);
    expect(await login({ certificate, token: await issuer.mint() })).toMatchObject({
      status: 0,
      stdout: `${ROLE}\n`,
      stderr: '',
    });
  });
});

describe('a login is refused', () => {
  it('with a token and no certificate', async () => {
    const result = await login({ token: await issuer.mint() });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toBe(failed('FATAL:  connection requires a valid client certificate'));
    // PAM was not asked.
    expect(result.logged).not.toContain('pgtoken');
  });

  it('with a certificate and no token', async () => {
    const result = await login({ certificate: await authority.issueForClient(ROLE) });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toBe(failed('fe_sendauth: no password supplied'));
  });

  it('with a certificate and a token that is no good', async () => {
    const certificate = await authority.issueForClient(ROLE);
    const result = await login({ certificate, token: await issuer.mint({ aud: 'vault' }) });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toBe(failed(`FATAL:  PAM authentication failed for user "${ROLE}"`));
    expect(result.logged).toContain(
      'pgtoken: denied ERR_AUDIENCE_MISMATCH aud is "vault"; expected "postgres". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.\n',
    );
  });

  it('with a certificate for one role and a token for another', async () => {
    const certificate = await authority.issueForClient(ROLE);
    const token = await issuer.mint({ sub: `system:serviceaccount:${OTHER}` });
    const result = await login({ certificate, token });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.logged).toContain(
      `pgtoken: denied ERR_ROLE_NOT_PERMITTED role "${ROLE}" asked for, and the token may only be "${OTHER}".`,
    );
  });

  it('with a token for the role and a certificate for another', async () => {
    const certificate = await authority.issueForClient(OTHER);
    const result = await login({ certificate, token: await issuer.mint() });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toBe(failed(`FATAL:  PAM authentication failed for user "${ROLE}"`));
    expect(result.logged).toContain(
      `LOG:  certificate validation (clientcert=verify-full) failed for user "${ROLE}": CN mismatch\n`,
    );
    expect(result.logged).not.toContain('pgtoken: denied');
  });

  it('with a certificate of another authority', async () => {
    await using stranger = await createCertificateAuthority();
    const certificate = await stranger.issueForClient(ROLE);
    const result = await login({ certificate, token: await issuer.mint() });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('alert unknown ca');
  });
});
