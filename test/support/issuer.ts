// An OpenID issuer on the loopback interface: discovery document, JWKS and tokens, with switches for everything that goes
// wrong with issuers. Nothing in it is random but keys and port, and it always closes, whoever still waits for an answer.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHTTPSServer } from 'node:https';
import { createServer, type Socket } from 'node:net';

import type { CertificateAuthority } from './certificate-authority.ts';
import { listenOnLoopback } from './listen.ts';
import { negotiate } from './negotiate.ts';
import { poll } from './poll.ts';
import type { SigningAlgorithm } from './signatures.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';

/** What goes wrong, from the moment of `fail(…)` on. */
export type IssuerFailure =
  | 'refuse' // nobody listens any more
  | 'hang-before-tls' // accepts the connection and never says a word
  | 'hang' // takes the request and never answers
  | 'slow' // a good answer, one byte every 100 ms
  | 'status-500'
  | 'html' // status 200 and a login page
  | 'invalid-json'
  | 'ten-megabytes' // valid JSON, padded
  | 'endless'
  | 'redirect' // to /elsewhere, which would answer
  | 'other-issuer' // the discovery document names another issuer
  | 'private-keys' // the JWKS has the private members too
  | 'symmetric-keys'
  | 'short-keys' // RSA with 1024 bits
  | 'wrong-certificate'; // for another host name

// After these, connections that are still open do not count: they would wait for ever, or never notice.
const CONNECTION_FAILURES: ReadonlySet<IssuerFailure | undefined> = new Set([
  'refuse',
  'hang-before-tls',
  'hang',
  'slow',
  'endless',
  'wrong-certificate',
]);

export type IssuerDocument = 'discovery' | 'jwks';

export interface IssuerOptions {
  /** One key for each. Default: RS256 alone. */
  readonly algorithms?: readonly SigningAlgorithm[];
  /** A path in the issuer's URL, such as `/realms/people`. Default: none. */
  readonly path?: string;
  /** Answer what a request does not accept, for versions of pgtoken that accept too little. Default: refuse it. */
  readonly answersAll?: boolean;
}

export interface MintOptions {
  /** The key's kid or algorithm. Default: the newest key. */
  readonly key?: string;
  /** Header members over the defaults `alg`, `kid` and `typ`; undefined removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Unix time at which the token is issued, in seconds. Default: now. */
  readonly now?: number;
  /** Pads the token with a claim `padding` to exactly this many bytes, or one more where base64url cannot hit it. */
  readonly bytes?: number;
}

export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Issuer extends AsyncDisposable {
  readonly url: string;
  readonly discoveryURL: string;
  readonly jwksURL: string;
  /** The certificate of the authority that signed this server's, PEM. */
  readonly certificateAuthority: string;
  /** What is published now, oldest first. */
  readonly keys: readonly SigningKey[];
  /** Every request since the start, in order. */
  readonly requests: readonly RecordedRequest[];
  readonly requestCount: (document: IssuerDocument) => number;
  /**
   * A signed token. Defaults: iss, aud `postgres`, sub, iat, nbf, and exp in 600 s; a claim given as undefined is left out.
   */
  readonly mint: (
    claims?: Readonly<Record<string, unknown>>,
    options?: MintOptions,
  ) => Promise<string>;
  /** Publishes a new key, the default one from now on. */
  readonly addKey: (algorithm: SigningAlgorithm) => Promise<SigningKey>;
  readonly removeKey: (kid: string) => void;
  /** Publishes another key of the same algorithm in place of a key, under its kid. */
  readonly replaceKey: (kid: string) => Promise<SigningKey>;
  /** Everything fails, or one document only. Replaces an earlier failure. */
  readonly fail: (failure: IssuerFailure, document?: IssuerDocument) => Promise<void>;
  /** Ends the failure; who waits for an answer loses the connection. */
  readonly recover: () => Promise<void>;
  /** Answers nobody, and records who asks, until what it returns is called; then all get their good answers. */
  readonly hold: () => () => void;
  readonly close: () => Promise<void>;
}

