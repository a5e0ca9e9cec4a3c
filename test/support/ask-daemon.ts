// Asks the daemon as the PAM module does: one request, one reply.
import { connect } from 'node:net';

export interface DaemonRequest {
  readonly user: string;
  /** Each character is one byte (Latin-1), as in the vectors. */
  readonly token: string;
  readonly service?: string;
  readonly rhost?: string;
  /** The process to log in to; this one unless given. */
  readonly pid?: number;
}

/** The bytes of a request (docs/understand/protocol.md). */
export function formatRequest(request: DaemonRequest): Buffer {
  const { user, token, service = 'postgresql', rhost, pid = process.pid } = request;
  const strings = [
    'pgtoken/2',
    `PAM_SERVICE=${service}`,
    `PAM_USER=${user}`,
    `PID=${pid}`,
    ...(rhost === undefined ? [] : [`PAM_RHOST=${rhost}`]),
    '',
  ];
  return Buffer.concat([
    Buffer.from(strings.map((string) => `${string}\0`).join('')),
    Buffer.from(`${token}\0`, 'latin1'),
  ]);
}

/** @returns the reply without its NUL, or why there is none: `no reply: …`. Never rejects. */
export async function askDaemon(path: string, request: DaemonRequest): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const chunks: Buffer[] = [];
    let reason = 'closed';
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.on('close', () => {
      const reply = Buffer.concat(chunks).toString();
      resolve(reply.endsWith('\0') ? reply.slice(0, -1) : `no reply: ${reason}`);
    });
    socket.write(formatRequest(request));
  });
}
