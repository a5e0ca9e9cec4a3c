// Why there was no answer of a server, in one plain line, and what to do about it. Codes are those of the system, of Node
// and of OpenSSL; what they stand for was seen with servers that do just that.
import { codeOf } from '../code-of.ts';
import type { FetchFailure } from '../keys/fetch-result.ts';
import { messageOf } from '../message-of.ts';
import { ProxyRefusalError, UntrustedServerError } from './connect.ts';
import { describeUntrustedServer } from './describe-untrusted-server.ts';
import { STRICT_HTTP } from './strict-http.ts';

/** What the attempt was made with. */
interface Attempt {
  readonly certificateAuthority?: string | undefined;
  readonly proxyURL?: string | undefined;
  readonly signal: AbortSignal;
}

/** Describes what was thrown on the way to a server and back. */
export function describeConnectionFailure(error: unknown, attempt: Attempt): FetchFailure {
  if (attempt.signal.aborted) {
    return {
      reason: 'no answer in time (http.timeout)',
      hint: 'Check name servers, route and firewall between this host and the issuer; raise http.timeout if the issuer is just slow.',
    };
  }
  if (error instanceof UntrustedServerError) {
    return { ...describeUntrustedServer(error, attempt.certificateAuthority), untrusted: true };
  }
  if (error instanceof ProxyRefusalError) {
    return {
      reason: `the proxy refuses to connect (${error.status})`,
      hint: 'Have the proxy (http.proxyURL) permit connections to this host and port, without a password.',
    };
  }
  const code = codeOf(error) ?? '';
  return (
    describeHTTP(code, error) ??
    describeTLS(code, textOf(error, 'reason')) ??
    describeNetwork(code, error, attempt) ?? {
      reason: [messageOf(error), code === '' ? '' : `(${code})`].filter((part) => part).join(' '),
      hint: 'Check that this host reaches the issuer (curl -v).',
    }
  );
}

/** @param reason what OpenSSL calls it. */
function describeTLS(code: string, reason: string): FetchFailure | undefined {
  switch (reason) {
    case 'wrong version number':
      return {
        reason: `the server does not speak TLS at this port, maybe plain HTTP (${code})`,
        hint: 'Check the port of the address; keys are retrieved over https alone.',
      };
    case 'tlsv1 alert protocol version':
    case 'unsupported protocol':
      return {
        reason: `the server speaks no TLS of today; expected TLS 1.2 or 1.3 (${code})`,
        hint: 'Have the server, or the proxy in front of it, offer TLS 1.2 or newer.',
      };
    case 'tlsv1 alert no application protocol':
      return {
        reason: `the server does not speak HTTP/1.1, maybe HTTP/2 only (${code})`,
        hint: 'Have the server offer HTTP/1.1 beside HTTP/2.',
      };
    case 'ssl/tls alert handshake failure':
      return {
        reason: `the server finds no kind of TLS that both sides accept (${code})`,
        hint: "Compare the server's settings for TLS with those of a browser: it may want a client's certificate, which pgtoken has none of, or have ciphers of yesterday only.",
      };
    case 'tlsv13 alert certificate required':
      return {
        reason: `the server wants the certificate of a client (${code})`,
        hint: 'Have the server give its keys without one; pgtoken has none.',
      };
  }
  return reason === '' ? undefined : { reason: `TLS failed: ${reason} (${code})`, hint: TLS_HINT };
}

const TLS_HINT =
  'Check with "openssl s_client -connect HOST:PORT" what the server answers, and ask who runs it.';

function describeHTTP(code: string, error: unknown): FetchFailure | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      reason: `the headers of the answer are over ${STRICT_HTTP.maxHeaderSize} bytes`,
      hint: 'Have the server, or the proxy in front of it, send fewer headers.',
    };
  }
  if (!code.startsWith('HPE_')) {
    return undefined;
  }
  return isHTTP2(error)
    ? {
        reason: 'the server speaks HTTP/2 only; expected HTTP/1.1',
        hint: 'Have the server offer HTTP/1.1 beside HTTP/2.',
      }
    : {
        reason: `the answer does not keep to HTTP/1.1 (${code})`,
        hint: 'Check that the address is that of the issuer, and what the server answers (curl -v).',
      };
}

/** Whether an answer begins as in HTTP/2: with a frame of SETTINGS for the whole connection (RFC 9113 section 3.4). */
function isHTTP2(error: unknown): boolean {
  const answer = memberOf(error, 'rawPacket');
  return (
    answer instanceof Uint8Array &&
    answer.length >= 9 &&
    answer.subarray(3, 9).join() === '4,0,0,0,0,0'
  );
}

function describeNetwork(
  code: string,
  error: unknown,
  { proxyURL }: Attempt,
): FetchFailure | undefined {
  const isDirect = proxyURL === undefined;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        reason: 'the name cannot be resolved',
        hint: `Check how the name is written, and on this host "getent hosts" with it.`,
      };
    case 'ECONNREFUSED':
      return {
        reason: 'connection refused',
        hint: isDirect
          ? 'Check host and port of the address, and that the issuer runs.'
          : 'Check host and port of http.proxyURL, and that the proxy runs.',
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return {
        reason: `there is no way to this host (${code})`,
        hint: 'Check the routes of this host; where only a proxy leads out, write http.proxyURL.',
      };
    case 'ETIMEDOUT':
      return {
        reason: `nobody answers at this address (${code})`,
        hint: 'Check route and firewall between this host and the issuer.',
      };
    case 'ECONNRESET':
    case 'EPIPE':
      return describeEnd(error, isDirect);
    default:
      return undefined;
  }
}

/** A connection that ended: by the other side's word, where the system says so (`syscall`), or before it was due. */
function describeEnd(error: unknown, isDirect: boolean): FetchFailure {
  const isReset = memberOf(error, 'syscall') !== undefined;
  if (isDirect) {
    return {
      reason: isReset ? 'the connection was reset' : 'the connection was closed',
      hint: 'Check that the address is that of the issuer, and that nothing on the way ends connections (curl -v).',
    };
  }
  return {
    reason: `the proxy or the server ${isReset ? 'reset' : 'closed'} the connection`,
    hint: 'See the log of the proxy (http.proxyURL).',
  };
}

function textOf(error: unknown, name: string): string {
  const value = memberOf(error, name);
  return typeof value === 'string' ? value : '';
}

function memberOf(error: unknown, name: string): unknown {
  return error instanceof Error ? Reflect.get(error, name) : undefined;
}
