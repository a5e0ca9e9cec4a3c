// Two clusters that both call themselves by the default issuer, each with an API server and keys of its own, at one database host:
// packaging/examples/kubernetes-two-clusters.yaml; and one with its keys pinned, kubernetes-default-issuer.yaml.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { createAccountKey } from './create-account-key.ts';
import { createAccounts } from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { jwksURIOf } from './entry-for.ts';
import { installExample } from '../machine/install-example.ts';
import { requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

const peer = inject('peer');
const stack = new AsyncDisposableStack();
let eu: ApiServer;
let us: ApiServer;
let database: Database;

const cartToken = async (api: ApiServer): Promise<string> =>
  (await requestToken(api, { namespace: 'shop', serviceAccount: 'cart' })).token;

beforeAll(async () => {
  const start = async (): Promise<ApiServer> => {
    const authority = stack.use(await createCertificateAuthority());
    const api = stack.use(
      await startApiServer({ peer, authority, issuers: [ISSUER], keys: [createAccountKey('RSA')] }),
    );
    // As the example says.
    await api.kubectl(
      'create clusterrolebinding public-issuer-discovery --group system:unauthenticated --clusterrole system:service-account-issuer-discovery'.split(
        ' ',
      ),
    );
    await createAccounts(api, 'shop', ['cart']);
    return api;
  };
  eu = await start();
  us = await start();
  database = stack.use(await startDatabase(['eu:shop:cart', 'us:shop:cart', 'shop:cart']));
  await installExample(
    database.host,
    'kubernetes-two-clusters.yaml',
    {
      'https://10.1.0.10:6443/openid/v1/jwks': jwksURIOf(eu),
      'https://10.2.0.10:6443/openid/v1/jwks': jwksURIOf(us),
      // Here the connections of both come from one address.
      '10.1.0.0/16': '127.0.0.0/8',
      '10.2.0.0/16': '127.0.0.0/8',
    },
    {
      'prod-eu-ca.pem': { text: eu.certificateAuthority },
      'prod-us-ca.pem': { text: us.certificateAuthority },
    },
  );
  await database.startDaemon();
});
afterAll(async () => {
  await stack.disposeAsync();
});

it('the token of each cluster logs in as its own role', async () => {
  expect(await database.logIn('eu:shop:cart', await cartToken(eu))).toBe('granted');
  expect(await database.logIn('us:shop:cart', await cartToken(us))).toBe('granted');
});

it("the token of one cluster is refused as the other's role, though service account and issuer are the same", async () => {
  expect(await database.logIn('us:shop:cart', await cartToken(eu))).toMatch(
    /^denied ERR_ROLE_NOT_PERMITTED .*"eu:shop:cart"/,
  );
  expect(await database.logIn('eu:shop:cart', await cartToken(us))).toMatch(
    /^denied ERR_ROLE_NOT_PERMITTED .*"us:shop:cart"/,
  );
});

it('with the certificate authority of the other cluster no keys are taken from an API server', async () => {
  await database.host.writeBeside('prod-eu-ca.pem', us.certificateAuthority);
  await database.startDaemon();
  const [own, other] = [await cartToken(us), await cartToken(eu)];
  expect(await database.logIn('us:shop:cart', own)).toBe('granted');
  expect(await database.logIn('eu:shop:cart', other)).toMatch(
    /^(?:unavailable ERR_KEYS_UNAVAILABLE .*certificate|denied ERR_KEY_UNKNOWN )/,
  );
});

it('keys pinned from kubectl get --raw /openid/v1/jwks let in the tokens of that cluster alone', async () => {
  const jwks = await eu.kubectl(['get', '--raw', '/openid/v1/jwks']);
  await installExample(
    database.host,
    'kubernetes-default-issuer.yaml',
    {},
    { 'homelab-jwks.json': { text: jwks } },
  );
  await database.startDaemon();
  expect(await database.logIn('shop:cart', await cartToken(eu))).toBe('granted');
  expect(await database.logIn('shop:cart', await cartToken(us))).toMatch(
    /^denied ERR_KEY_UNKNOWN /,
  );
});
