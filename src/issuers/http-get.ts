// One GET over HTTPS, as careful as asking an issuer for its keys has to be: the entry's own CA, no redirects, bounded
// in time and size. An answer that is not usable is a value; what it says is never part of a token.
import { addAbortListener } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { FetchFailure } from '../keys/fetch-result.ts';
import type { JSONObject } from '../parse-json-object.ts';
import { connect } from './connect.ts';
import { describeConnectionFailure } from './describe-connection-failure.ts';
import { describeStatus } from './describe-status.ts';
import type { LookUp } from './look-up.ts';
import { readJSON } from './read-json.ts';
import type { SecureContexts } from './secure-contexts.ts';
import { STRICT_HTTP } from './strict-http.ts';

/** What a server answered. */
export type HTTPAnswer =
  | {
      readonly kind: 'document';
      readonly document: JSONObject;
      /** The entity tag, when there is one. */
      readonly etag: string | undefined;
      /** Cache-Control max-age in seconds, when there is one. */
      readonly maxAge: number | undefined;
    }
  /** 304: it is still what the entity tag stands for. */
  | { readonly kind: 'unchanged'; readonly maxAge: number | undefined }
  /** Nothing usable; why, in a few words that name the URL. */
  | (FetchFailure & {
      readonly kind: 'failed';
      /** Whether it was 401 or 403. */
      readonly unauthorized?: true;
    });

/** Limits and trust of one request. */
export interface HTTPGetOptions {
  /** The certificate authority in PEM; default: those of the system. */
  readonly certificateAuthority?: string | undefined;
  readonly secureContexts: SecureContexts;
  /** The HTTP proxy to go through (CONNECT, RFC 9110 section 9.3.6); default: none, whatever the environment says. */
  readonly proxyURL?: string | undefined;
  readonly lookUp: LookUp;
  /** The token to ask with (RFC 6750). Sent to the URL alone, as redirects are not followed. */
  readonly bearerToken?: string | undefined;
  /** Ends the request, wherever it is. */
  readonly signal: AbortSignal;
  /** The longest answer in bytes, as it comes and decompressed. */
  readonly maxResponseBytes: number;
  /** The entity tag of what is at hand (If-None-Match). */
  readonly etag?: string | undefined;
  /** Told the headers of the answer, of whatever status; default: nobody. */
  readonly onAnswer?: ((url: string, headers: IncomingHttpHeaders) => void) | undefined;
}

/**
 * The media types of key sets and discovery documents, and whatever else a server has: kube-apiserver answers 406 to
 * who does not accept application/jwk-set+json by name or as any. What counts is that the body is JSON.
 */
const ACCEPT = 'application/json,application/jwk-set+json,*/*;q=0.1';

/** Gets a JSON object over HTTPS. Throws only for defects of ours. */
export async function httpGetJSON(url: string, options: HTTPGetOptions): Promise<HTTPAnswer> {
  const { signal, secureContexts, certificateAuthority } = options;
  const secureContext = secureContexts(certificateAuthority);
  let socket: TLSSocket | undefined;
  try {
    signal.throwIfAborted();
    const target = new URL(url);
    socket = await connect(target, { ...options, secureContext });
    // Ends whatever waits for it.
    using _ending = addAbortListener(signal, () => socket?.destroy());
    const { response, broken } = await ask(socket, target, options);
    options.onAnswer?.(url, response.headers);
    return await Promise.race([readAnswer(url, response, options), broken]);
  } catch (error) {
    const way = options.proxyURL === undefined ? '' : ` through ${options.proxyURL}`;
    const failure = describeConnectionFailure(error, options);
    return { kind: 'failed', ...failure, reason: `${url}${way}: ${failure.reason}` };
  } finally {
    socket?.destroy();
  }
}

interface Exchange {
  /** The head of the answer; its body is still to be read. */
  readonly response: IncomingMessage;
  /** Rejects when the answer turns out not to be HTTP, or the connection ends. */
  readonly broken: Promise<never>;
}

/** Sends the request over the connection, which serves for this one alone. */
async function ask(
  socket: TLSSocket,
  url: URL,
  { bearerToken, etag }: HTTPGetOptions,
): Promise<Exchange> {
  const asking = request({
    createConnection: () => socket,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      accept: ACCEPT,
      // Without it the server may compress (RFC 9110 section 12.5.3).
      'accept-encoding': 'identity',
      'user-agent': 'pgtoken',
      connection: 'close',
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
    },
    setHost: false,
    ...STRICT_HTTP,
  });
  const head = Promise.withResolvers<IncomingMessage>();
  const broken = Promise.withResolvers<never>();
  // 1xx in front of the answer is passed over, but 101 is one (RFC 9110 section 15.2): nobody has asked for it.
  asking.on('response', head.resolve).on('upgrade', head.resolve).on('error', broken.reject).end();
  const response = await Promise.race([head.promise, broken.promise]);
  return { response, broken: broken.promise };
}

async function readAnswer(
  url: string,
  response: IncomingMessage,
  options: HTTPGetOptions,
): Promise<HTTPAnswer> {
  const { headers } = response;
  const maxAge = readMaxAge(headers['cache-control']);
  if (response.statusCode === 304 && options.etag !== undefined) {
    return { kind: 'unchanged', maxAge };
  }
  if (response.statusCode !== 200) {
    const { reason, ...more } = describeStatus(response, options);
    return { kind: 'failed', reason: `${url} answered ${reason}; expected 200`, ...more };
  }
  const read = await readJSON(url, response, options.maxResponseBytes);
  return 'reason' in read
    ? { kind: 'failed', ...read }
    : { kind: 'document', ...read, etag: readETag(headers.etag), maxAge };
}

/** @returns the entity tag, unless it is longer than any honest one. */
function readETag(etag: string | undefined): string | undefined {
  return etag === undefined || etag.length > 256 ? undefined : etag;
}

/** @returns seconds; 0 where the answer may not be kept at all (RFC 9111 section 5.2.2). */
function readMaxAge(header: string | undefined): number | undefined {
  const directives = header?.toLowerCase() ?? '';
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,])/.test(directives)) {
    return 0;
  }
  const [, seconds] = /(?:^|[\s,])max-age="?([0-9]{1,9})/.exec(directives) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}
