// An HTTP proxy on the loopback interface that does nothing but tunnels (CONNECT, RFC 9110 section 9.3.6), with switches for
// what goes wrong with proxies. It remembers who was asked for, and always closes.
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

import { startServer } from './listen.ts';

/** What becomes of the next requests. */
export type ProxyBehaviour =
  | 'tunnel'
  | 'forbid' // answers 403
  | 'hang' // takes the request and never answers
  | 'close'; // ends the connection without a word

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
  /** Every request since the start: method and target. */
  readonly requests: readonly string[];
  /** The headers of the last request. */
  readonly lastHeaders: () => IncomingMessage['headers'];
  readonly behave: (behaviour: ProxyBehaviour) => void;
}

/**
 * @param ports what listens on this machine for a host, by name: as if the name led there. Others are connected to as they are.
 */
export async function createConnectProxy(
  ports: Readonly<Record<string, number>> = {},
): Promise<ConnectProxy> {
  const requests: string[] = [];
  let behaviour: ProxyBehaviour = 'tunnel';
  let headers: IncomingMessage['headers'] = {};

  const server = createServer();
  // A proxy that forwarded plain requests could read what is asked.
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(405).end();
  });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    requests.push(`CONNECT ${request.url}`);
    headers = request.headers;
    client.on('error', () => undefined);
    switch (behaviour) {
      case 'hang':
        return;
      case 'close':
        client.destroy();
        return;
      case 'forbid':
        client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
        return;
      case 'tunnel': {
        const { hostname, port } = new URL(`https://${request.url}`);
        const here = ports[hostname];
        const target =
          here === undefined
            ? { port: Number(port === '' ? 443 : port), host: hostname }
            : { port: here, host: '127.0.0.1' };
        const upstream = connect(target, () => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n');
          upstream.pipe(client).pipe(upstream);
        });
        upstream.on('error', () => client.destroy());
        client.on('close', () => upstream.destroy());
      }
    }
  });

  const running = await startServer(server);
  return {
    url: `http://127.0.0.1:${running.port}`,
    requests,
    lastHeaders: () => headers,
    behave: (next) => {
      behaviour = next;
    },
    [Symbol.asyncDispose]: async () => running[Symbol.asyncDispose](),
  };
}
