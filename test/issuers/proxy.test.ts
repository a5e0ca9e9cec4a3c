// Retrieval through a proxy: a tunnel in which the issuer's certificate is checked as ever, and nothing beside it.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { httpGetJSON, type HTTPGetOptions } from '../../src/issuers/http-get.ts';
import { createLookUp } from '../../src/issuers/look-up.ts';
import { createSecureContexts } from '../../src/issuers/secure-contexts.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { type ConnectProxy, createConnectProxy } from '../support/connect-proxy.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { failed as failedFor } from './failed.ts';
import { type AnswerServer, json, startAnswerServer } from '../support/answer-server.ts';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let server: AnswerServer;
let proxy: ConnectProxy;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  stranger = stack.use(await createCertificateAuthority({ name: 'somebody else' }));
  server = stack.use(await startAnswerServer(authority));
  proxy = stack.use(await createConnectProxy());
});

beforeEach(() => {
  proxy.behave('tunnel');
  server.answer(json('{"a":1}', { etag: '"1"' }));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await stack.disposeAsync();
});

async function get(options: Partial<HTTPGetOptions> = {}, url = `${server.origin}/x`) {
  return httpGetJSON(url, {
    certificateAuthority: authority.certificate,
    proxyURL: proxy.url,
    signal: AbortSignal.timeout(20_000),
    maxResponseBytes: 1000,
    secureContexts: createSecureContexts(),
    lookUp: createLookUp(),
    ...options,
  });
}

const failed = (reason: string, by: { readonly url: string } = proxy) =>
  failedFor(`${server.origin}/x through ${by.url}: ${reason}`);
const DOCUMENT = { kind: 'document', document: { a: 1 }, etag: '"1"', maxAge: undefined };

describe('through a proxy', () => {
  it('an issuer is asked in a tunnel that the proxy cannot look into', async () => {
    const before = proxy.requests.length;
    expect(await get({ bearerToken: 'secret' })).toEqual(DOCUMENT);
    expect(proxy.requests.slice(before)).toEqual([`CONNECT ${new URL(server.origin).host}`]);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret']);
    expect(JSON.stringify(proxy.lastHeaders())).not.toContain('secret');
  });

  it('by the name of its host as by its address', async () => {
    const { port } = new URL(server.origin);
    expect(await get({}, `https://localhost:${port}/x`)).toEqual(DOCUMENT);
    expect(proxy.requests.at(-1)).toBe(`CONNECT localhost:${port}`);
  });

  it('an issuer whose certificate another authority signed is not believed', async () => {
    expect(await get({ certificateAuthority: stranger.certificate })).toEqual(
      failed(
        `the server's certificate is signed by "pgtoken test authority", which is not in the certificateAuthority, and the server sends no certificate between the two (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
      ),
    );
    expect(server.requests).toEqual([]);
  });

  it('an issuer whose certificate is for another host is not believed', async () => {
    await using other = await startAnswerServer({
      ...authority,
      issue: async () => authority.issue(['DNS:other.example.com']),
    });
    expect(await get({}, `${other.origin}/x`)).toEqual(
      failedFor(
        `${other.origin}/x through ${proxy.url}: the server's certificate is not for this host name (ERR_TLS_CERT_ALTNAME_INVALID), but for "DNS:other.example.com"`,
      ),
    );
    expect(other.requests).toEqual([]);
  });

  it('a redirect is followed as little as without one', async () => {
    server.answer((_request, response) => response.writeHead(302, { location: '/y' }).end());
    expect(await get()).toEqual(
      failedFor(
        `${server.origin}/x answered 302 (a redirect to "/y", which is not followed); expected 200`,
      ),
    );
    expect(server.requests).toHaveLength(1);
  });

  it('an answer may be as long as without one', async () => {
    server.answer(json(`{"a":"${'x'.repeat(1000)}"}`));
    expect(await get()).toEqual(failedFor(`${server.origin}/x: the answer is over 1000 bytes`));
  });
});

describe('a proxy that', () => {
  it('refuses is told with its status', async () => {
    proxy.behave('forbid');
    expect(await get()).toEqual(failed('the proxy refuses to connect (403)'));
  });

  it('closes the connection is told', async () => {
    proxy.behave('close');
    expect(await get()).toEqual(failed('the proxy or the server closed the connection'));
  });

  it('never answers is not waited for', async () => {
    proxy.behave('hang');
    expect(await get({ signal: AbortSignal.timeout(300) })).toEqual(
      failed('no answer in time (http.timeout)'),
    );
  });

  it('is not there is told', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    expect(await get({ proxyURL: url })).toEqual(failed('connection refused', { url }));
  });

  it('stands in the environment is not asked', async () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'HTTP_PROXY']) {
      vi.stubEnv(name, proxy.url);
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const before = proxy.requests.length;
    expect(await get({ proxyURL: undefined })).toEqual(DOCUMENT);
    expect(proxy.requests.slice(before)).toEqual([]);
  });
});
