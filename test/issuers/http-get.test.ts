// One GET: whom it believes, what it takes for an answer, and that every other end of it is a value.
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { httpGetJSON, type HTTPGetOptions } from '../../src/issuers/http-get.ts';
import { createLookUp } from '../../src/issuers/look-up.ts';
import { quote } from '../../src/quote.ts';
import { createSecureContexts } from '../../src/issuers/secure-contexts.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { failed as failedFor } from './failed.ts';
import {
  type Answer,
  type AnswerServer,
  json,
  startAnswerServer,
} from '../support/answer-server.ts';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let server: AnswerServer;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  stranger = stack.use(await createCertificateAuthority({ name: 'somebody else' }));
  server = stack.use(await startAnswerServer(authority));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function get(options: Partial<HTTPGetOptions> = {}, url = `${server.origin}/x`) {
  return httpGetJSON(url, {
    certificateAuthority: authority.certificate,
    signal: AbortSignal.timeout(20_000),
    maxResponseBytes: 1000,
    secureContexts: createSecureContexts(),
    lookUp: createLookUp(),
    ...options,
  });
}

async function answered(answer: Answer, options: Partial<HTTPGetOptions> = {}) {
  server.answer(answer);
  return get(options);
}

const failed = (reason: string) => failedFor(`${server.origin}/x${reason}`);

function encoded(encoding: string, body: Uint8Array | string): Answer {
  return (_request, response) => {
    // As it is: Node would not send what is no header.
    response.socket?.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\n\r\n`);
    response.socket?.end(body);
  };
}

function sized(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 8)}"}`;
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [304, ' (not modified) to a request that had no entity tag to compare'],
  [404, ' (there is nothing at this address)'],
  [406, ' (it has no JSON at this address)'],
  [410, ' (there is nothing at this address)'],
  [429, ' (it is asked too often)'],
]);

const NOT_MODIFIED: Answer = (_request, response) => response.writeHead(304).end();

const ENDS_TOO_EARLY: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"a":1}', () => response.destroy());
};

const STOPS_IN_THE_MIDDLE: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '7' });
  response.write('{"a"');
};

