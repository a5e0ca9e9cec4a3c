// The daemon: whether it answers, and to the point.
import { toPrintable } from '../../protocol/format-reply.ts';
import { fault, ok, type Finding } from '../finding.ts';
import type { Host } from '../host/host.ts';

const START = 'Start it (systemctl restart pgtoken), and see its log: journalctl -u pgtoken.';

/** What the system's answers mean here. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens',
  // systemd listens for a daemon that cannot start.
  ECONNRESET: 'it closes the connection without an answer',
};

/** Asks with something that is no token: a daemon in order denies it by that code. Its log has a line of it. */
export async function checkDaemon(
  socket: string,
  service: string,
  { askDaemon }: Pick<Host, 'askDaemon'>,
): Promise<Finding> {
  const answer = await askDaemon(socket, service);
  switch (answer.kind) {
    case 'silent':
      return fault('daemon-silent', socket, 'it accepts the question and does not answer', START);
    case 'failed':
      return answer.reason === 'EACCES'
        ? fault(
            'daemon-unasked',
            socket,
            'not asked: the user of this check may not connect',
            'Run this as root, or as the user of PostgreSQL.',
          )
        : fault('daemon-down', socket, WORDS[answer.reason] ?? answer.reason, START);
    case 'reply':
      return describeReply(socket, answer.text);
  }
}

function describeReply(socket: string, reply: string): Finding {
  const shown = toPrintable(reply.replace(/\0$/, '')).slice(0, 500);
  if (/^denied ERR_NOT_A_TOKEN [^\0]+\0$/.test(reply)) {
    return ok('daemon', socket, 'it answers, and denies what is not a JWT');
  }
  if (/^unavailable ERR_[A-Z_]+ [^\0]+\0$/.test(reply)) {
    return fault('daemon-unavailable', socket, `it cannot decide: ${shown}`, START);
  }
  return fault(
    'daemon-garbled',
    socket,
    reply === ''
      ? 'it closes without an answer; expected denied ERR_NOT_A_TOKEN'
      : `it answers "${shown}"; expected denied ERR_NOT_A_TOKEN`,
    'Make sure that pgtoken serve, of the version of the module, listens there and nothing else.',
  );
}
