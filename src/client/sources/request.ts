// One request to a service that gives tokens, and its whole answer. Redirects are not followed: what is asked for is a
// credential, and it is given where it was asked for or not at all. Proxies are not used, as metadata servers are not
// behind any.
import type { IncomingMessage, RequestOptions } from 'node:http';
import { codeOf } from '../../code-of.ts';
import { quote } from '../../quote.ts';

/** What is asked. */
export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A form that is sent with POST; without one it is GET. */
  readonly form?: URLSearchParams;
}

/** What a service has answered, or why there is no answer. */
export type Answer =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly body: Buffer;
    }
  | { readonly ok: false; readonly reason: string };

/** More than this is no token. */
const MAX_BODY_BYTES = 256 * 1024;
/** Seconds for the whole of it. */
const DEADLINE = 10;

/** Asks, and waits at most ten seconds. Never rejects. */
export async function ask({ url, headers, form }: Question, signal: AbortSignal): Promise<Answer> {
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const body = form?.toString();
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'user-agent': 'pgtoken',
      'accept-encoding': 'identity',
      ...(body === undefined
        ? {}
        : {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': String(Buffer.byteLength(body)),
          }),
      ...headers,
    },
    // A connection of its own: between two tokens are minutes.
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE * 1000)]),
  };
  const fail = (error: unknown): void => {
    resolve({ ok: false, reason: describe(error, signal) });
  };
  const sent = request(url, options, (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_BODY_BYTES) {
        resolve({ ok: false, reason: `it answered with over ${MAX_BODY_BYTES} bytes` });
        response.destroy();
      }
    });
    response.on('end', () => {
      resolve({
        ok: true,
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks),
      });
    });
    response.on('error', fail);
  });
  sent.on('error', fail);
  sent.end(body);
  return promise;
}

/** In words, for a status that is not 200. */
export function describeStatus(answer: Extract<Answer, { ok: true }>): string {
  const { status, headers } = answer;
  const isRedirect = status >= 300 && status < 400 && headers.location !== undefined;
  return isRedirect
    ? `it answered with status ${status}, a redirect to ${quote(headers.location)}; redirects are not followed`
    : `it answered with status ${status}; expected 200`;
}

function describe(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) {
    return 'given up, as this process ends';
  }
  const code = codeOf(error);
  return code === 'ABORT_ERR'
    ? `no answer within ${DEADLINE} s`
    : `it cannot be asked (${code ?? 'an unknown error'})`;
}
