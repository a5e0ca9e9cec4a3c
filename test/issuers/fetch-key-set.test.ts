// Retrieving an issuer's keys, and everything that goes wrong with issuers: nothing of it may throw, hang, or make keys of
// somebody else ours.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  fetchKeySet,
  type FetchKeySetOptions,
  type KeyLocation,
} from '../../src/issuers/fetch-key-set.ts';
import { defaultDiscoveryURL } from '../../src/issuers/discover.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer, type IssuerFailure } from '../support/issuer.ts';
import { createMint } from '../vectors/tokens/mint.ts';
import { failed as failedFor } from './failed.ts';
import { type AnswerServer, json, startAnswerServer } from '../support/answer-server.ts';

const stack = new AsyncDisposableStack();
const mint = await createMint();
const KEYS = { keys: [mint.publicKey('cluster-es256')] };
let authority: CertificateAuthority;
let issuer: Issuer;
let server: AnswerServer;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['RS256', 'ES256'] }));
  server = stack.use(await startAnswerServer(authority));
});

afterEach(async () => {
  await issuer.recover();
});

afterAll(async () => {
  await stack.disposeAsync();
});

function discovery(): KeyLocation {
  return { kind: 'discovery', issuerURL: issuer.url, discoveryURL: issuer.discoveryURL };
}

async function fetch(
  location: KeyLocation = discovery(),
  options: Partial<FetchKeySetOptions> = {},
) {
  return fetchKeySet(location, {
    certificateAuthority: authority.certificate,
    timeout: 20,
    ...options,
  });
}

/** The issuer's own URL is the server's; what its discovery document says is up to the test. */
async function discover(document: unknown, options: Partial<FetchKeySetOptions> = {}) {
  const { origin } = server;
  server.answer((request, response) => {
    const answer =
      request.url === '/keys'
        ? json(JSON.stringify(KEYS), { 'content-type': 'application/jwk-set+json' })
        : json(JSON.stringify(document));
    answer(request, response);
  });
  return fetch({ kind: 'discovery', issuerURL: origin, discoveryURL: `${origin}/d` }, options);
}

/** A key set that has none is the issuer's own word; every other failure says nothing of the keys of before. */
const failed = (reason: string) =>
  failedFor(
    reason,
    reason.includes('a key set without a usable key')
      ? {
          withdrawn: true,
          hint: 'Ask whoever runs the issuer to publish a signing key that can be used: RSA of 2048 bits or more, EC, or Ed25519.',
        }
      : undefined,
  );

describe('the keys of an issuer', () => {
  it('are found through its discovery document', async () => {
    const before = issuer.requests.length;
    expect(await fetch()).toEqual({
      kind: 'keys',
      keySet: { keys: issuer.keys.map(({ publicJWK: { use: _use, ...key } }) => key) },
      etag: undefined,
      maxAge: undefined,
    });
    expect(issuer.requests.slice(before).map(({ path }) => path)).toEqual([
      '/.well-known/openid-configuration',
      '/keys',
    ]);
  });

  it('are fetched from where the administrator said, without discovery', async () => {
    const before = issuer.requests.length;
    expect(await fetch({ kind: 'jwks', jwksURI: issuer.jwksURL })).toMatchObject({ kind: 'keys' });
    expect(issuer.requests.slice(before).map(({ path }) => path)).toEqual(['/keys']);
  });

  it('are had from a server that has each document in one media type and refuses who does not ask for it', async () => {
    const { origin } = server;
    const types = new Map([
      ['/d', 'application/json'],
      ['/keys', 'application/jwk-set+json'],
    ]);
    server.answer((request, response) => {
      const type = types.get(request.url ?? '') ?? '';
      // No */* either: there are servers that know names only.
      const isNamed = request.headers.accept?.split(',').includes(type) === true;
      const body = request.url === '/d' ? { issuer: origin, jwks_uri: `${origin}/keys` } : KEYS;
      response.writeHead(isNamed ? 200 : 406, { 'content-type': type }).end(JSON.stringify(body));
    });
    expect(
      await fetch({ kind: 'discovery', issuerURL: origin, discoveryURL: `${origin}/d` }),
    ).toMatchObject({ kind: 'keys', keySet: KEYS });
    expect(await fetch({ kind: 'jwks', jwksURI: `${origin}/keys` })).toMatchObject({
      kind: 'keys',
    });
  });

  it('are asked for without credentials, cookies or anything else about us', async () => {
    server.answer(json(JSON.stringify(KEYS)));
    await fetch({ kind: 'jwks', jwksURI: `${server.origin}/keys?v=1` });
    const [request, ...more] = server.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'GET', url: '/keys?v=1' });
    const { host: _host, connection: _connection, ...headers } = request!.headers;
    expect(headers).toEqual({
      accept: 'application/json,application/jwk-set+json,*/*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'pgtoken',
    });
  });

  it.each([
    ['https://a.example.com', 'https://a.example.com/.well-known/openid-configuration'],
    ['https://a.example.com/', 'https://a.example.com/.well-known/openid-configuration'],
    ['https://a.example.com/b/c', 'https://a.example.com/b/c/.well-known/openid-configuration'],
    ['https://a.example.com/b//', 'https://a.example.com/b//.well-known/openid-configuration'],
  ])('of %s are at %s', (url, discoveryURL) => {
    expect(defaultDiscoveryURL(url)).toBe(discoveryURL);
  });
});

