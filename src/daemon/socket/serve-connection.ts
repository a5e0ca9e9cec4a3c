// One connection: one request, one reply, then it is closed. Whatever a client does, it costs a bounded amount of time
// and memory, and only that client its answer.
import type { Socket } from 'node:net';
import { type DecisionRecord, undecided } from '../../decide/decision.ts';
import { refuse, type Refusal } from '../../errors.ts';
import { formatReply } from '../../protocol/format-reply.ts';
import { createRequestParser, type DaemonRequest } from '../../protocol/parse-request.ts';

/** What a connection needs of the daemon. */
export interface ConnectionOptions {
  /**
   * Decides a request. Should it throw, the reply is "unavailable".
   *
   * @param late gives what resolves at the deadline, with what the client is told then; a decision after that comes to nothing.
   */
  readonly decide: (
    request: DaemonRequest,
    late: () => Promise<Refusal>,
  ) => Promise<DecisionRecord>;
  /** Time from the first byte of a request to its answer, and from the connection to that byte, in seconds. */
  readonly deadline: number;
  /** Told when the first byte comes. */
  readonly onRequest: () => void;
  /** Told, once, what was decided of a request; at the deadline that is that nobody has. */
  readonly onDecided: (request: DaemonRequest, decided: DecisionRecord, answer: Answer) => void;
  /** Told of what nobody foresaw. */
  readonly onError: (error: unknown) => void;
}

/** What became of an answer. */
export interface Answer {
  /** When it was decided, Unix time in milliseconds: before the client knew of it. */
  readonly at: number;
  /** How long the decision took, in milliseconds. */
  readonly ms: number;
  /** Whether the client was there to take it, as far as is known when this is asked. */
  readonly wasDelivered: () => boolean;
}

/** Serves one connection. @returns when it is over. Never rejects. */
export async function serveConnection(socket: Socket, options: ConnectionOptions): Promise<void> {
  const { decide, deadline, onRequest, onDecided, onError } = options;
  return new Promise((resolve) => {
    let state: 'waiting' | 'reading' | 'deciding' | 'answered' = 'waiting';
    /** Whether the client was gone before it could take its answer. */
    let isLost = false;
    /** The request that is not decided yet, and since when it is whole. */
    let asked: { readonly request: DaemonRequest; readonly since: number } | undefined;
    /** There is one only where a decision waits for somebody. */
    let deadlinePassed: PromiseWithResolvers<Refusal> | undefined;
    const late = async (): Promise<Refusal> => {
      deadlinePassed ??= Promise.withResolvers();
      return deadlinePassed.promise;
    };

    // The PAM module connects before it asks for the password. Who then has no question gets no answer: the module connects
    // anew if there is to be one.
    const timer = setTimeout(() => {
      if (asked !== undefined) {
        const refusal = tooLate(deadline);
        conclude(undecided(refusal));
        deadlinePassed?.resolve(refusal);
      } else if (state === 'reading') {
        reply(tooLate(deadline));
      } else {
        socket.destroy();
      }
    }, deadline * 1000);

    const reply = (answer: DecisionRecord['decision'], subject?: unknown): void => {
      if (state === 'answered') {
        return;
      }
      state = 'answered';
      // Closed as soon as the kernel has the bytes, whether or not the client closes its side. Without a callback, for which a
      // stream that is closed at once makes an error, with a stack, each time.
      socket.write(`${formatReply(answer, subject)}\0`, 'latin1');
      isLost ||= socket.errored !== null;
      if (socket.writableLength === 0) {
        socket.destroy();
      } else {
        socket.destroySoon();
        timer.refresh();
      }
    };
    const conclude = (decided: DecisionRecord): void => {
      if (asked !== undefined) {
        const { request, since } = asked;
        asked = undefined;
        const [at, ms] = [Date.now(), performance.now() - since];
        isLost = state === 'answered';
        reply(decided.decision, request.via === 'oauth' ? decided.identity : undefined);
        if (socket.destroyed) {
          clearTimeout(timer);
        }
        onDecided(request, decided, { at, ms, wasDelivered: () => !isLost });
      }
    };

    const parser = createRequestParser();
    socket.on('data', (chunk: Buffer) => {
      if (state === 'waiting') {
        state = 'reading';
        timer.refresh();
        onRequest();
      }
      // What comes after the request is read and dropped, never kept.
      if (state !== 'reading') {
        return;
      }
      const parsed = parser.push(chunk);
      if (parsed === undefined) {
        return;
      }
      if ('problem' in parsed) {
        reply(refuse('ERR_PROTOCOL', `the request cannot be read: ${parsed.problem}`));
        return;
      }
      state = 'deciding';
      asked = { request: parsed, since: performance.now() };
      Promise.try(decide, parsed, late)
        .then(conclude)
        .catch((error: unknown) => {
          onError(error);
          const refusal = refuse('ERR_INTERNAL', 'the daemon failed to decide; its log says more');
          conclude(undecided(refusal));
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
    // A client that is gone needs no answer, and has not taken one that was still on its way.
    socket.once('error', () => {
      isLost = true;
      socket.destroy();
    });
    socket.once('close', () => {
      // The deadline of a decision holds whether or not somebody waits for it.
      if (asked === undefined) {
        clearTimeout(timer);
      }
      state = 'answered';
      resolve();
    });
  });
}

function tooLate(deadline: number): Refusal {
  return refuse(
    'ERR_DEADLINE',
    `no decision within ${deadline} s`,
    'An issuer answers slowly, or the request never came whole; see http.timeout.',
  );
}
