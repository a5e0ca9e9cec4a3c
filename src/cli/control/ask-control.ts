// Asks the running daemon over its control socket (protocol/control.ts).
import { connect } from 'node:net';
import type { ToldProblem } from '../output/report-problem.ts';
import { codeOf } from '../../code-of.ts';
import { messageOf } from '../../message-of.ts';
import {
  controlReply,
  type ControlReply,
  type ControlRequest,
  MAX_CONTROL_BYTES,
} from '../../protocol/control.ts';

/** The longest silence of the daemon, in milliseconds. */
const TIMEOUT = 5000;

/** @returns the reply, or a problem with what to do about it as its hint. Never rejects. */
export async function askControl(
  path: string,
  request: ControlRequest,
): Promise<Exclude<ControlReply, { problem: string }> | { problem: string; hint: string }> {
  try {
    const text = await exchange(path, request);
    if (text === '') {
      throw new Error('it has closed the connection without an answer');
    }
    const reply = controlReply.parse(JSON.parse(text));
    return 'problem' in reply ? { ...reply, hint: 'See the log of the daemon.' } : reply;
  } catch (error) {
    return {
      problem: `the daemon cannot be asked at ${path}: ${describe(error)}`,
      hint:
        codeOf(error) === 'EACCES'
          ? 'Run it as root, or as the user of the daemon.'
          : 'Check that it runs (systemctl status pgtoken). One that runs elsewhere has control.sock in its RUNTIME_DIRECTORY; name that with --control.',
    };
  }
}

function describe(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such socket';
    case 'EACCES':
      return `user ID ${process.geteuid?.() ?? '?'} may not connect to it`;
    case 'ECONNREFUSED':
      return 'nobody listens there';
    default:
      return messageOf(error);
  }
}

async function exchange(path: string, request: ControlRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect({ path });
    socket.setTimeout(TIMEOUT, () => {
      socket.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`));
    });
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_CONTROL_BYTES) {
        socket.destroy(new Error(`an answer of over ${MAX_CONTROL_BYTES} bytes`));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString());
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

/** Why a reply is not the one that was asked for. */
export function problemOf(reply: Awaited<ReturnType<typeof askControl>>): ToldProblem {
  return 'problem' in reply ? reply : { problem: 'the daemon has given another answer' };
}