describe('an issuer that fails', () => {
  const AT = { discovery: '/.well-known/openid-configuration', jwks: '/keys' } as const;
  const FAILURES: readonly (readonly [IssuerFailure, 'discovery' | 'jwks', string])[] = [
    ['refuse', 'discovery', ': connection refused'],
    ['status-500', 'discovery', ' answered 500; expected 200'],
    ['status-500', 'jwks', ' answered 500; expected 200'],
    [
      'html',
      'discovery',
      ' answered 54 bytes of type "text/html" that are no JSON object: not valid JSON',
    ],
    [
      'html',
      'jwks',
      ' answered 54 bytes of type "text/html" that are no JSON object: not valid JSON',
    ],
    ['ten-megabytes', 'discovery', ': the answer is over 1048576 bytes'],
    ['ten-megabytes', 'jwks', ': the answer is over 1048576 bytes'],
    ['endless', 'discovery', ': the answer is over 1048576 bytes'],
    ['endless', 'jwks', ': the answer is over 1048576 bytes'],
    [
      'redirect',
      'discovery',
      ' answered 302 (a redirect to "/elsewhere", which is not followed); expected 200',
    ],
    [
      'redirect',
      'jwks',
      ' answered 302 (a redirect to "/elsewhere", which is not followed); expected 200',
    ],
    [
      'private-keys',
      'jwks',
      ' answered a key set without a usable key; the first one is a private key; expected public keys only',
    ],
    [
      'symmetric-keys',
      'jwks',
      ' answered a key set without a usable key; the first one is a symmetric key; expected public keys only',
    ],
    [
      'short-keys',
      'jwks',
      ' answered a key set without a usable key; the first one is an RSA key of 1024 bits; expected 2048 to 8192',
    ],
    [
      'wrong-certificate',
      'discovery',
      `: the server's certificate is not for this host name (ERR_TLS_CERT_ALTNAME_INVALID), but for "DNS:other-issuer.example.com"`,
    ],
  ];

  it.each(FAILURES)('is a reason and no keys: %s at %s', async (failure, document, reason) => {
    await issuer.fail(failure, document);
    expect(await fetch()).toEqual(failed(`${issuer.url}${AT[document]}${reason}`));
    // It is not worse than that: once it has recovered, there are keys.
    await issuer.recover();
    expect(await fetch()).toMatchObject({ kind: 'keys' });
  });

  it.each([
    ['hang-before-tls', 'discovery'],
    ['hang', 'discovery'],
    ['hang', 'jwks'],
    ['slow', 'discovery'],
    ['slow', 'jwks'],
  ] as const)('ends within the time that it is given: %s at %s', async (failure, document) => {
    await issuer.fail(failure, document);
    expect(await fetch(discovery(), { timeout: 1 })).toEqual(
      failed(
        `${issuer.url}${failure === 'hang-before-tls' ? AT.discovery : AT[document]}: no answer in time (http.timeout)`,
      ),
    );
  });

  it('never gets a request where it redirects to', async () => {
    const before = issuer.requests.length;
    await issuer.fail('redirect');
    await fetch();
    await fetch({ kind: 'jwks', jwksURI: issuer.jwksURL });
    expect(issuer.requests.slice(before).map(({ path }) => path)).toEqual([AT.discovery, AT.jwks]);
  });

  it.each([301, 302, 303, 307, 308])(
    'may redirect with %d to another host, in vain',
    async (status) => {
      const before = issuer.requests.length;
      server.answer((_request, response) => {
        response.writeHead(status, { location: issuer.jwksURL }).end();
      });
      expect(await fetch({ kind: 'jwks', jwksURI: `${server.origin}/keys` })).toEqual(
        failed(
          `${server.origin}/keys answered ${status} (a redirect to "${issuer.jwksURL}", which is not followed); expected 200`,
        ),
      );
      expect(issuer.requests).toHaveLength(before);
    },
  );

  it('gets no keys from an address that is not in a name system', async () => {
    expect(await fetch({ kind: 'jwks', jwksURI: 'https://issuer.invalid/keys' })).toEqual(
      failed('https://issuer.invalid/keys: the name cannot be resolved'),
    );
  });
});

