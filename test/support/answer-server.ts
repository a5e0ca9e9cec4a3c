// An HTTPS server that answers whatever a test wants it to, also what the issuer of test/support does not: entity tags, odd
// statuses, headers and bodies. It remembers every request and always closes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';

import type { CertificateAuthority } from './certificate-authority.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface AnswerServer extends AsyncDisposable {
  readonly origin: string;
  /** Every request since the last `answer`, with its headers. */
  readonly requests: readonly IncomingMessage[];
  /** Answers this way from now on, and forgets the requests so far. */
  readonly answer: (answer: Answer) => void;
}

export async function startAnswerServer(authority: CertificateAuthority): Promise<AnswerServer> {
  let answer: Answer = json('{}');
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(await authority.issue(), (request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    resolve(undefined);
  });
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');

  return {
    origin: `https://127.0.0.1:${address.port}`,
    requests,
    answer: (next) => {
      answer = next;
      requests.length = 0;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => {
        closed.resolve(undefined);
      });
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

/** Answers 200 with this text as JSON. */
export function json(text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
  };
}
