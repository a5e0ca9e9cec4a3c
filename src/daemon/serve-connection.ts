// One connection: one request, one reply, then it is closed. Whatever a client does, it costs a bounded amount of time
// and memory, and only that client its answer.
import type { Socket } from 'node:net';
import { refuse, type Refusal } from '../errors.ts';
import { formatReply } from '../protocol/format-reply.ts';
import { createRequestParser, type PAMRequest } from '../protocol/parse-request.ts';

/** Yes, or no and why. */
export type Answer = { readonly granted: true } | Refusal;

/** What a connection needs of the daemon. */
export interface ConnectionOptions {
  /**
   * Decides a request. Should it throw, the reply is "unavailable".
   *
   * @param late resolves at the deadline with what the client is told then; a decision after that comes to nothing.
   */
  readonly decide: (request: PAMRequest, late: Promise<Refusal>) => Promise<Answer>;
  /** Time from the first byte of a request to its answer, and from the connection to that byte, in seconds. */
  readonly deadline: number;
  /** Told when the first byte comes. */
  readonly onRequest: () => void;
  /** Told of what nobody foresaw. */
  readonly onError: (error: unknown) => void;
}

/** A reply that nobody takes is waited for so long after the deadline, in milliseconds. */
const GRACE = 500;

/** Serves one connection. @returns when it is over. Never rejects. */
export async function serveConnection(socket: Socket, options: ConnectionOptions): Promise<void> {
  const { decide, deadline, onRequest, onError } = options;
  return new Promise((resolve) => {
    let state: 'waiting' | 'reading' | 'deciding' | 'answered' = 'waiting';

    const { promise: late, resolve: beLate } = Promise.withResolvers<Refusal>();
    // The module connects before it asks for the password. Who then has no question gets no answer: the module connects
    // anew if there is to be one.
    let timer = setTimeout(() => socket.destroy(), deadline * 1000);
    const beginRequest = (): void => {
      state = 'reading';
      onRequest();
      clearTimeout(timer);
      timer = setTimeout(() => {
        const refusal = refuse(
          'ERR_DEADLINE',
          `no decision within ${deadline} s`,
          'An issuer answers slowly, or the request never came whole; see http.timeout.',
        );
        beLate(refusal);
        timer = setTimeout(() => socket.destroy(), GRACE);
        reply(refusal);
      }, deadline * 1000);
    };

    const reply = (answer: Answer): void => {
      if (state !== 'answered') {
        state = 'answered';
        // Closed as soon as the kernel has the bytes, whether or not the client closes its side.
        socket.write(`${formatReply(answer)}\0`, 'latin1', () => socket.destroy());
      }
    };

    const parser = createRequestParser();
    socket.on('data', (chunk: Buffer) => {
      if (state === 'waiting') {
        beginRequest();
      }
      // What comes after the request is read and dropped, never kept.
      if (state !== 'reading') {
        return;
      }
      const parsed = parser.push(chunk);
      if (parsed === undefined) {
        return;
      }
      state = 'deciding';
      if ('problem' in parsed) {
        reply(refuse('ERR_PROTOCOL', `the request cannot be read: ${parsed.problem}`));
        return;
      }
      Promise.try(decide, parsed, late).then(reply, (error: unknown) => {
        onError(error);
        reply(refuse('ERR_INTERNAL', 'the daemon failed to decide; its log says more'));
      });
    });
    socket.once('end', () => {
      // A client may close its side after a whole request; before it nothing more can come.
      if (state === 'waiting') {
        socket.destroy();
      } else if (state === 'reading') {
        reply(
          refuse('ERR_PROTOCOL', 'the request ended too early; expected a NUL after the token'),
        );
      }
    });
    // A client that is gone needs no answer.
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      state = 'answered';
      resolve();
    });
  });
}
