// Keys of a trust domain from its bundle endpoint, and keys that are not for everybody: asked for with a token that goes to
// one address and nowhere else.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { fetchKeySet, type FetchKeySetOptions } from '../../src/issuers/fetch-key-set.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint } from '../vectors/tokens/mint.ts';
import { failed } from './failed.ts';
import { type AnswerServer, json, startAnswerServer } from '../support/answer-server.ts';

const stack = new AsyncDisposableStack();
const mint = await createMint();
const KEY = mint.publicKey('cluster-es256');
const OTHER = mint.publicKey('cluster-rs256');
const SVID = { ...KEY, use: 'jwt-svid' };
let authority: CertificateAuthority;
let server: AnswerServer;
let folder: string;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  server = stack.use(await startAnswerServer(authority));
  folder = stack.use(await createTemporaryFolder('bearer')).path;
});

beforeEach(() => {
  server.answer(json(JSON.stringify({ keys: [KEY, SVID] })));
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function fetchJWKS(options: Partial<FetchKeySetOptions> = {}) {
  return fetchKeySet(
    { kind: 'jwks', jwksURI: `${server.origin}/keys` },
    { certificateAuthority: authority.certificate, timeout: 20, ...options },
  );
}

async function fetchBundle(
  bundle: unknown,
  headers: Readonly<Record<string, string>> = {},
  options: Partial<FetchKeySetOptions> = {},
) {
  server.answer(json(JSON.stringify(bundle), headers));
  return fetchKeySet(
    { kind: 'spiffe-bundle', bundleURL: `${server.origin}/bundle` },
    { certificateAuthority: authority.certificate, timeout: 20, ...options },
  );
}

async function place(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const sent = (): (string | undefined)[] =>
  server.requests.map(({ headers }) => headers.authorization);

describe('a bundle', () => {
  it('has the keys for JWT-SVIDs alone', async () => {
    const x509 = { ...OTHER, use: 'x509-svid', x5c: ['MIIB'] };
    expect(
      await fetchBundle({ keys: [x509, SVID, KEY, { ...OTHER, use: 'sig' }], spiffe_sequence: 1 }),
    ).toMatchObject({ kind: 'keys', keySet: { keys: [KEY] } });
  });

  it.each<
    readonly [hint: unknown, headers: Readonly<Record<string, string>>, maxAge: number | undefined]
  >([
    [300, {}, 300],
    [300, { 'cache-control': 'max-age=60' }, 60],
    [30, { 'cache-control': 'max-age=60' }, 30],
    [undefined, { 'cache-control': 'max-age=60' }, 60],
    [0, {}, undefined],
    [-1, {}, undefined],
    ['300', {}, undefined],
    [1.5, {}, undefined],
    [1e300, {}, undefined],
    [null, {}, undefined],
  ])('is asked for again as soon as it says: %j, %j', async (hint, headers, maxAge) => {
    expect(await fetchBundle({ keys: [SVID], spiffe_refresh_hint: hint }, headers)).toEqual({
      kind: 'keys',
      keySet: { keys: [KEY] },
      etag: undefined,
      maxAge,
    });
  });

  it('without a key for JWT-SVIDs withdraws those of before', async () => {
    const reason = `${server.origin}/bundle answered a SPIFFE bundle without a usable key`;
    const none = { kind: 'failed', withdrawn: true };
    expect(await fetchBundle({ keys: [] })).toMatchObject({ ...none, reason });
    expect(await fetchBundle({ keys: [{ ...SVID, kid: undefined }] })).toMatchObject({
      ...none,
      reason: `${reason}; the first one has no kid, which a key for JWT-SVIDs must have`,
    });
  });

  it('that is the JWKS of a discovery provider is told from one whose keys were withdrawn', async () => {
    for (const keys of [[KEY], [{ ...KEY, use: 'x509-svid' }, OTHER]]) {
      expect(await fetchBundle({ keys })).toEqual({
        kind: 'failed',
        reason: `${server.origin}/bundle answered a SPIFFE bundle without a usable key; none of its ${keys.length} keys has use "jwt-svid"`,
        hint: "A bundle has such keys; where this is a JWKS, as of SPIRE's OIDC discovery provider, write keys.jwksURI.",
        withdrawn: true,
      });
    }
  });

  it('is none without a list of keys, and withdraws nothing then', async () => {
    expect(await fetchBundle({ trust_domains: {} })).toEqual(
      failed(
        `${server.origin}/bundle answered a document that is no SPIFFE bundle: it has no list of keys; expected a bundle: {"keys": [...]}`,
      ),
    );
  });

  it('is asked for with the entity tag of the one at hand', async () => {
    const etag = `${server.origin}/bundle "7"`;
    expect(await fetchBundle({ keys: [SVID] }, { etag: '"7"' }, { etag })).toMatchObject({
      kind: 'keys',
      etag,
    });
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['"7"']);
  });

  it('may be as long as the entry allows', async () => {
    const bundle = { keys: [SVID], padding: 'x'.repeat(2000) };
    expect(await fetchBundle(bundle, {}, { maxResponseBytes: 1024 })).toEqual(
      failed(`${server.origin}/bundle: the answer is over 1024 bytes`),
    );
  });
});

describe('a bearer token', () => {
  it('is read anew for each retrieval, without the white space around it', async () => {
    const file = await place('token', 'first\n');
    expect(await fetchJWKS({ bearerTokenFile: file })).toMatchObject({ kind: 'keys' });
    await place('token', '\r\n  second+/==\n\n');
    expect(await fetchJWKS({ bearerTokenFile: file })).toMatchObject({ kind: 'keys' });
    expect(sent()).toEqual(['Bearer first', 'Bearer second+/==']);
  });

  it('is sent for a bundle as well', async () => {
    const file = await place('token', 'first');
    await fetchBundle({ keys: [SVID] }, {}, { bearerTokenFile: file });
    expect(sent()).toEqual(['Bearer first']);
  });

  it('is not sent where none is written, nor along a redirect', async () => {
    await fetchJWKS();
    expect(sent()).toEqual([undefined]);
    await using other = await startAnswerServer(authority);
    server.answer((_request, response) => {
      response.writeHead(307, { location: `${other.origin}/keys` }).end();
    });
    const file = await place('token', 'first');
    expect(await fetchJWKS({ bearerTokenFile: file })).toEqual(
      failed(
        `${server.origin}/keys answered 307 (a redirect to "${other.origin}/keys", which is not followed); expected 200`,
      ),
    );
    expect(sent()).toEqual(['Bearer first']);
    expect(other.requests).toEqual([]);
  });

  it('is not sent to a server that cannot prove who it is', async () => {
    await using stranger = await createCertificateAuthority();
    const file = await place('token', 'first');
    expect(
      await fetchJWKS({ bearerTokenFile: file, certificateAuthority: stranger.certificate }),
    ).toMatchObject({ kind: 'failed' });
    expect(server.requests).toEqual([]);
  });

  it.each<readonly [what: string, text: string, mode: number, reason: string]>([
    [
      'that others may write',
      'secret',
      0o620,
      'cannot be used: mode 0620 lets group or others write it; expected only its owner to (chmod go-w)',
    ],
    ['that is empty', '\n', 0o600, 'holds no token'],
    ['of two lines', 'secret\nsecret', 0o600, 'holds no token'],
    ['with a word before it', 'Bearer secret', 0o600, 'holds no token'],
    ['with what a header cannot hold', 'secret\u{7f}', 0o600, 'holds no token'],
    ['beyond ASCII', 'sécret', 0o600, 'holds no token'],
    ['that is a file of another kind', '{"token":"secret"}', 0o600, 'holds no token'],
    [
      'that is too long',
      'x'.repeat(65_537),
      0o600,
      'cannot be used: over 65536 bytes; expected at most that',
    ],
  ])('%s is not sent, and the issuer is not asked', async (_what, text, mode, reason) => {
    const file = await place('token', text, mode);
    const shown =
      reason === 'holds no token'
        ? 'holds no token; expected one line of letters, digits and -._~+/'
        : reason;
    const result = await fetchJWKS({ bearerTokenFile: file });
    expect(result).toEqual(failed(`${file} (keys.bearerTokenFile) ${shown}`));
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(server.requests).toEqual([]);
  });

  it.each([401, 403])('that is refused with %i is told as that', async (status) => {
    server.answer((_request, response) => {
      response.writeHead(status).end();
    });
    const answered = failed(`${server.origin}/keys answered ${status}; expected 200`, {
      unauthorized: true,
    });
    const bearerTokenFile = await place('token', 'first');
    expect(await fetchJWKS({ bearerTokenFile })).toEqual({
      ...answered,
      hint: 'Replace the token in keys.bearerTokenFile, and check what it permits; when the issuer has withdrawn the key that signed it, make a new one.',
    });
    expect(await fetchJWKS()).toEqual({
      ...answered,
      hint: 'Let everybody read its keys, or give keys.jwksURI a keys.bearerTokenFile.',
    });
  });

  it('that is missing is told', async () => {
    const file = join(folder, 'none');
    expect(await fetchJWKS({ bearerTokenFile: file })).toEqual(
      failed(`${file} (keys.bearerTokenFile) cannot be used: no such file`),
    );
  });
});
