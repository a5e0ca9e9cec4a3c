// Asks the daemon one question, as the module does (docs/understand/protocol.md).
import { connect } from 'node:net';

/** What the daemon said, or the system's word for why nothing came. */
export type DaemonAnswer =
  | { readonly kind: 'reply'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'silent' };

/** Asks at a socket about a login to a service with something that is no token. Never rejects. */
export type AskDaemon = (socket: string, service: string) => Promise<DaemonAnswer>;

/** The daemon answers within four seconds unless told otherwise. */
const DEADLINE = 6000;
const MAX_REPLY_BYTES = 1024;
/** Who is asked for. No database need have such a role. */
const ROLE = 'pgtoken-doctor';
const NO_TOKEN = 'pgtoken doctor asks whether the daemon answers';

/** {@link AskDaemon} over the socket itself. */
export const askDaemon: AskDaemon = async (path, service) =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect(path);
    const end = (answer: DaemonAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      end({ kind: 'silent' });
    }, DEADLINE);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_REPLY_BYTES) {
        end({ kind: 'reply', text: Buffer.concat(chunks).toString() });
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end({ kind: 'failed', reason: error.code ?? error.message });
    });
    socket.on('close', () => {
      end({ kind: 'reply', text: Buffer.concat(chunks).toString() });
    });
    // Version 1, which daemons of all packages know.
    const strings = ['pgtoken/1', `PAM_SERVICE=${service}`, `PAM_USER=${ROLE}`, '', NO_TOKEN];
    socket.write(strings.map((string) => `${string}\0`).join(''));
  });
