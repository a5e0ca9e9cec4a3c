// Metrics over HTTP for Prometheus, on a loopback address only: they name issuers and tell who fails.
import { createServer, type Server } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Metrics } from '../log/metrics.ts';
import { StartupError } from './startup-error.ts';

/** Serves `/metrics` at `host:port`. @returns the server, listening. */
export async function serveMetrics(address: string, metrics: Metrics): Promise<Server> {
  const { host, port } = parseAddress(address);
  // One at a time, shared by all who wait for it, and one for each connection: who asks often costs no more.
  let rendering: Promise<string> | undefined;
  const render = async (): Promise<string> => {
    rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  const server = createServer({ connectionsCheckingInterval: 1000 }, (request, response) => {
    response.setHeader('connection', 'close');
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = 16;
  server.maxRequestsPerSocket = 1;
  server.requestTimeout = 5000;
  return new Promise((resolve, reject) => {
    // For good: once it listens, what cannot be accepted is Prometheus' loss, and no reason to end.
    server.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(
        new StartupError(
          `cannot serve metrics on ${address}: ${reason}`,
          'Choose another --metrics, such as 127.0.0.1:9187.',
          error,
        ),
      );
    });
    server.listen({ host, port }, () => {
      resolve(server);
    });
  });
}

function parseAddress(address: string): { host: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new StartupError(
      `metrics address ${address} cannot be read; expected 127.0.0.1:PORT or [::1]:PORT`,
      'Choose another --metrics, such as 127.0.0.1:9187.',
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