describe('an answer', () => {
  it('is one JSON object, whatever its type is said to be', async () => {
    for (const type of ['application/json', 'application/jwk-set+json', 'text/plain', 'x']) {
      expect(await answered(json('{"a":1}', { 'content-type': type }))).toEqual({
        kind: 'document',
        document: { a: 1 },
        etag: undefined,
        maxAge: undefined,
      });
    }
  });

  it('may have as many bytes as are allowed, and not one more', async () => {
    expect(await answered(json(sized(1000)))).toMatchObject({ kind: 'document' });
    expect(await answered(json(sized(1001)))).toEqual(failed(': the answer is over 1000 bytes'));
    // Without a length in front it is counted as it comes.
    const chunked =
      (bytes: number): Answer =>
      (_request, response) => {
        for (const character of sized(bytes)) response.write(character);
        response.end();
      };
    expect(await answered(chunked(1000))).toMatchObject({ kind: 'document' });
    expect(await answered(chunked(1001))).toEqual(failed(': the answer is over 1000 bytes'));
  });

  it.each([200, 201, 202, 203, 204, 206, 304, 400, 401, 403, 404, 406, 410, 418, 429, 500, 503])(
    'has status 200 and not another: %d',
    async (status) => {
      const answer: Answer = (_request, response) => {
        response.writeHead(status).end(status === 204 || status === 304 ? undefined : '{}');
      };
      expect(await answered(answer)).toMatchObject(
        status === 200
          ? { kind: 'document', document: {}, etag: undefined, maxAge: undefined }
          : failedFor(
              `${server.origin}/x answered ${status}${MEANINGS.get(status) ?? ''}; expected 200`,
              status === 401 || status === 403 ? { unauthorized: true } : {},
            ),
      );
    },
  );

  it('shows where a redirect leads harmlessly', async () => {
    const location = `https://x/${'y'.repeat(100)}?\u00e9`;
    const answer: Answer = (_request, response) => {
      response.writeHead(302, { location }).end();
    };
    expect(await answered(answer)).toEqual(
      failed(
        ` answered 302 (a redirect to "https://x/${'y'.repeat(70)}"... (112 characters), which is not followed); expected 200`,
      ),
    );
  });

  it.each([
    ['gzip', gzipSync],
    ['GZip ', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['identity', (text: string) => text],
    ['', (text: string) => text],
  ])('may be compressed, though that was not asked for: %j', async (encoding, compress) => {
    expect(await answered(encoded(encoding, compress(sized(1000))))).toMatchObject({
      kind: 'document',
      document: { a: expect.stringMatching(/^x{992}$/) as unknown },
    });
    expect(server.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity']);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('is no longer when decompressed than one that was not: %s', async (encoding, compress) => {
    const over = failed(': the answer is over 1000 bytes when decompressed');
    expect(await answered(encoded(encoding, compress(sized(1001))))).toEqual(over);
    expect(await answered(encoded(encoding, compress(sized(1_000_000))))).toEqual(
      encoding === 'gzip' ? failed(': the answer is over 1000 bytes') : over,
    );
  });

  it.each([
    ['gzip', Buffer.from('{"a":1}')],
    ['gzip', gzipSync('{"a":1}').subarray(0, 20)],
    ['gzip', Buffer.alloc(0)],
    ['br', Buffer.from('{"a":1}')],
    ['br', brotliCompressSync('{"a":1}').subarray(0, 5)],
  ])('is none when it is said to be compressed and is not: %s, %j', async (encoding, body) => {
    expect(await answered(encoded(encoding, body))).toEqual(
      failed(`: the answer is said to be "${encoding}" and cannot be decompressed`),
    );
  });

  it.each(['deflate', 'zstd', 'compress', 'gzip, gzip', 'gzip, br', 'aes128gcm'])(
    'is none in an encoding that nobody has asked for: %j',
    async (encoding) => {
      expect(await answered(encoded(encoding, '{}'))).toEqual(
        failed(
          `: the answer is encoded as ${quote(encoding)}; expected none, as was asked for, or gzip or br`,
        ),
      );
    },
  );

  it('may have a byte order mark in front, one', async () => {
    expect(await answered(json('\u{feff}{"a":1}'))).toMatchObject({ document: { a: 1 } });
    expect(await answered(json('\u{feff}\u{feff}{"a":1}'))).toMatchObject({ kind: 'failed' });
    expect(await answered(json('{"a":"\u{feff}"}'))).toMatchObject({ document: { a: '\u{feff}' } });
  });

  it.each([
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 Continue, three times', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)],
    ['102 Processing', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\netag: "0"\r\n\r\n'],
  ])('is what comes behind %s, which nobody has asked for', async (_what, informational) => {
    const answer: Answer = (request) => {
      request.socket.write(informational);
      request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 7\r\netag: "1"\r\n\r\n{"a":1}');
    };
    expect(await answered(answer)).toEqual({
      kind: 'document',
      document: { a: 1 },
      etag: '"1"',
      maxAge: undefined,
    });
  });

  it('that ends too early is none', async () => {
    expect(await answered(ENDS_TOO_EARLY)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^https:\S+\/x: \S/) as unknown,
    });
  });

  it.each([
    ['nothing', ''],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a header that never ends', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n`],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a chunk that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n'],
  ])('is none when it is %s', async (_what, text) => {
    const answer: Answer = (request) => {
      request.socket.end(text);
    };
    expect(await answered(answer)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^https:\S+\/x: \S/) as unknown,
    });
  });

  it('is none when it goes over to another protocol, and that is told in one line', async () => {
    const answer: Answer = (request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: x\r\n\r\n');
    };
    expect(await answered(answer)).toEqual(
      failed(' answered 101 (it goes over to another protocol, unasked); expected 200'),
    );
  });

  it.each([
    ['"1"', '"1"'],
    ['W/"1"', 'W/"1"'],
    ['x'.repeat(256), 'x'.repeat(256)],
    ['x'.repeat(257), undefined],
    [undefined, undefined],
  ])('has the entity tag %s', async (sent, etag) => {
    expect(await answered(json('{}', sent === undefined ? {} : { etag: sent }))).toMatchObject({
      kind: 'document',
      etag,
    });
  });

  it.each([
    ['max-age=60', 60],
    ['public, max-age=3600, must-revalidate', 3600],
    ['MAX-AGE=1', 1],
    ['max-age="5"', 5],
    ['max-age=0', 0],
    ['no-store', 0],
    ['max-age=60, no-cache', 0],
    ['s-maxage=60', undefined],
    ['max-age=-1', undefined],
    ['max-age=abc', undefined],
    ['', undefined],
  ])('with Cache-Control %j may be kept for so many seconds: %j', async (header, maxAge) => {
    expect(await answered(json('{}', { 'cache-control': header }))).toMatchObject({
      kind: 'document',
      maxAge,
    });
  });

  it('is unchanged only where there is something at hand', async () => {
    expect(await answered(NOT_MODIFIED, { etag: '"1"' })).toEqual({
      kind: 'unchanged',
      maxAge: undefined,
    });
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['"1"']);
    expect(await answered(NOT_MODIFIED)).toMatchObject({ kind: 'failed' });
  });
});

