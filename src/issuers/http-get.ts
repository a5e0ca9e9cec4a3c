// One GET over HTTPS, as careful as asking an issuer for its keys has to be: the entry's own CA, no redirects, bounded
// in time and size. An answer that is not usable is a value; what it says is never part of a token.
import type { Dispatcher } from 'undici';
import { MAX_DOCUMENT_VALUES } from '../keys/parse-key-set.ts';
import { type JSONObject, parseJSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { messageOf } from '../message-of.ts';

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
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** What to do about it, a whole sentence, where this is known. */
      readonly hint?: string | undefined;
      /** Whether it was 401 or 403. */
      readonly unauthorized?: true;
    };

/** Limits and trust of one request. */
export interface HTTPGetOptions {
  /** The certificate authority in PEM; default: those of the system. */
  readonly certificateAuthority?: string | undefined;
  /** The HTTP proxy to go through (CONNECT, RFC 9110 section 9.3.6); default: none, whatever the environment says. */
  readonly proxyURL?: string | undefined;
  /** The token to ask with (RFC 6750). Sent to the URL alone, as redirects are not followed. */
  readonly bearerToken?: string | undefined;
  /** Ends the request, wherever it is. */
  readonly signal: AbortSignal;
  /** The longest answer in bytes. */
  readonly maxResponseBytes: number;
  /** The entity tag of what is at hand (If-None-Match). */
  readonly etag?: string | undefined;
}

/**
 * The media types of key sets and discovery documents, and whatever else a server has: kube-apiserver answers 406 to
 * who does not accept application/jwk-set+json by name or as any. What counts is that the body is JSON.
 */
const ACCEPT = 'application/json,application/jwk-set+json,*/*;q=0.1';

/** Gets a JSON object over HTTPS. Throws only for defects of ours. */
export async function httpGetJSON(url: string, options: HTTPGetOptions): Promise<HTTPAnswer> {
  // Loaded here, as most logins need no network.
  const { request } = await import('undici');
  const agent = await createAgent(options);
  try {
    // The race, because the signal does not reach a connection that is still being made.
    const response = await Promise.race([
      aborted(options.signal),
      request(url, {
        dispatcher: agent,
        method: 'GET',
        headers: {
          accept: ACCEPT,
          'user-agent': 'pgtoken',
          ...(options.bearerToken === undefined
            ? {}
            : { authorization: `Bearer ${options.bearerToken}` }),
          ...(options.etag === undefined ? {} : { 'if-none-match': options.etag }),
        },
        signal: options.signal,
      }),
    ]);
    const maxAge = readMaxAge(response.headers['cache-control']);
    if (response.statusCode === 304 && options.etag !== undefined) {
      return { kind: 'unchanged', maxAge };
    }
    if (response.statusCode !== 200) {
      const { statusCode } = response;
      const answer = failed(
        `${url} answered ${statusCode}${explainStatus(response)}; expected 200`,
      );
      return statusCode === 401 || statusCode === 403
        ? { ...answer, hint: hintUnauthorized(options), unauthorized: true }
        : answer;
    }
    const bytes = new Uint8Array(await response.body.arrayBuffer());
    const document = parseJSONObject(bytes, MAX_DOCUMENT_VALUES);
    return typeof document === 'string'
      ? failed(
          `${url} answered ${bytes.length} bytes${describeType(response)} that are no JSON object: ${document}`,
        )
      : { kind: 'document', document, etag: readETag(response.headers['etag']), maxAge };
  } catch (error) {
    const way = options.proxyURL === undefined ? '' : ` through ${options.proxyURL}`;
    return failed(`${url}${way}: ${explainError(error, options)}`);
  } finally {
    await agent.destroy();
  }
}

/** One connection, to the server or through the proxy; the server's certificate is checked either way. */
async function createAgent(options: HTTPGetOptions): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const tls = {
    ca: options.certificateAuthority ?? (await systemCertificates()),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  } as const;
  const limits = {
    connections: 1,
    pipelining: 0,
    allowH2: false,
    maxResponseSize: options.maxResponseBytes,
  };
  return options.proxyURL === undefined
    ? new Agent({ ...limits, connect: tls })
    : new ProxyAgent({ ...limits, uri: options.proxyURL, requestTls: tls });
}

/** Rejects when the signal is aborted. */
async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });
}

function failed(reason: string): HTTPAnswer & { readonly kind: 'failed' } {
  return { kind: 'failed', reason };
}

/** @returns the entity tag, unless it is longer than any honest one. */
function readETag(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && header.length <= 256 ? header : undefined;
}

/** @returns seconds; 0 where the answer may not be kept at all (RFC 9111 section 5.2.2). */
function readMaxAge(header: string | string[] | undefined): number | undefined {
  const directives = [header ?? []].flat().join(',').toLowerCase();
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,])/.test(directives)) {
    return 0;
  }
  const [, seconds] = /(?:^|[\s,])max-age="?([0-9]{1,9})/.exec(directives) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

async function systemCertificates(): Promise<string[]> {
  const { getCACertificates } = await import('node:tls');
  return getCACertificates('system');
}

function explainStatus(response: Dispatcher.ResponseData): string {
  const location = response.headers['location'];
  return response.statusCode >= 300 && response.statusCode < 400
    ? ` (a redirect${location === undefined ? '' : ` to ${quote(location)}`}, which is not followed)`
    : '';
}

function hintUnauthorized({ bearerToken }: HTTPGetOptions): string {
  return bearerToken === undefined
    ? 'Let everybody read its keys, or give keys.jwksURI a keys.bearerTokenFile.'
    : 'Replace the token in keys.bearerTokenFile, and check what it permits; when the issuer has withdrawn the key that signed it, make a new one.';
}

function describeType(response: Dispatcher.ResponseData): string {
  const type = response.headers['content-type'];
  return type === undefined ? '' : ` of type ${quote(type)}`;
}

/** Says what went wrong on the way in a few words. */
function explainError(error: unknown, options: HTTPGetOptions): string {
  if (options.signal.aborted) {
    return 'no answer in time (http.timeout)';
  }
  const code = codeOf(error);
  switch (code) {
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return `the answer is over ${options.maxResponseBytes} bytes`;
    case 'UND_ERR_ABORTED':
      return `the proxy refuses to connect (${/[0-9]{3}/.exec(String(error))?.[0] ?? code})`;
    // What the library took for granted of every answer.
    case 'ERR_ASSERTION':
      return `the answer does not keep to HTTP/1.1 (${code})`;
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to this host (${code})`;
    case 'UND_ERR_SOCKET':
      return options.proxyURL === undefined
        ? 'the connection was closed'
        : 'the proxy or the server closed the connection';
    case 'ECONNRESET':
      return 'the connection was reset';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name cannot be resolved';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the server's certificate is not signed by ${
        options.certificateAuthority === undefined
          ? 'a certificate authority of this system'
          : 'the certificateAuthority'
      } (${code})`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the server's certificate is not for this host name (${code})`;
    case 'CERT_HAS_EXPIRED':
      return `the server's certificate has expired (${code})`;
    default:
      return [messageOf(error), code && `(${code})`].filter((part) => part).join(' ');
  }
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;
}