describe('a discovery document', () => {
  it('must be that of the issuer, byte for byte', async () => {
    const { origin } = server;
    const port = new URL(origin).port;
    const others = [
      'https://other.example.com',
      `${origin}/`,
      origin.toUpperCase(),
      `https://localhost:${port}`,
      `${origin}\u0000`,
      '',
      null,
      undefined,
      1,
      [origin],
      { url: origin },
    ];
    for (const other of others) {
      const shown = other === undefined ? 'undefined' : JSON.stringify(other);
      expect(await discover({ issuer: other, jwks_uri: `${origin}/keys` })).toEqual(
        failed(`${origin}/d is the discovery document of issuer ${shown}; expected "${origin}"`),
      );
      // Its keys are not even asked for.
      expect(server.requests.map(({ url }) => url)).toEqual(['/d']);
    }
    expect(await discover({ issuer: origin, jwks_uri: `${origin}/keys` })).toMatchObject({
      kind: 'keys',
    });
  });

  it.each([
    ['http://127.0.0.1:80/keys', '"http://127.0.0.1:80/keys"'],
    ['file:///etc/passwd', '"file:///etc/passwd"'],
    ['data:application/json,{}', '"data:application/json,{}"'],
    ['//127.0.0.1/keys', '"//127.0.0.1/keys"'],
    ['/keys', '"/keys"'],
    ['https://', '"https://"'],
    ['https://a b/', '"https://a b/"'],
    [' https://127.0.0.1/keys', '" https://127.0.0.1/keys"'],
    ['https://127.0.0.1/\r\nkeys', String.raw`"https://127.0.0.1/\r\nkeys"`],
    ['https://127.0.0.1/\u001b[2J', String.raw`"https://127.0.0.1/\u001b[2J"`],
    ['https://ex\u00e4mple.com/keys', String.raw`"https://ex\u00e4mple.com/keys"`],
    ['', '""'],
    [null, 'null'],
    [undefined, 'undefined'],
    [7, '7'],
    [['https://127.0.0.1/keys'], '["https://127.0.0.1/keys"]'],
  ])('does not lead to %j', async (jwksURI, shown) => {
    const { origin } = server;
    expect(await discover({ issuer: origin, jwks_uri: jwksURI })).toEqual(
      failed(`${origin}/d names jwks_uri ${shown}; expected an https:// URL without user`),
    );
    expect(server.requests.map(({ url }) => url)).toEqual(['/d']);
  });

  it('may lead to another host, which is held to the same certificate authority', async () => {
    const document = { issuer: server.origin, jwks_uri: issuer.jwksURL };
    expect(await discover(document)).toMatchObject({ kind: 'keys' });

    await using stranger = await createCertificateAuthority({ name: 'somebody else' });
    await using elsewhere = await createIssuer(stranger);
    expect(await discover({ issuer: server.origin, jwks_uri: elsewhere.jwksURL })).toEqual(
      failed(
        `${elsewhere.jwksURL}: the server's certificate is signed by "somebody else", which is not in the certificateAuthority, and the server sends no certificate between the two (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`,
      ),
    );
    expect(elsewhere.requests).toEqual([]);
  });

  it('that names a member twice is read by nobody', async () => {
    const { origin } = server;
    const text = `{"issuer":"${origin}","issuer":"https://x","jwks_uri":"${origin}/keys"}`;
    server.answer(json(text));
    const location = { kind: 'discovery', issuerURL: origin, discoveryURL: `${origin}/d` } as const;
    expect(await fetch(location)).toEqual(
      failed(
        `${origin}/d answered ${text.length} bytes of type "application/json" that are no JSON object: a member stands twice in the same object`,
      ),
    );
  });
});

