// Health over HTTP, on the loopback interface: `/livez` while the process runs, `/readyz` while every line has a token that has
// not expired, and in its body what is known of each line. Tokens are in neither.
import { createServer } from 'node:http';
import { codeOf } from '../../code-of.ts';
import type { ClientLog } from '../client-log.ts';
import type { Keeper } from './keep-pgpass.ts';
import type { Address } from './parse-address.ts';

/** Health that is served, or will be once the address is free. */
export interface HealthServer {
  readonly close: () => void;
}

/** Milliseconds to the next try where nobody can listen there. */
const RETRY = 10_000;

/** Serves it. Where that is not possible it says so, and tries again: a .pgpass is kept all the same. */
export function serveHealth(
  address: Address,
  keeper: Pick<Keeper, 'isReady' | 'lines'>,
  log: ClientLog,
): HealthServer {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    const isKnown = request.url === '/livez' || request.url === '/readyz';
    if (request.method !== 'GET' || !isKnown) {
      response.writeHead(404).end();
      return;
    }
    const isWell = request.url === '/livez' || keeper.isReady();
    response
      .writeHead(isWell ? 200 : 503, { 'content-type': 'application/json' })
      .end(`${JSON.stringify({ ready: keeper.isReady(), lines: keeper.lines() })}\n`);
  });
  server.maxConnections = 16;
  server.maxRequestsPerSocket = 1;
  server.requestTimeout = 5000;
  let retry: NodeJS.Timeout | undefined;
  let isReported = false;
  server.on('error', (error) => {
    if (server.listening) {
      return;
    }
    if (!isReported) {
      isReported = true;
      const code = codeOf(error) ?? 'an unknown error';
      const reason = code === 'EADDRINUSE' ? 'the port is in use' : code;
      log.warn({ ...address, reason }, 'health cannot be served');
    }
    retry = setTimeout(() => server.listen(address), RETRY).unref();
  });
  server.on('listening', () => {
    if (isReported) {
      log.info({ ...address }, 'health is served now');
    }
  });
  server.listen(address);
  return {
    close() {
      clearTimeout(retry);
      server.close();
      server.closeAllConnections();
    },
  };
}
