// Tokens from the metadata services of clouds, by stand-ins on the loopback interface that refuse what the real ones refuse.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createAzureFederationSource } from '../../../src/client/sources/azure-federation.ts';
import { createAzureIMDSSource } from '../../../src/client/sources/azure-imds.ts';
import { createFileSource } from '../../../src/client/sources/file-source.ts';
import { createGCPMetadataSource } from '../../../src/client/sources/gcp-metadata.ts';
import { systemClock } from '../../../src/clock.ts';
import { type RunningServer, startServer } from '../../support/listen.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { makeToken } from '../make-token.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: RunningServer;
let answer: Answer;
let requests: { method: string; url: string }[];
const never = new AbortController().signal;

beforeEach(async () => {
  requests = [];
  server = await startServer(
    createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        requests.push({ method: request.method ?? '', url: request.url ?? '' });
        answer(request, response, body);
      });
    }),
  );
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

const reasonOf = (result: object): unknown =>
  'reason' in result
    ? String(result.reason).replaceAll(`127.0.0.1:${server.port}`, 'SERVER')
    : 'a token';

describe("Google's metadata server", () => {
  /** As Google documents it: 403 without the header or with X-Forwarded-For, 404 for what there is not, and always its flavor. */
  const google =
    (audience = 'postgres'): Answer =>
    (request, response) => {
      response.setHeader('metadata-flavor', 'Google');
      const url = new URL(request.url ?? '', 'http://metadata.google.internal');
      if (
        request.headers['metadata-flavor'] !== 'Google' ||
        request.headers['x-forwarded-for'] !== undefined
      ) {
        response.writeHead(403).end('Missing Metadata-Flavor:Google header.');
      } else if (
        url.pathname !== '/computeMetadata/v1/instance/service-accounts/default/identity'
      ) {
        response.writeHead(404).end();
      } else if (url.searchParams.get('audience') !== 'postgres') {
        response.writeHead(400).end('non-empty audience parameter required');
      } else {
        response.writeHead(200, { 'content-type': 'text/html' }).end(makeToken({ aud: audience }));
      }
    };
  const get = async (audience = 'postgres') =>
    createGCPMetadataSource(audience, { GCE_METADATA_HOST: `127.0.0.1:${server.port}` }).get(never);

  it('gives an identity token for the audience', async () => {
    answer = google();
    expect(await get()).toMatchObject({ ok: true, token: { expiresAt: 600 } });
    expect(requests).toEqual([
      {
        method: 'GET',
        url: '/computeMetadata/v1/instance/service-accounts/default/identity?audience=postgres&format=full',
      },
    ]);
  });

  it.each<readonly [what: string, answer: Answer, reason: string]>([
    [
      'a token for another audience',
      google('vault'),
      'SERVER: the token is for audience "vault"; expected "postgres"',
    ],
    [
      '500',
      (_, response) => response.writeHead(500).end(),
      'SERVER: it answered with status 500; expected 200',
    ],
    [
      'without its flavor',
      (_, response) => response.end(makeToken({ aud: 'postgres' })),
      'SERVER: it answered without "Metadata-Flavor: Google"; expected Google\'s metadata server',
    ],
    [
      'rubbish',
      (_, response) => response.writeHead(200, { 'metadata-flavor': 'Google' }).end('<html>'),
      'it is not a JWT; expected three parts in base64url that start with "ey"',
    ],
    [
      'without an end',
      (_, response) =>
        void response.writeHead(200, { 'metadata-flavor': 'Google' }).write('x'.repeat(300_000)),
      'SERVER: it answered with over 262144 bytes',
    ],
    ['nothing', (request) => request.socket.destroy(), 'SERVER: it cannot be asked (ECONNRESET)'],
  ])('that answers %s gives none', async (_what, given, reason) => {
    answer = given;
    expect(reasonOf(await get())).toBe(reason);
  });

  it('is not followed where it redirects to', async () => {
    answer = (request, response) => {
      if (request.url?.startsWith('/elsewhere') === true) google()(request, response, '');
      else response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect(reasonOf(await get())).toBe(
      'SERVER: it answered with status 302, a redirect to "/elsewhere"; redirects are not followed',
    );
    expect(requests).toHaveLength(1);
  });
});

describe("Azure's metadata service", () => {
  /** As Azure documents it: 400 without the header, an api-version or a resource. */
  const azure: Answer = (request, response) => {
    const url = new URL(request.url ?? '', 'http://169.254.169.254');
    const { searchParams: query } = url;
    const refuse = (status: number, error: string) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error, error_description: 'as said' }));
    if (request.headers['metadata'] !== 'true') refuse(400, 'bad_request_102');
    else if (url.pathname !== '/metadata/identity/oauth2/token') refuse(404, 'not_found');
    else if (query.get('api-version') !== '2018-02-01') refuse(400, 'bad_request');
    else if (query.get('resource') !== 'api://postgres') refuse(400, 'invalid_resource');
    else if (query.has('client_id') && query.get('client_id') !== 'me')
      refuse(400, 'invalid_request');
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(
          JSON.stringify({ access_token: makeToken(), expires_in: '3599', token_type: 'Bearer' }),
        );
  };
  const get = async (resource = 'api://postgres', clientID?: string) =>
    createAzureIMDSSource(
      { resource, clientID },
      { AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:${server.port}` },
    ).get(never);

  it('gives an access token for the resource, for the identity of the machine or another one', async () => {
    answer = azure;
    expect(await get()).toMatchObject({ ok: true });
    expect(await get('api://postgres', 'me')).toMatchObject({ ok: true });
    expect(requests.map(({ url }) => url)).toEqual([
      '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2Fpostgres',
      '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2Fpostgres&client_id=me',
    ]);
  });

  it('says why it gives none', async () => {
    answer = azure;
    expect(reasonOf(await get('api://other'))).toBe(
      'SERVER: it answered with status 400; expected 200: "invalid_resource" "as said"',
    );
    answer = (_, response) => response.writeHead(200).end('{}');
    expect(reasonOf(await get())).toBe('SERVER: it answered without access_token');
    answer = (_, response) => response.writeHead(200).end('<html>');
    expect(reasonOf(await get())).toBe(
      'SERVER: it answered with what is not valid JSON; expected a JSON object',
    );
    answer = (_, response) => response.writeHead(301, { location: 'http://evil.example' }).end();
    expect(reasonOf(await get())).toBe(
      'SERVER: it answered with status 301, a redirect to "http://evil.example"; redirects are not followed',
    );
  });
});

describe('workload identity federation of Microsoft Entra', () => {
  const assertion = makeToken({ aud: 'api://AzureADTokenExchange' });
  /** As Entra documents it: a form by POST, with exactly these. */
  const entra: Answer = (request, response, body) => {
    const form = Object.fromEntries(new URLSearchParams(body));
    const isRight =
      request.method === 'POST' &&
      request.url === '/my-tenant/oauth2/v2.0/token' &&
      request.headers['content-type'] === 'application/x-www-form-urlencoded' &&
      form['grant_type'] === 'client_credentials' &&
      form['client_id'] === 'me' &&
      form['client_assertion_type'] === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' &&
      form['client_assertion'] === assertion &&
      form['scope'] === 'api://postgres/.default';
    response.writeHead(isRight ? 200 : 400, { 'content-type': 'application/json' }).end(
      JSON.stringify(
        isRight
          ? { token_type: 'Bearer', expires_in: 3599, access_token: makeToken() }
          : {
              error: 'invalid_client',
              error_description: 'AADSTS70021: No matching federated identity record found',
            },
      ),
    );
  };
  const source = (env: Readonly<Record<string, string>>) =>
    createAzureFederationSource('api://postgres/.default', env, (path) =>
      createFileSource(path, { clock: systemClock }),
    );

  it('exchanges the token of the pod', async () => {
    await using folder = await createTemporaryFolder('azure');
    const file = join(folder.path, 'token');
    await writeFile(file, assertion);
    answer = entra;
    const env = {
      AZURE_CLIENT_ID: 'me',
      AZURE_TENANT_ID: 'my-tenant',
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: `http://127.0.0.1:${server.port}/`,
    };
    expect(await source(env).get(never)).toMatchObject({ ok: true });
    expect(reasonOf(await source({ ...env, AZURE_CLIENT_ID: 'other' }).get(never))).toBe(
      'SERVER: it answered with status 400; expected 200: "invalid_client" "AADSTS70021: No matching federated identity record found"',
    );
    expect(reasonOf(await source({ ...env, AZURE_FEDERATED_TOKEN_FILE: '/none' }).get(never))).toBe(
      'file /none: no such file',
    );
  });

  it('says what the webhook has not set', async () => {
    expect(await source({ AZURE_CLIENT_ID: 'me' }).get(never)).toMatchObject({
      reason: 'AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE are not set in the environment',
      hint: 'Label the pod with azure.workload.identity/use: "true", or set them.',
    });
  });
});