export async function createIssuer(
  authority: CertificateAuthority,
  options: IssuerOptions = {},
): Promise<Issuer> {
  const keys: SigningKey[] = [];
  const requests: RecordedRequest[] = [];
  let keysMade = 0;
  let failure: IssuerFailure | undefined;
  let failing: IssuerDocument | undefined;
  let held: (() => void)[] | undefined;

  // The TCP side is our own, so that a connection can be held before TLS says anything, and so that close() can end all.
  const sockets = new Set<Socket>();
  const https = createHTTPSServer(await authority.issue(), (request, response) => {
    answer(request, response);
  });
  https.on('tlsClientError', () => undefined);
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (failure !== 'hang-before-tls') https.emit('connection', socket);
  });

  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (port: number): Promise<number> => listenOnLoopback(tcp, port);
  const stopListening = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    tcp.close(() => resolve(undefined)); // also when it does not listen at all
    disconnect();
    await promise;
  };

  const port = await listen(0);
  const origin = `https://127.0.0.1:${port}`;
  const url = `${origin}${options.path ?? ''}`;
  const discoveryURL = `${url}/.well-known/openid-configuration`;
  const jwksURL = `${url}/keys`;

  // Each has one media type, those of kube-apiserver.
  const documents: Record<IssuerDocument, { url: string; mediaType: string; body: () => unknown }> =
    {
      discovery: {
        url: discoveryURL,
        mediaType: 'application/json',
        body: () => ({
          issuer: failure === 'other-issuer' ? 'https://other-issuer.example.com' : url,
          jwks_uri: jwksURL,
          response_types_supported: ['id_token'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: keys.map((key) => key.algorithm),
        }),
      },
      jwks: {
        url: jwksURL,
        mediaType: 'application/jwk-set+json',
        body: () => ({ keys: publishedKeys(keys, failure) }),
      },
    };
  const isDocument = (name: IssuerDocument, path: string): boolean =>
    documents[name].url === `${origin}${path}`;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    response.on('error', () => undefined);
    const go = (): void => {
      answerNow(request, response);
    };
    if (held === undefined) go();
    else held.push(go);
  }

  function answerNow(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const name = isDocument('discovery', path) ? 'discovery' : 'jwks';
    if (!isDocument(name, path) && path !== '/elsewhere') {
      response.writeHead(404).end();
      return;
    }
    const { mediaType, body } = documents[name];
    if (options.answersAll !== true && !negotiate(request, response, mediaType)) return;
    const applies = path !== '/elsewhere' && (failing === undefined || failing === name);
    respond(response, mediaType, JSON.stringify(body()), applies ? failure : undefined);
  }

  const addKey = async (algorithm: SigningAlgorithm): Promise<SigningKey> => {
    keysMade += 1;
    const key = await createSigningKey(algorithm, `${algorithm.toLowerCase()}-${keysMade}`);
    keys.push(key);
    return key;
  };
  for (const algorithm of options.algorithms ?? ['RS256']) await addKey(algorithm);

  const mint: Issuer['mint'] = async (claims = {}, mintOptions = {}) => {
    const key = findKey(keys, mintOptions.key);
    const now = mintOptions.now ?? Math.floor(Date.now() / 1000);
    const header = { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...mintOptions.header };
    const defaults = {
      iss: url,
      aud: ['postgres'],
      sub: 'system:serviceaccount:foo:myservice',
      iat: now,
      nbf: now,
      exp: now + 600,
    };
    const signed = (padding?: string): string => {
      const data = `${encode(header)}.${encode({ ...defaults, ...claims, padding })}`;
      return `${data}.${key.sign(data).toString('base64url')}`;
    };
    if (mintOptions.bytes === undefined) return signed();
    return padded(signed, mintOptions.bytes);
  };

  const recover = async (): Promise<void> => {
    const last = failure;
    failure = undefined;
    failing = undefined;
    if (CONNECTION_FAILURES.has(last)) disconnect();
    if (last === 'refuse') {
      // Somebody else may hold the port for a moment.
      await poll(`port ${port} to listen on`, async () => listen(port).catch(() => undefined));
    }
    if (last === 'wrong-certificate') https.setSecureContext(await authority.issue());
  };
  const close = async (): Promise<void> => {
    await stopListening();
    https.closeAllConnections();
  };

  return {
    url,
    discoveryURL,
    jwksURL,
    certificateAuthority: authority.certificate,
    keys,
    requests,
    requestCount: (name) => requests.filter((request) => isDocument(name, request.path)).length,
    mint,
    addKey,
    removeKey: (kid) => {
      keys.splice(keys.indexOf(findKey(keys, kid)), 1);
    },
    replaceKey: async (kid) => {
      const old = findKey(keys, kid);
      const key = await createSigningKey(old.algorithm, old.kid);
      keys[keys.indexOf(old)] = key;
      return key;
    },
    fail: async (next, document) => {
      await recover();
      failure = next;
      failing = document;
      if (CONNECTION_FAILURES.has(next)) disconnect();
      if (next === 'refuse') await stopListening();
      if (next === 'wrong-certificate') {
        https.setSecureContext(await authority.issue(['DNS:other-issuer.example.com']));
      }
    },
    recover,
    hold: () => {
      const waiting: (() => void)[] = [];
      held = waiting;
      return () => {
        held = undefined;
        for (const go of waiting.splice(0)) go();
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function respond(
  response: ServerResponse,
  mediaType: string,
  body: string,
  failure: IssuerFailure | undefined,
): void {
  const json = (): ServerResponse => response.writeHead(200, { 'content-type': mediaType });
  switch (failure) {
    case 'hang':
      return;
    case 'slow':
      json();
      dripInto(response, body);
      return;
    case 'status-500':
      response.writeHead(500, { 'content-type': 'text/plain' }).end('internal error\n');
      return;
    case 'html':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Sign in</title><h1>Sign in</h1>\n');
      return;
    case 'invalid-json':
      json().end(body.slice(0, -1));
      return;
    case 'ten-megabytes':
      json().end(body + ' '.repeat(10 * 1024 * 1024));
      return;
    case 'endless':
      json();
      pourInto(response);
      return;
    case 'redirect':
      response.writeHead(302, { location: '/elsewhere' }).end();
      return;
    case undefined:
    case 'refuse':
    case 'hang-before-tls':
    case 'other-issuer':
    case 'private-keys':
    case 'symmetric-keys':
    case 'short-keys':
    case 'wrong-certificate':
      json().end(body);
  }
}

function dripInto(response: ServerResponse, body: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.charAt(sent));
    sent += 1;
    if (sent < body.length) return;
    clearInterval(timer);
    response.end();
  }, 100);
  response.on('close', () => {
    clearInterval(timer);
  });
}

