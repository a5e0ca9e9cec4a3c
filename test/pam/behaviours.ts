// A daemon and a helper that do what the user's name says, and what a login with each must come to.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { fakeDaemon, field, stack, temporaryFolder, type Daemon } from './support.ts';

/** Replies that are none. */
const LIES: readonly (string | Buffer)[] = [
  'granted',
  'granted\0granted\0',
  'granted\0x',
  'GRANTED\0',
  'granted \0',
  '\0granted\0',
  'denied ERR_ x\0',
  'denied ERROR x\0',
  'unavailable ERR_INTERNAL \0',
  'denied ERR_TOKEN_EXPIRED \u001B[2Jgranted\0',
  `denied ERR_INTERNAL ${'x'.repeat(492)}\0`,
  Buffer.from('64656e696564204552525f5820c0ae00', 'hex'), // an overlong full stop
  'denied',
];

/** How a login through each daemon ends. */
export const DAEMON_OUTCOMES = {
  answers: 'granted',
  denies: 'denied',
  trickles: 'granted',
  floods: 'unavailable',
  lies: 'unavailable',
  echoes: 'unavailable',
  closes: 'unavailable',
  hangs: 'unavailable',
} as const;

/** A daemon that behaves by PAM_USER. */
export async function startBehavingDaemon(): Promise<Daemon> {
  return fakeDaemon({
    request: (socket, request, count) => {
      switch (field(request, 'PAM_USER')) {
        case 'answers':
          socket.end('granted\0');
          break;
        case 'denies':
          socket.end('denied ERR_TOKEN_EXPIRED the token expired at noon\0');
          break;
        case 'trickles':
          void (async () => {
            for (const byte of 'granted\0') {
              socket.write(byte);
              await delay(1);
            }
            socket.end();
          })();
          break;
        case 'floods': {
          const chunk = Buffer.alloc(16 * 1024, 'x');
          const pour = (): void => {
            while (!socket.destroyed && socket.write(chunk)) continue;
          };
          socket.on('drain', pour);
          pour();
          break;
        }
        case 'lies':
          socket.end(LIES[count % LIES.length] ?? '');
          break;
        case 'echoes':
          socket.end(request);
          break;
        case 'closes':
          socket.destroy();
          break;
        default: // hangs
      }
    },
  });
}

/** How a login through each helper ends. */
export const HELPER_OUTCOMES = {
  answers: 'granted',
  denies: 'denied',
  trickles: 'denied',
  floods: 'unavailable',
  lies: 'denied',
  'reads-nothing': 'unavailable',
  dies: 'unavailable',
  'leaves-a-child': 'granted',
  hangs: 'unavailable',
} as const;

/** A helper that behaves by PAM_USER. @returns its path. */
export function writeBehavingHelper(): string {
  const path = join(temporaryFolder(), 'helper');
  const say = `printf 'denied ERR_TOKEN_EXPIRED the token expired at noon\\n' >&2`;
  writeFileSync(
    path,
    `#!/bin/sh
case $PAM_USER in
  answers) cat >/dev/null ;;
  denies) cat >/dev/null; ${say}; exit 1 ;;
  trickles) cat >/dev/null; printf 'denied ERR_X ' >&2; printf 'a b' >&2; printf '\\n' >&2; exit 1 ;;
  floods) exec head -c 2000000 /dev/zero >&2 ;;
  lies) cat >&2; exit 1 ;;
  reads-nothing) exec <&-; exit 0 ;;
  dies) kill -SEGV $$ ;;
  leaves-a-child) sleep 60 & cat >/dev/null ;;
  *) sleep 60 ;;
esac
`,
    { mode: 0o755 },
  );
  return path;
}

/** A PAM service that asks this daemon. */
export const asking = (daemon: Daemon, ...options: string[]): string[] =>
  stack([`socket=${daemon.path}`, ...options]);

/** A PAM service that runs this helper. */
export const running = (helper: string, ...options: string[]): string[] =>
  stack(['mode=exec', `helper=${helper}`, ...options]);
