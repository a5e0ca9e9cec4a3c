// An HTTPS server that answers whatever a test wants it to, also what the issuer of test/support does not: entity tags, odd
// statuses, headers and bodies. It remembers every request and always closes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';

import type { CertificateAuthority } from './certificate-authority.ts';
import { startServer } from './listen.ts';
import { negotiate } from './negotiate.ts';

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
  const server = createServer(await authority.issue(), (request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on('tlsClientError', () => undefined);
  const running = await startServer(server);
  return {
    origin: `https://127.0.0.1:${running.port}`,
    requests,
    answer: (next) => {
      answer = next;
      requests.length = 0;
    },
    [Symbol.asyncDispose]: async () => running[Symbol.asyncDispose](),
  };
}

/** Answers 200 with this text as JSON, or as what `headers` say, to who accepts that. */
export function json(text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const all = { 'content-type': 'application/json', ...headers };
  return (request, response) => {
    if (negotiate(request, response, all['content-type'])) response.writeHead(200, all).end(text);
  };
}
