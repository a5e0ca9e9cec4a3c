// A server that wants to be a burden: with little of its own it tries to take memory, time or a request elsewhere. It has the
// right certificate, as an issuer that was broken into has.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { httpGetJSON, type HTTPGetOptions } from '../../src/issuers/http-get.ts';
import { createLookUp } from '../../src/issuers/look-up.ts';
import { createSecureContexts } from '../../src/issuers/secure-contexts.ts';
import {
  type RawAnswer,
  type RawHTTPSServer,
  startRawHTTPSServer,
} from '../fuzz/raw-https-server.ts';
import { poll } from '../support/poll.ts';
import { failed } from './failed.ts';

const MiB = 1024 * 1024;
const OK = 'HTTP/1.1 200 OK\r\n';

const stack = new AsyncDisposableStack();
const secureContexts = createSecureContexts();
let server: RawHTTPSServer;

beforeAll(async () => {
  server = stack.use(await startRawHTTPSServer());
});

afterAll(async () => {
  await stack.disposeAsync();
});

interface Outcome {
  readonly answer: unknown;
  /** How much memory the process had at the most, beyond what it had before. */
  readonly peak: number;
}

/** Asks once, and sees to it that the connection is gone afterwards. */
async function ask(answer: RawAnswer, options: Partial<HTTPGetOptions> = {}): Promise<Outcome> {
  const sockets: Socket[] = [];
  server.answer(async (request, socket) => {
    sockets.push(socket);
    await answer(request, socket);
  });
  const before = process.memoryUsage.rss();
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss() - before);
  }, 5);
  const result = await httpGetJSON(`${server.origin}/keys`, {
    certificateAuthority: server.certificateAuthority,
    secureContexts,
    lookUp: createLookUp(),
    signal: AbortSignal.timeout(20_000),
    maxResponseBytes: MiB,
    bearerToken: 'secret',
    ...options,
  });
  peak = Math.max(peak, process.memoryUsage.rss() - before);
  clearInterval(watch);
  expect(server.requests).toHaveLength(1);
  await poll('the end of the connection', async () => sockets.every((one) => one.destroyed));
  return { answer: result, peak };
}

const at = (reason: string) => failed(`${server.origin}/keys${reason}`);
const TIMED_OUT = ': no answer in time (http.timeout)';

/** Sends a text again and again, for as long as somebody takes it. */
const pour =
  (head: string, text: string): RawAnswer =>
  async (_request, socket) => {
    socket.write(head);
    while (!socket.destroyed) {
      if (!socket.write(text)) await delay(1);
      await delay(0);
    }
  };

/** Sends one byte every few milliseconds, without an end. */
const drip =
  (head: string, text: string): RawAnswer =>
  async (_request, socket) => {
    socket.write(head);
    for (let n = 0; !socket.destroyed; n += 1) {
      socket.write(text.charAt(n % text.length));
      await delay(10);
    }
  };

