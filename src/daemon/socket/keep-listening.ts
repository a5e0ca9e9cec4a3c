// The daemon's socket for as long as it runs. A socket file that somebody removes takes every login with it, and no error
// comes of it: so it is looked at, and made again. One that systemd made is only reported: systemd alone can make it again.
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { messageOf } from '../../message-of.ts';
import { type OpenSocket, openSocket, type SocketOptions } from './open-socket.ts';

/** A socket that is kept. */
export interface Listener {
  /** How it is called in the log. */
  readonly description: string;
  /** Stops accepting. @returns when every connection has ended. */
  close(): Promise<void>;
}

/** Which socket, and who takes its connections. */
export interface ListenerOptions {
  readonly socket: SocketOptions;
  readonly onConnection: (socket: Socket) => void;
  readonly logger: Logger;
}

/** How often the file is looked at, in milliseconds. */
const INTERVAL = 1000;

/** Begins to listen. Throws a `StartupError` where it cannot. */
export async function keepListening(options: ListenerOptions): Promise<Listener> {
  const { logger } = options;
  const open = async (): Promise<{ readonly server: Server; readonly socket: OpenSocket }> => {
    const server = createServer({ allowHalfOpen: true }, options.onConnection);
    const socket = await openSocket(server, options.socket);
    server.on('error', (error) => {
      logger.error({ reason: error.message }, 'a connection could not be accepted');
    });
    return { server, socket };
  };
  let current = await open();
  /** Each ends when its last connection has. */
  const ends: Promise<void>[] = [];
  const end = ({ server }: typeof current): void => {
    ends.push(
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
    );
  };
  let isStopped = false;
  let reported: string | undefined;
  const look = async (): Promise<void> => {
    const isGone = !(await current.socket.isInPlace());
    if (current.socket.madeBySystemd) {
      reportGone(isGone);
    } else if (isGone && !isStopped) {
      await makeAgain().catch((error: unknown) => {
        const reason = messageOf(error);
        if (reason !== reported) {
          reported = reason;
          logger.error({ reason }, 'the socket is gone, and cannot be made again');
        }
      });
    }
    if (!isStopped) {
      timer.refresh();
    }
  };
  const reportGone = (isGone: boolean): void => {
    if (isGone && reported === undefined) {
      const hint = 'Run: systemctl restart pgtoken.socket';
      logger.error({ hint }, 'the file of the socket is gone, nobody can log in');
    }
    reported = isGone ? 'gone' : undefined;
  };
  const makeAgain = async (): Promise<void> => {
    const next = await open();
    if (isStopped) {
      end(next);
      next.socket.close();
      return;
    }
    // Who has not been accepted yet is refused, and asks again.
    end(current);
    current = next;
    reported = undefined;
    logger.warn({ socket: next.socket.description }, 'the socket was gone, and was made again');
  };
  const timer = setTimeout(() => void look(), INTERVAL);
  timer.unref();
  return {
    description: current.socket.description,
    async close() {
      isStopped = true;
      clearTimeout(timer);
      end(current);
      current.socket.close();
      await Promise.all(ends);
    },
  };
}
