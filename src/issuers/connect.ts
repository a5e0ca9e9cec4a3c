// One connection over TLS, to a server or through a proxy's tunnel to it. The server proves who it is before anything is
// sent to it, by the entry's own certificate authority. Sessions are not resumed, so that each connection is checked.
import type { X509Certificate } from 'node:crypto';
import { addAbortListener, once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTCP, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as startTLS, type SecureContext, type TLSSocket } from 'node:tls';
import type { LookUp } from './look-up.ts';
import { STRICT_HTTP } from './strict-http.ts';

/** How to get to a server, and whom to believe. */
export interface ConnectOptions {
  readonly secureContext: SecureContext;
  /** The HTTP proxy to go through; default: none. */
  readonly proxyURL?: string | undefined;
  readonly lookUp: LookUp;
  /** Ends the attempt, wherever it is. */
  readonly signal: AbortSignal;
}

/** The server's certificate is not trusted. */
export class UntrustedServerError extends Error {
  override readonly name = 'UntrustedServerError';
  /** What the server has sent: its own certificate, and the others behind it as `issuerCertificate`. */
  readonly presented: X509Certificate;

  constructor(cause: unknown, presented: X509Certificate) {
    super('the certificate of the server is not trusted', { cause });
    this.presented = presented;
  }
}

/** The proxy does not open a tunnel. */
export class ProxyRefusalError extends Error {
  override readonly name = 'ProxyRefusalError';
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answered ${status}`);
    this.status = status;
  }
}

/**
 * Connects to the server of an https URL.
 *
 * @returns a connection whose server is who it should be. The caller ends it.
 */
export async function connect(url: URL, options: ConnectOptions): Promise<TLSSocket> {
  const { proxyURL, secureContext, signal } = options;
  const socket =
    proxyURL === undefined
      ? await reach(url, 443, options)
      : await openTunnel(new URL(proxyURL), url, options);
  const host = hostOf(url);
  const secure = startTLS({
    socket,
    secureContext,
    host,
    // A server that has several certificates is told which name is meant; an address is no name (RFC 6066 section 3).
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    // Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED).
    rejectUnauthorized: true,
  });
  secure.on('error', ignore);
  let presented: X509Certificate | undefined;
  // Before Node checks the certificate, and ends the connection where it is not good.
  secure.prependListener('secure', () => {
    presented = secure.getPeerX509Certificate();
  });
  try {
    await once(secure, 'secureConnect', { signal });
    return secure;
  } catch (error) {
    secure.destroy();
    throw presented === undefined ? error : new UntrustedServerError(error, presented);
  }
}

/** Opens a connection to host and port of a URL. */
async function reach(
  url: URL,
  defaultPort: number,
  { lookUp, signal }: ConnectOptions,
): Promise<Socket> {
  const host = hostOf(url);
  const port = url.port === '' ? defaultPort : Number(url.port);
  const addresses = isIP(host) === 0 ? await lookUp(host, signal) : [];
  const lookup: LookupFunction = (_name, _options, callback) => {
    callback(null, addresses);
  };
  // All addresses, one after the other, until one answers (RFC 8305 is where this comes from).
  const socket = connectTCP({ host, port, lookup, autoSelectFamily: true });
  socket.on('error', ignore);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Has a proxy connect to the server (RFC 9110 section 9.3.6). */
async function openTunnel(proxy: URL, url: URL, options: ConnectOptions): Promise<Socket> {
  const socket = await reach(proxy, 80, options);
  const target = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  const asking = request({
    createConnection: () => socket,
    method: 'CONNECT',
    path: target,
    headers: { host: target },
    setHost: false,
    ...STRICT_HTTP,
  });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  asking.on('error', reject).on('connect', ({ statusCode = 0 }, _socket, rest) => {
    if (statusCode < 200 || statusCode > 299) reject(new ProxyRefusalError(statusCode));
    else if (rest.length > 0) reject(new Error('the proxy sends something of its own'));
    else resolve(undefined);
  });
  asking.end();
  using _ending = addAbortListener(options.signal, () => socket.destroy());
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Who waits is told of an error. One that comes when nobody does, or no more, must not end the process. */
function ignore(): void {}

/** The host of a URL as sockets and certificates have it: an IPv6 address without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