describe('a server', () => {
  const notOurs = (ours = 'the certificateAuthority'): string =>
    `: the server's certificate is signed by "pgtoken test authority", which is not in ${ours}, and the server sends no certificate between the two (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)`;
  const NOT_OURS = notOurs();

  it('is believed when its certificate is signed by the certificate authority, one of several', async () => {
    expect(await answered(json('{}'))).toMatchObject({ kind: 'document' });
    expect(
      await answered(json('{}'), {
        certificateAuthority: stranger.certificate + authority.certificate,
      }),
    ).toMatchObject({ kind: 'document' });
  });

  it.each([
    ['of somebody else', () => stranger.certificate, NOT_OURS],
    ['that is none', () => 'hello', NOT_OURS],
    ['that is empty', () => '', NOT_OURS],
    [
      "of the system, which does not know the issuer's",
      () => undefined,
      notOurs('the certificate authorities of this system').replace(
        /\(.*\)/,
        '(UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      ),
    ],
  ])(
    'is not believed with a certificate authority %s',
    async (_what, certificateAuthority, reason) => {
      expect(await answered(json('{}'), { certificateAuthority: certificateAuthority() })).toEqual(
        failed(reason),
      );
      expect(server.requests).toEqual([]);
    },
  );

  it('is not believed because the environment says so', async () => {
    vi.spyOn(process, 'emitWarning').mockReturnValue();
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '/nonexistent');
    vi.stubEnv('SSL_CERT_FILE', '/nonexistent');
    expect(await answered(json('{}'), { certificateAuthority: stranger.certificate })).toEqual(
      failed(NOT_OURS),
    );
    expect(server.requests).toEqual([]);
  });

  it('is reached directly, whatever proxy the environment names', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('https_proxy', 'http://127.0.0.1:1');
    vi.stubEnv('ALL_PROXY', 'http://127.0.0.1:1');
    expect(await answered(json('{}'))).toMatchObject({ kind: 'document' });
  });

  it('has until the signal', async () => {
    expect(await answered(() => undefined, { signal: AbortSignal.timeout(50) })).toEqual(
      failed(': no answer in time (http.timeout)'),
    );
    expect(await answered(json('{}'), { signal: AbortSignal.abort() })).toEqual(
      failed(': no answer in time (http.timeout)'),
    );
  });

  it('does not keep us when it stops in the middle of its answer', async () => {
    expect(await answered(STOPS_IN_THE_MIDDLE, { signal: AbortSignal.timeout(50) })).toEqual(
      failed(': no answer in time (http.timeout)'),
    );
  });
});
