// pgtoken pam under the stock pam_exec.so, which hands over 511 bytes of a password and not one more.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { PAM_SERVICE, startPgtokenHost, type PgtokenHost } from '../support/start-pgtoken-host.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const ROLE = 'foo:reporting';

const stack = new AsyncDisposableStack();
let issuer: Issuer;
let host: PgtokenHost;
let logFile: string;

const mintSVID = async (options?: MintOptions): Promise<string> =>
  issuer.mint({ sub: 'spiffe://example.org/ns/foo/sa/reporting' }, options);

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  host = stack.use(
    await startPgtokenHost({
      issuersYAML: writeIssuersYAML([
        {
          name: 'workloads',
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [
            {
              claim: 'sub',
              pattern: 'spiffe://example\\.org/ns/([a-z0-9-]+)/sa/([a-z0-9-]+)',
              role: '\\1:\\2',
            },
          ],
        },
      ]),
      roles: [ROLE],
    }),
  );

  // The server's user must be able to create it.
  logFile = join(host.cluster.socketFolder, 'pam_exec.log');
  const { helper, config } = host.installation;
  await host.cluster.setPAMService(
    PAM_SERVICE,
    `auth required pam_exec.so expose_authtok log=${logFile} ${helper} pam --config ${config}\n` +
      'account required pam_permit.so\n',
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

it('grants a short token', async () => {
  const password = await mintSVID();
  expect(password.length).toBeLessThan(511);
  expect(await host.cluster.psql({ role: ROLE, password })).toMatchObject({
    status: 0,
    stdout: `${ROLE}\n`,
  });
});

it('refuses a long token, and says that it was cut and by which module it would not be', async () => {
  const password = await mintSVID({ bytes: 900 });
  expect(await host.cluster.psql({ role: ROLE, password })).toMatchObject({
    status: 2,
    stdout: '',
  });
  expect(await readFile(logFile, 'utf8')).toMatch(
    /^denied ERR_TOKEN_TRUNCATED .*511.* HINT: .*pam_pgtoken\.so/m,
  );
});

it('refuses a short token for another role', async () => {
  const answer = await host.cluster.psql({ role: 'postgres', password: await mintSVID() });
  expect(answer).toMatchObject({ status: 2, stdout: '' });
  expect(await readFile(logFile, 'utf8')).toMatch(/^denied ERR_ROLE_PROTECTED role "postgres"/m);
});
