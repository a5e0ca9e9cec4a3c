// The daemon's side of the control socket (protocol/control.ts). Who may ask is decided by the folder that it lies in.
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { messageOf } from '../message-of.ts';
import {
  CONTROL_SOCKET,
  type ControlReply,
  controlRequest,
  type ControlRequest,
  MAX_CONTROL_BYTES,
} from '../protocol/control.ts';

/** Answers a question. */
export type Answer = (request: ControlRequest) => Promise<ControlReply>;

/** Milliseconds for a question to come, and for its answer to be taken. */
const TIMEOUT = 5000;
const MAX_CONNECTIONS = 8;

/**
 * Serves it in a folder that only the daemon's user can enter. What is there is replaced.
 *
 * @returns when it listens. Rejects where it cannot.
 */
export async function serveControl(folder: string, answer: Answer): Promise<{ close(): void }> {
  const path = join(folder, CONTROL_SOCKET);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    serveQuestion(socket, answer);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ path });
  await once(server, 'listening');
  // Whatever the folder and the umask say.
  chmodSync(path, 0o600);
  // What goes wrong with one connection is that connection's.
  server.on('error', () => undefined);
  return {
    close() {
      server.close();
    },
  };
}

/** Serves it where the daemon has a folder of its own; that it cannot be served is no reason not to start. */
export async function openControl(
  folder: string | undefined,
  logger: Pick<Logger, 'warn'>,
  answer: Answer,
): Promise<{ close(): void } | undefined> {
  return folder === undefined
    ? undefined
    : serveControl(folder, answer).catch((error: unknown) => {
        logger.warn({ reason: messageOf(error) }, 'the control socket cannot be served');
        return undefined;
      });
}

function serveQuestion(socket: Socket, answer: Answer): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let isAnswered = false;
  const timer = setTimeout(() => socket.destroy(), TIMEOUT);
  const reply = (said: ControlReply): void => {
    isAnswered = true;
    socket.end(`${JSON.stringify(said)}\n`);
  };
  socket.on('data', (chunk: Buffer) => {
    if (isAnswered) {
      return;
    }
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_CONTROL_BYTES) {
      reply({ problem: `over ${MAX_CONTROL_BYTES} bytes; expected at most that` });
    } else if (chunk.includes(0x0a)) {
      isAnswered = true;
      void answerLine(Buffer.concat(chunks).toString(), answer).then(reply);
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
  });
}

/** Never rejects. */
async function answerLine(text: string, answer: Answer): Promise<ControlReply> {
  try {
    const request = controlRequest.safeParse(JSON.parse(text));
    return request.success
      ? await answer(request.data)
      : { problem: 'the daemon does not know this question; it may be older than the command' };
  } catch (error) {
    return { problem: `the question cannot be answered: ${messageOf(error)}` };
  }
}
