// The connections that are open, and which of them goes when there are too many.
//
// The module connects before it asks for the password, so anybody who can reach the database can make it hold connections
// that ask nothing. Those are the ones to go, the oldest first: their module connects anew once it has a question.
import type { Socket } from 'node:net';

/** The connections that are open. */
export interface Connections {
  /** Counts a connection in until it is closed; or closes it, or one that asks nothing, when there are too many. */
  admit(socket: Socket): boolean;
  /** From now on the connection asks something, and does not have to make room. */
  keep(socket: Socket): void;
  /** Closes those that ask nothing. */
  dismissWaiting(): void;
  readonly size: number;
}

/** @param options `max`: the most connections at one time; `onTooMany`: told of each that is closed for it. */
export function createConnections(options: {
  readonly max: number;
  readonly onTooMany: () => void;
}): Connections {
  const open = new Set<Socket>();
  /** Those that ask nothing yet, in the order in which they came. */
  const waiting = new Set<Socket>();
  const remove = (socket: Socket): void => {
    open.delete(socket);
    waiting.delete(socket);
  };
  return {
    admit(socket) {
      if (open.size >= options.max) {
        options.onTooMany();
        const [oldest = socket] = waiting;
        oldest.destroy();
        remove(oldest);
        if (oldest === socket) {
          return false;
        }
      }
      open.add(socket);
      waiting.add(socket);
      socket.once('close', () => {
        remove(socket);
      });
      return true;
    },
    keep(socket) {
      waiting.delete(socket);
    },
    dismissWaiting() {
      for (const socket of waiting) {
        socket.destroy();
      }
    },
    get size() {
      return open.size;
    },
  };
}