describe('a key set', () => {
  it.each([
    ['{"keys":[]}', 'a key set without a usable key'],
    [
      '{}',
      'a document that is no key set: it has no list of keys; expected a JWKS: {"keys": [...]}',
    ],
    [
      '{"keys":{}}',
      'a document that is no key set: it has no list of keys; expected a JWKS: {"keys": [...]}',
    ],
    [
      '{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"XYZ"}]}',
      'a key set without a usable key; the first one is a symmetric key; expected public keys only',
    ],
    [
      `{"keys":[${'{},'.repeat(200)}{}]}`,
      'a document that is no key set: it has 201 keys; expected at most 200',
    ],
    ['[]', '2 bytes of type "application/json" that are no JSON object: not a JSON object'],
    ['', '0 bytes of type "application/json" that are no JSON object: not valid JSON'],
    [
      '\u{FEFF}\u{FEFF}{"keys":[]}',
      '17 bytes of type "application/json" that are no JSON object: not valid JSON',
    ],
    [
      `{"keys":${'['.repeat(100)}${']'.repeat(100)}}`,
      '209 bytes of type "application/json" that are no JSON object: nested deeper than 32 levels',
    ],
  ])('is no key set: %j', async (text, reason) => {
    server.answer(json(text));
    expect(await fetch({ kind: 'jwks', jwksURI: `${server.origin}/keys` })).toEqual(
      failed(`${server.origin}/keys answered ${reason}`),
    );
  });

  it('gives its sound keys, whatever stands beside them', async () => {
    const keys = [{ kty: 'oct', k: 'AAAA' }, ...KEYS.keys, { kty: 'XYZ' }, null];
    server.answer(json(JSON.stringify({ keys })));
    expect(await fetch({ kind: 'jwks', jwksURI: `${server.origin}/keys` })).toMatchObject({
      kind: 'keys',
      keySet: KEYS,
    });
  });

  it('is asked for with the entity tag of the one at hand, and may be unchanged', async () => {
    const { origin } = server;
    server.answer((request, response) => {
      if (request.url === '/d') {
        json(JSON.stringify({ issuer: origin, jwks_uri: `${origin}/keys` }), { etag: '"d"' })(
          request,
          response,
        );
        return;
      }
      const unchanged = request.headers['if-none-match'] === '"1"';
      response.writeHead(unchanged ? 304 : 200, { etag: '"1"', 'cache-control': 'max-age=60' });
      response.end(unchanged ? undefined : JSON.stringify(KEYS));
    });
    const location = { kind: 'discovery', issuerURL: origin, discoveryURL: `${origin}/d` } as const;
    const etag = `${origin}/keys "1"`;
    const old = `${origin}/keys "0"`;
    expect(await fetch(location)).toMatchObject({ kind: 'keys', etag, maxAge: 60 });
    expect(await fetch(location, { etag })).toEqual({ kind: 'unchanged', maxAge: 60 });
    expect(await fetch(location, { etag: old })).toMatchObject({ kind: 'keys', etag });
    // The tag is the key set's: the discovery document is always read anew.
    expect(server.requests.map(({ url, headers }) => [url, headers['if-none-match']])).toEqual([
      ['/d', undefined],
      ['/keys', undefined],
      ['/d', undefined],
      ['/keys', '"1"'],
      ['/d', undefined],
      ['/keys', '"0"'],
    ]);
  });

  it('is asked for without the entity tag of another address, where discovery leads to a new one', async () => {
    const { origin } = server;
    server.answer((request, response) => {
      const document = { issuer: origin, jwks_uri: `${origin}/new` };
      // Both addresses give the same tag, for different keys.
      const unchanged = request.headers['if-none-match'] === '"1"';
      response.writeHead(unchanged ? 304 : 200, { etag: '"1"' });
      response.end(unchanged ? undefined : JSON.stringify(request.url === '/d' ? document : KEYS));
    });
    const location = { kind: 'discovery', issuerURL: origin, discoveryURL: `${origin}/d` } as const;
    for (const etag of [`${origin}/old "1"`, `${origin}/ne "1"`, `${origin}/new2 "1"`, '"1"']) {
      expect(await fetch(location, { etag })).toMatchObject({
        kind: 'keys',
        etag: `${origin}/new "1"`,
      });
    }
    expect(new Set(server.requests.map(({ headers }) => headers['if-none-match']))).toEqual(
      new Set([undefined]),
    );
  });
});
