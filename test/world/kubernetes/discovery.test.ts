// A cluster whose keys are for everybody, set up with the files of packaging/examples/kubernetes as docs/issuers/kubernetes.md says:
// flags, kubectl apply, the discovery proxy, and a pod that logs in.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../support/certificate-authority.ts';
import { type ConnectProxy, createConnectProxy } from '../../support/connect-proxy.ts';
import { createAccountKey } from './create-account-key.ts';
import { findPodToken, type PodToken, untilPods } from './create-object.ts';
import { type Database, startDatabase } from '../machine/start-database.ts';
import { entryFor } from './entry-for.ts';
import { EXAMPLES, installExample } from '../machine/install-example.ts';
import { requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';
import { startControllerManager } from './start-controller-manager.ts';
import { type DiscoveryProxy, startDiscoveryProxy } from './start-discovery-proxy.ts';

const ROLE = 'foo:myservice';
const ISSUER = 'https://k8s-oidc.example.com';
const DISCOVERY = '/.well-known/openid-configuration';
const JWKS = '/openid/v1/jwks';
const MANIFESTS = ['discovery-access.yaml', 'discovery-proxy.yaml', 'myservice.yaml'];

const peer = inject('peer');
const stack = new AsyncDisposableStack();
/** Signs what is for the world outside of the cluster. */
let webAuthority: CertificateAuthority;
let api: ApiServer;
let database: Database;
let nginx: DiscoveryProxy;
/** Stands for the name service that knows ISSUER. */
let proxy: ConnectProxy;
let podToken: PodToken;

const pathOf = (name: string): string => join(EXAMPLES, 'kubernetes', name);

/** The flags of kubeadm.yaml. */
async function readKubeadmFlags(): Promise<readonly string[]> {
  const { apiServer } = z
    .looseObject({
      apiServer: z.looseObject({
        extraArgs: z.array(z.strictObject({ name: z.string(), value: z.string() })),
      }),
    })
    .parse(parse(await readFile(pathOf('kubeadm.yaml'), 'utf8')));
  return apiServer.extraArgs.map(({ name, value }) => `--${name}=${value}`);
}

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  webAuthority = stack.use(await createCertificateAuthority());
  const flags = await readKubeadmFlags();
  api = stack.use(
    await startApiServer({
      peer,
      authority,
      issuers: [],
      keys: [createAccountKey('RSA')],
      flags,
    }),
  );
  stack.use(await startControllerManager(peer, api));
  database = stack.use(await startDatabase([ROLE, 'foo:other']));
});
afterAll(async () => {
  await stack.disposeAsync();
});

it('before discovery-access.yaml is applied, unauthenticated clients get no keys, and the refusal says 403', async () => {
  await api.kubectl(['create', 'namespace', 'bar']);
  await api.kubectl(['create', 'serviceaccount', 'myservice', '-n', 'bar']);
  const { token } = await requestToken(api, { namespace: 'bar', serviceAccount: 'myservice' });
  await database.startDaemon([entryFor(api, ISSUER)]);
  expect(await database.logIn(ROLE, token)).toMatch(/^unavailable ERR_KEYS_[A-Z]+ .*403/);
});

it('kubectl apply --server-side takes the manifests of packaging/examples/kubernetes, once and once more', async () => {
  const apply = async (name: string): Promise<string> =>
    api.kubectl(['apply', '--server-side', '--validate=strict', '-f', pathOf(name)]);
  for (const name of MANIFESTS) {
    const applied = await apply(name);
    expect(applied).toContain('serverside-applied');
    expect(await apply(name)).toBe(applied);
  }
});

it('the pods of the manifests keep to the Pod Security Standard "restricted"', async () => {
  podToken = await findPodToken(api, 'foo', 'myservice');
  await untilPods(api, 'oidc-discovery', 2);
  for (const namespace of ['foo', 'oidc-discovery']) {
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    const { status, stderr } = await api.tryKubectl(['label', 'namespace', namespace, label]);
    expect([status, stderr]).toEqual([0, '']);
  }
});

it('the keys are there for everybody who asks for application/jwk-set+json, and 406 for application/json alone', async () => {
  const ask = async (path: string, accept?: string) =>
    api.ask(path, { as: 'nobody', headers: accept === undefined ? {} : { accept } });
  expect(await ask(JWKS)).toMatchObject({
    status: 200,
    headers: {
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=3600',
    },
  });
  expect(await ask(JWKS, 'application/jwk-set+json, application/json')).toMatchObject({
    status: 200,
  });
  expect(await ask(JWKS, 'application/json')).toMatchObject({ status: 406 });
  expect(await ask(DISCOVERY, 'application/json')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
  });
  expect(await ask(DISCOVERY, 'application/jwk-set+json')).toMatchObject({ status: 406 });
});

