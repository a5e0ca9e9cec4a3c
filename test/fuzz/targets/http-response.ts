// What a server answers: any bytes, in any pieces, however slowly, with any end. The answer is a value within its limits and its
// time, nothing is asked twice or elsewhere, and what is remembered of it does not spoil the next request.
import { setTimeout as delay } from 'node:timers/promises';

import { httpGetJSON, type HTTPAnswer } from '../../../src/issuers/http-get.ts';
import { createLookUp } from '../../../src/issuers/look-up.ts';
import { createSecureContexts } from '../../../src/issuers/secure-contexts.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';
import type { Random } from '../random.ts';
import { answerOK, type RawAnswer, startRawHTTPSServer } from '../raw-https-server.ts';

const MAX_BYTES = 2000;
const BEARER = 'c2VjcmV0LXNlY3JldC1zZWNyZXQ';

const lines = (...text: string[]): Buffer => Buffer.from(text.join('\r\n'), 'latin1');

export const httpResponse: FuzzTarget = {
  name: 'http-response',
  seeds: async () => [
    lines('HTTP/1.1 200 OK', 'content-length: 7', 'etag: "1"', '', '{"a":1}'),
    lines('HTTP/1.1 200 OK', 'content-type: application/json', 'connection: close', '', '{"a":1}'),
    lines(
      'HTTP/1.1 200 OK',
      'transfer-encoding: chunked',
      '',
      '3',
      '{"a',
      '4',
      '":1}',
      '0',
      '',
      '',
    ),
    lines('HTTP/1.1 304 Not Modified', 'cache-control: max-age=60', '', ''),
    lines('HTTP/1.1 302 Found', 'location: https://127.0.0.1:1/', 'content-length: 0', '', ''),
    lines('HTTP/1.1 100 Continue', '', 'HTTP/1.1 200 OK', 'content-length: 2', '', '{}'),
    lines('HTTP/1.1 101 Switching Protocols', 'upgrade: h2c', 'connection: upgrade', '', 'x'),
    lines('HTTP/1.1 200 OK', 'content-encoding: gzip', 'content-length: 4', '', '\u{1f}\u{8b}\b\0'),
    lines('HTTP/1.1 200 OK', `content-length: ${MAX_BYTES + 1}`, '', 'x'.repeat(MAX_BYTES + 1)),
    lines('HTTP/1.0 200 OK', 'etag: \u{e2}\u{82}\u{ac}', '', '{"a":1}'),
    lines('HTTP/1.1 500 Oh no', 'content-length: 0', '', ''),
  ],
  maxBytes: 8000,
  async open() {
    const server = await startRawHTTPSServer();
    const url = `${server.origin}/keys`;
    const shared = {
      certificateAuthority: server.certificateAuthority,
      secureContexts: createSecureContexts(),
      lookUp: createLookUp(),
    };
    return {
      async run(input, random) {
        server.answer(play(input, random));
        const etag = random.chance(2) ? '"1"' : undefined;
        const answer = await httpGetJSON(url, {
          ...shared,
          signal: AbortSignal.timeout(150),
          maxResponseBytes: MAX_BYTES,
          bearerToken: BEARER,
          etag,
        });
        demand(server.requests.length <= 1, 'it is asked once');
        checkAnswer(answer, url, etag);
        if (answer.kind === 'document') {
          server.answer(answerOK(Buffer.from('{}')));
          const next = await httpGetJSON(url, {
            ...shared,
            signal: AbortSignal.timeout(15_000),
            maxResponseBytes: MAX_BYTES,
            etag: answer.etag,
          });
          demand(next.kind === 'document', 'what is remembered does not spoil the next request');
        }
      },
      [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
    };
  },
};

function checkAnswer(answer: HTTPAnswer, url: string, etag: string | undefined): void {
  switch (answer.kind) {
    case 'failed':
      demand(answer.reason.startsWith(url), 'a failure names its URL');
      demand(/^[\x20-\x7e]{1,1000}$/.test(answer.reason), 'a failure is told in printable ASCII');
      demand(!answer.reason.includes(BEARER), 'a failure does not hold the token');
      return;
    case 'unchanged':
      demand(etag !== undefined, 'nothing is unchanged where nothing was there');
      checkAge(answer.maxAge);
      return;
    case 'document':
      demand(JSON.stringify(answer.document).length <= 6 * MAX_BYTES, 'a document is not too long');
      checkAge(answer.maxAge);
  }
}

function checkAge(maxAge: number | undefined): void {
  demand(
    maxAge === undefined || (Number.isSafeInteger(maxAge) && maxAge >= 0),
    'an age is a number of seconds',
  );
}

/** Sends the bytes in pieces, now and then with a pause, and ends well, badly or not at all. */
function play(input: Buffer, random: Random): RawAnswer {
  return async (_request, socket) => {
    const isSlow = random.chance(10);
    for (let at = 0; at < input.length;) {
      const piece = input.subarray(at, at + 1 + random.below(isSlow ? 20 : 4000));
      at += piece.length;
      if (socket.destroyed) return;
      socket.write(piece);
      if (isSlow) await delay(1 + random.below(5));
    }
    const end = random.below(20);
    if (end === 0) socket.destroy();
    else if (end > 1) socket.end();
  };
}
