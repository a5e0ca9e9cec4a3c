// An API server that answers no unauthenticated client (--anonymous-auth=false): keys come with the bearer token of a service
// account, by packaging/examples/kubernetes-closed-api.yaml. That token is signed by the keys that it reads.
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { createAccountKey } from './create-account-key.ts';
import { createAccounts, createPod } from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { entryFor, jwksURIOf } from './entry-for.ts';
import { EXAMPLES, installExample } from '../machine/install-example.ts';
import { publishKeys } from './publish-keys.ts';
import { type BoundObject, requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ROLE = 'shop:cart';

const peer = inject('peer');
const stack = new AsyncDisposableStack();
const keys = { first: createAccountKey('RSA'), second: createAccountKey('RSA') };
let api: ApiServer;
let database: Database;
let pod: BoundObject;

const podToken = async (): Promise<string> =>
  (await requestToken(api, { namespace: 'shop', serviceAccount: 'cart', boundTo: pod })).token;
/** As the example says. */
const bearerToken = async (): Promise<string> =>
  api.kubectl('create token pgtoken --namespace kube-system --duration 24h'.split(' '));

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  api = stack.use(
    await startApiServer({
      peer,
      authority,
      issuers: [ISSUER],
      keys: [keys.first],
      flags: ['--anonymous-auth=false'],
    }),
  );
  await createAccounts(api, 'shop', ['cart']);
  pod = await createPod(api, 'shop', 'cart', 'cart-1');
  await api.kubectl('create serviceaccount pgtoken --namespace kube-system'.split(' '));
  database = stack.use(await startDatabase([ROLE]));
});
afterAll(async () => {
  await stack.disposeAsync();
});

it('without a bearer token the API server answers 401, and the login is refused with that', async () => {
  expect(await api.ask('/openid/v1/jwks', { as: 'nobody' })).toMatchObject({ status: 401 });
  await database.startDaemon([entryFor(api, ISSUER)]);
  expect(await database.logIn(ROLE, await podToken())).toMatch(
    /^unavailable ERR_KEYS_[A-Z]+ .*401/,
  );
});

it('with the token of any service account, which may do nothing else, keys are there and a pod logs in', async () => {
  await installExample(
    database.host,
    'kubernetes-closed-api.yaml',
    { 'https://10.0.0.10:6443/openid/v1/jwks': jwksURIOf(api) },
    {
      'closed-ca.pem': { text: api.certificateAuthority },
      'closed.token': { text: await bearerToken(), isSecret: true },
    },
  );
  await database.startDaemon();
  expect(await database.logIn(ROLE, await podToken())).toBe('granted');
  const token = (await bearerToken()).trim();
  const pods = await api.ask('/api/v1/namespaces/shop/pods', { as: { token } });
  expect(pods).toMatchObject({ status: 403 });
});

it('what kubectl create token makes, bound to no pod, is refused by boundTo of the example', async () => {
  const token = await api.kubectl(
    'create token cart --namespace shop --audience postgres --duration 10m'.split(' '),
  );
  expect(await database.logIn(ROLE, token.trim())).toMatch(
    /^denied ERR_CLAIM_REJECTED the token is bound to nothing /,
  );
});

it('a bearer token that the API server does not take is answered 401, and the reason says so', async () => {
  await database.host.writeBeside('closed.token', 'e30.e30.e30\n', true);
  await database.startDaemon();
  expect(await database.logIn(ROLE, await podToken())).toMatch(
    /^unavailable ERR_KEYS_[A-Z]+ .*401/,
  );
});

it('a bearer token of another audience is answered 401', async () => {
  const { token } = await requestToken(api, { namespace: 'shop', serviceAccount: 'cart' });
  expect(await api.ask('/openid/v1/jwks', { as: { token } })).toMatchObject({ status: 401 });
});

it('authentication.yaml lets everybody ask for the two documents and nothing else, and a pod logs in without a bearer token', async () => {
  await api.restart({
    flags: [`--authentication-config=${join(EXAMPLES, 'kubernetes/authentication.yaml')}`],
  });
  await publishKeys(api);
  await database.startDaemon([entryFor(api, ISSUER)]);
  expect(await database.logIn(ROLE, await podToken())).toBe('granted');
  const ask = async (path: string) => (await api.ask(path, { as: 'nobody' })).status;
  expect(await ask('/.well-known/openid-configuration')).toBe(200);
  expect(await ask('/livez')).toBe(200);
  for (const path of ['/api', '/version', '/openid/v1/jwks/', '/openid/v1']) {
    expect([path, await ask(path)]).toEqual([path, 401]);
  }
});
