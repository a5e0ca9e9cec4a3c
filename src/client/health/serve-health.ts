// Health over HTTP: serves what whoever knows it answers. Tokens are in no answer.
import { createServer } from 'node:http';
import { codeOf } from '../../code-of.ts';
import type { ClientLog } from '../client-log.ts';
import type { Address } from './parse-address.ts';

/** Health that is served, or will be once the address is free. */
export interface HealthServer {
  readonly close: () => void;
}

/** What is answered with. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  /** Default: that of JSON. */
  readonly contentType?: string;
  readonly body: string;
}

/** Milliseconds to the next try where nobody can listen there. */
const RETRY = 10_000;

/**
 * Serves it. Where that is not possible it says so, and tries again: what it is the health of goes on all the same.
 *
 * @param answer to GET of a path; undefined for one that is not known.
 */
export function serveHealth(
  address: Address,
  answer: (path: string) => HealthAnswer | undefined | Promise<HealthAnswer | undefined>,
  log: ClientLog,
): HealthServer {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    const reply = async (): Promise<void> => {
      const found = request.method === 'GET' ? await answer(request.url ?? '') : undefined;
      if (found === undefined) {
        response.writeHead(404).end();
        return;
      }
      const { status, contentType = 'application/json', body } = found;
      response.writeHead(status, { 'content-type': contentType }).end(body);
    };
    reply().catch(() => response.writeHead(500).end());
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