function pourInto(response: ServerResponse): void {
  const chunk = ' '.repeat(64 * 1024);
  const pour = (): void => {
    while (!response.destroyed && response.write(chunk)) continue;
  };
  response.on('drain', pour);
  pour();
}

function publishedKeys(keys: readonly SigningKey[], failure: IssuerFailure | undefined): unknown[] {
  if (failure === 'private-keys') return keys.map((key) => key.privateJWK);
  if (failure === 'symmetric-keys') {
    const k = Buffer.alloc(32, 'k').toString('base64url');
    return keys.map(({ kid }) => ({ kty: 'oct', kid, alg: 'HS256', k }));
  }
  if (failure === 'short-keys') {
    // A modulus of 1024 bits; nobody ever signs with it.
    const n = Buffer.alloc(128, 0xa5).toString('base64url');
    return keys.map(({ kid }) => ({ kty: 'RSA', kid, alg: 'RS256', use: 'sig', n, e: 'AQAB' }));
  }
  return keys.map((key) => key.publicJWK);
}

function findKey(keys: readonly SigningKey[], name: string | undefined): SigningKey {
  const key =
    name === undefined
      ? keys.at(-1)
      : keys.findLast((candidate) => candidate.kid === name || candidate.algorithm === name);
  if (key === undefined) throw new Error(`the issuer has no key ${name ?? 'at all'}`);
  return key;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// Four characters carry three bytes of claims: some lengths cannot be had, hence the one byte more.
function padded(signed: (padding: string) => string, bytes: number): string {
  let padding = Math.floor(((bytes - signed('').length) * 3) / 4);
  if (padding < 0) throw new Error(`the token has ${signed('').length} bytes without padding`);
  while (signed('x'.repeat(padding)).length < bytes) padding += 1;
  return signed('x'.repeat(padding));
}
