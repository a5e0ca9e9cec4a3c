// Tokens of a real Kubernetes API server, unmodified, with today's clock and the keys it published in a pinned file.
// test/vectors/kubernetes/README.md says what each is; one-year.jwt expires on 2027-11-22 and must be recorded anew by then.
import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startPgtokenHost, type PgtokenHost } from '../support/start-pgtoken-host.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { expectRefusal } from './expect-refusal.ts';

const RECORDED = join(import.meta.dirname, '../vectors/kubernetes/cluster-a');

const stack = new AsyncDisposableStack();
let host: PgtokenHost;

const recorded = async (name: string): Promise<string> =>
  (await readFile(join(RECORDED, `${name}.jwt`), 'utf8')).trimEnd();

beforeAll(async () => {
  host = stack.use(
    await startPgtokenHost({
      issuersYAML: writeIssuersYAML([]),
      roles: ['foo:myservice', 'foo:reporting'],
    }),
  );
  const jwksFile = join(host.installation.folder, 'etc', 'jwks.json');
  await copyFile(join(RECORDED, 'jwks.json'), jwksFile);
  await chmod(jwksFile, 0o644);
  await host.installation.writeConfig(
    writeIssuersYAML([
      {
        name: 'homelab',
        issuer: { url: 'https://k8s-oidc.example.com', audiences: ['postgres'] },
        keys: { jwksFile },
        token: { maxLifetime: '366d' },
        roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
      },
    ]),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

it.each(['tcp', 'socket'] as const)(
  'one-year.jwt logs in as foo:myservice over %s',
  async (over) => {
    const password = await recorded('one-year');
    const answer = await host.cluster.psql({ role: 'foo:myservice', password, over });
    expect(answer).toMatchObject({ status: 0, stdout: 'foo:myservice\n', stderr: '' });
  },
);

it.each([
  ['one-year.jwt as another role', 'one-year', 'foo:reporting', 'ERR_ROLE_NOT_PERMITTED'],
  ['a token for another audience', 'other-audience', 'foo:myservice', 'ERR_AUDIENCE_MISMATCH'],
  ['a token that has expired', 'bound-sa', 'foo:myservice', 'ERR_TOKEN_EXPIRED'],
])('refuses %s', async (_what, name, role, code) => {
  const reason = await expectRefusal(host.cluster, { role, password: await recorded(name) });
  expect(reason.split(' ').slice(0, 2)).toEqual(['denied', code]);
});