it('a pod of myservice.yaml logs in with keys from keys.jwksURI at the API server', async () => {
  await database.startDaemon([entryFor(api, ISSUER)]);
  const { token } = await requestToken(api, podToken);
  expect(await database.logIn(ROLE, token, 'tcp')).toBe('granted');
  expect(await database.logIn(ROLE, token, 'socket')).toBe('granted');
});

it('the nginx of discovery-proxy.yaml gives out the two documents and nothing else', async () => {
  const certificate = await webAuthority.issue(['DNS:k8s-oidc.example.com']);
  for (const [name, text] of [
    ['tls.crt', certificate.cert],
    ['tls.key', certificate.key],
  ] as const) {
    await database.host.writeBeside(name, text);
  }
  const fileOf = (name: string): string => join(database.host.installation.folder, 'etc', name);
  const files = [`--cert=${fileOf('tls.crt')}`, `--key=${fileOf('tls.key')}`];
  await api.kubectl(
    ['create', 'secret', 'tls', 'oidc-discovery-tls', '-n', 'oidc-discovery'].concat(files),
  );
  nginx = stack.use(await startDiscoveryProxy(peer, api));
  proxy = stack.use(await createConnectProxy({ 'k8s-oidc.example.com': nginx.port }));

  const get = async (path: string) => {
    const { request, ProxyAgent } = await import('undici');
    await using dispatcher = Object.assign(
      new ProxyAgent({ uri: proxy.url, requestTls: { ca: webAuthority.certificate } }),
      { [Symbol.asyncDispose]: async () => dispatcher.close() },
    );
    const { statusCode, body } = await request(`${ISSUER}${path}`, {
      dispatcher,
      headers: { accept: 'application/json' },
    });
    return { status: statusCode, text: await body.text() };
  };
  const discovery = await get(DISCOVERY);
  expect(discovery.status).toBe(200);
  expect(JSON.parse(discovery.text)).toMatchObject({
    issuer: ISSUER,
    jwks_uri: `${ISSUER}${JWKS}`,
    id_token_signing_alg_values_supported: ['RS256'],
  });
  // It passes no header on, so that the API server sees no Accept.
  expect(await get(JWKS)).toEqual({ status: 200, text: (await api.ask(JWKS)).body });
  for (const path of ['/', '/version', '/api', '/openid/v1/jwks/', '/openid/v2']) {
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  }
});

it('a pod of myservice.yaml logs in with keys by discovery through that nginx, by issuers.yaml of the example', async () => {
  await installExample(
    database.host,
    'kubernetes/issuers.yaml',
    {
      'audiences: [postgres]\n': `audiences: [postgres]\n    certificateAuthorityFile: web-ca.pem\n  http: {proxyURL: "${proxy.url}"}\n`,
    },
    { 'web-ca.pem': { text: webAuthority.certificate } },
  );
  await database.startDaemon();
  const { token, claims } = await requestToken(api, podToken);
  expect(claims).toMatchObject({ iss: ISSUER, aud: ['postgres'] });
  expect(await database.logIn(ROLE, token)).toBe('granted');
  expect(proxy.requests).toContain('CONNECT k8s-oidc.example.com:443');
});

it('what kubectl create token makes for ten minutes logs in, and as nobody else', async () => {
  const password = await api.kubectl(
    'create token myservice -n foo --audience postgres --duration 10m'.split(' '),
  );
  expect(await database.logIn(ROLE, password.trim())).toBe('granted');
  expect(await database.logIn('foo:other', password.trim())).toMatch(
    /^denied ERR_ROLE_NOT_PERMITTED .*"foo:myservice"/,
  );
});

it('a token of an hour is over the maxLifetime of the example', async () => {
  const password = await api.kubectl(
    'create token myservice -n foo --audience postgres --duration 1h'.split(' '),
  );
  expect(await database.logIn(ROLE, password.trim())).toMatch(
    /^denied ERR_TOKEN_LIFETIME the token is valid for (?:60 min|1 h)/,
  );
});

it('keys by discovery at the API server itself, where that is the issuer', async () => {
  await api.restart({
    issuers: [api.url],
    flags: [`--service-account-jwks-uri=${api.url}${JWKS}`],
  });
  const { keys: _, ...entry } = entryFor(api, api.url);
  await database.startDaemon([entry]);
  const { token } = await requestToken(api, podToken);
  expect(await database.logIn(ROLE, token)).toBe('granted');
});