describe('memory is not taken by', () => {
  it('a gigabyte of gzip, in a megabyte', async () => {
    // Members behind each other are one text (RFC 1952 section 2.2).
    const member = gzipSync(Buffer.alloc(16 * MiB));
    const bomb = Buffer.concat(Array.from({ length: 60 }, () => member));
    expect(bomb.length).toBeLessThan(MiB);
    const { answer, peak } = await ask(async (_request, socket) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.end(bomb);
    });
    expect(answer).toEqual(at(': the answer is over 1048576 bytes when decompressed'));
    expect(peak).toBeLessThan(48 * MiB);
  });

  it('64 megabytes of brotli, in some kilobytes', async () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
    const bomb = brotliCompressSync(Buffer.alloc(64 * MiB), { params });
    expect(bomb.length).toBeLessThan(65_536);
    const { answer, peak } = await ask(async (_request, socket) => {
      socket.write(`${OK}content-encoding: br\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.end(bomb);
    });
    expect(answer).toEqual(at(': the answer is over 1048576 bytes when decompressed'));
    expect(peak).toBeLessThan(48 * MiB);
  });

  it.each<readonly [what: string, head: string, text: string, reason: string]>([
    [
      'a body without an end',
      `${OK}\r\n`,
      ' '.repeat(65_536),
      ': the answer is over 1048576 bytes',
    ],
    [
      'a body that is longer than it says',
      `${OK}content-length: 99999999999\r\n\r\n`,
      ' '.repeat(65_536),
      ': the answer is over 1048576 bytes',
    ],
    [
      'chunks without an end',
      `${OK}transfer-encoding: chunked\r\n\r\n`,
      `1000\r\n${' '.repeat(4096)}\r\n`,
      ': the answer is over 1048576 bytes',
    ],
    [
      'chunks of a byte each',
      `${OK}transfer-encoding: chunked\r\n\r\n`,
      '1\r\n \r\n'.repeat(10_000),
      ': the answer is over 1048576 bytes',
    ],
    [
      'gzip without an end',
      `${OK}content-encoding: gzip\r\n\r\n\u{1f}`,
      '\0'.repeat(65_536),
      ': the answer is over 1048576 bytes',
    ],
    [
      'a header without an end',
      `${OK}x: `,
      'x'.repeat(4096),
      ': the headers of the answer are over 16384 bytes',
    ],
    [
      'headers without an end',
      OK,
      'x: y\r\n'.repeat(500),
      ': the headers of the answer are over 16384 bytes',
    ],
    [
      'a redirect to an address without an end',
      'HTTP/1.1 302 Found\r\nlocation: https://x/',
      'x'.repeat(4096),
      ': the headers of the answer are over 16384 bytes',
    ],
  ])('%s', async (_what, head, text, reason) => {
    const { answer, peak } = await ask(pour(head, text));
    expect(answer).toEqual(at(reason));
    expect(peak).toBeLessThan(48 * MiB);
  });

  it.each<readonly [what: string, head: string, text: string]>([
    ['100 Continue without an end', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
    [
      'early hints without an end',
      '',
      `HTTP/1.1 103 Early Hints\r\nx: ${'x'.repeat(8000)}\r\n\r\n`,
    ],
    ['the extension of a chunk', `${OK}transfer-encoding: chunked\r\n\r\n1;`, 'x'.repeat(4096)],
    ['trailers', `${OK}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x: y\r\n'.repeat(500)],
  ])('%s', async (_what, head, text) => {
    const { answer, peak } = await ask(pour(head, text), { signal: AbortSignal.timeout(1000) });
    expect(answer).toMatchObject({ kind: 'failed' });
    expect(peak).toBeLessThan(48 * MiB);
  });
});

describe('time is not taken by', () => {
  it.each<readonly [what: string, head: string, text: string]>([
    ['a head in small pieces', '', 'HTTP/1.1 200 OK'],
    ['headers in small pieces', OK, 'x: y\r\n'],
    ['a body in small pieces', `${OK}\r\n{"a":"`, 'x'],
    ['chunks in small pieces', `${OK}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
    ['100 Continue now and then', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('%s', async (_what, head, text) => {
    const { answer } = await ask(drip(head, text), { signal: AbortSignal.timeout(500) });
    expect(answer).toEqual(at(TIMED_OUT));
  });

  it('an answer that never comes', async () => {
    const { answer } = await ask(async () => undefined, { signal: AbortSignal.timeout(500) });
    expect(answer).toEqual(at(TIMED_OUT));
  });
});

describe('a request is not taken elsewhere by', () => {
  it.each([
    ['a redirect to itself', 'HTTP/1.1 302 Found\r\nlocation: /keys\r\n\r\n', '302'],
    ['a redirect to plain HTTP', 'HTTP/1.1 307 X\r\nlocation: http://127.0.0.1/\r\n\r\n', '307'],
    ['a refresh', `${OK}refresh: 0; url=/keys\r\ncontent-length: 0\r\n\r\n`, '0 bytes'],
    ['another protocol', 'HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n', '101'],
    ['a service of another name', 'HTTP/1.1 421 X\r\nalt-svc: h2="x:443"\r\n\r\n', '421'],
    ['a proxy that it wants', 'HTTP/1.1 305 X\r\nlocation: http://127.0.0.1/\r\n\r\n', '305'],
    ['a password that it wants', 'HTTP/1.1 401 X\r\nwww-authenticate: Basic\r\n\r\n', '401'],
  ])('%s', async (_what, text, told) => {
    const { answer } = await ask(async (_request, socket) => {
      socket.end(text);
    });
    expect(answer).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(` answered ${told}`) as unknown,
    });
  });
});
