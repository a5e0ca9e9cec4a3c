// A server that speaks TLS and then whatever bytes it is told to, in pieces, as slowly as it is told to.
import { createServer, type TLSSocket } from 'node:tls';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { startServer } from '../support/listen.ts';

/** How one request is answered. */
export type RawAnswer = (request: string, socket: TLSSocket) => Promise<void>;

export interface RawHTTPSServer extends AsyncDisposable {
  readonly origin: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** The heads of the requests since the last `answer`. */
  readonly requests: readonly string[];
  readonly answer: (answer: RawAnswer) => void;
}

const NOTHING: RawAnswer = async () => undefined;

export async function startRawHTTPSServer(): Promise<RawHTTPSServer> {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await createCertificateAuthority());
  const requests: string[] = [];
  let answer = NOTHING;
  const server = createServer(await authority.issue(), (socket) => {
    socket.on('error', () => undefined);
    let head = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      const before = head;
      head += text;
      if (!before.includes('\r\n\r\n') && head.includes('\r\n\r\n')) {
        requests.push(head);
        answer(head, socket).catch(() => socket.destroy());
      }
    });
  });
  server.on('tlsClientError', () => undefined);
  const { port } = stack.use(await startServer(server));
  const kept = stack.move();
  return {
    origin: `https://127.0.0.1:${port}`,
    certificateAuthority: authority.certificate,
    requests,
    answer: (next) => {
      answer = next;
      requests.length = 0;
    },
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  };
}

/** Answers 200 with these bytes. */
export function answerOK(body: Uint8Array): RawAnswer {
  return async (_request, socket) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    socket.end(Buffer.concat([Buffer.from(head), body]));
  };
}
