// Metrics over HTTP for Prometheus, on a loopback address only: they name issuers and tell who fails. Where they
// cannot be served, logins go on.
import { createServer, type RequestListener } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Metrics } from '../log/metrics.ts';
import { StartupError } from './startup-error.ts';

/** Metrics that are served, or will be once the address is free. */
export interface MetricsServer {
  close(): void;
}

/** None of the ports from 9100 to 9999, which belong to exporters: 9187 to that of PostgreSQL. */
const EXAMPLE = '127.0.0.1:10432';
/** Milliseconds to the next try where nobody can listen there. */
const RETRY = 10_000;

/**
 * Serves `/metrics` at `host:port`. Where that is not possible it says so and tries again.
 *
 * @returns when it listens, or has tried to. Throws a {@link StartupError} where the address is none to serve at.
 */
export async function serveMetrics(
  address: string,
  metrics: Metrics,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<MetricsServer> {
  const { host, port } = parseAddress(address);
  const server = createServer({ connectionsCheckingInterval: 1000 }, answer(metrics));
  server.maxConnections = 16;
  server.maxRequestsPerSocket = 1;
  server.requestTimeout = 5000;
  let retry: NodeJS.Timeout | undefined;
  let reported = false;
  const listen = (): void => {
    server.listen({ host, port });
  };
  const { promise: tried, resolve: haveTried } = Promise.withResolvers<undefined>();
  server.on('listening', () => {
    if (reported) {
      logger.info({ address }, 'metrics are served now');
    }
    haveTried(undefined);
  });
  // Stays for as long as the server does: an error after it listens costs one scrape at most.
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (server.listening) {
      return;
    }
    if (!reported) {
      reported = true;
      const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      logger.warn({ address, reason }, 'metrics cannot be served');
    }
    retry = setTimeout(listen, RETRY).unref();
    haveTried(undefined);
  });
  listen();
  await tried;
  return {
    close() {
      clearTimeout(retry);
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(metrics: Metrics): RequestListener {
  // One at a time, shared by all who wait for it, and one for each connection: who asks often costs no more.
  let rendering: Promise<string> | undefined;
  const render = async (): Promise<string> => {
    rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return (request, response) => {
    response.setHeader('connection', 'close');
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}

function parseAddress(address: string): { host: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new StartupError(
      `metrics address ${address} cannot be read; expected 127.0.0.1:PORT or [::1]:PORT`,
      `Choose another --metrics, such as ${EXAMPLE}.`,
    );
  }
  if (!isLoopback(host)) {
    throw new StartupError(
      `metrics address ${address} is not on loopback; expected 127.0.0.1:PORT or [::1]:PORT`,
      'To reach it from elsewhere put a proxy with access control in front.',
    );
  }
  return { host, port };
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
