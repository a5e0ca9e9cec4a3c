// What systemd is told of the daemon: that it is ready, and how it stands (sd_notify(3)).
//
// By systemd-notify(1), as Node sends no datagrams to unix sockets; it waits until systemd has read what it sends, which has
// to be while its process is there. Being ready means that a configuration is in force: until then the unit is activating,
// although logins are answered, and `systemctl restart` fails.
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';
import { toPrintable } from '../protocol/format-reply.ts';
import type { ConfigStatus } from './reload/follow-config.ts';

/** Tells how the daemon stands; nobody where nobody asked for it. */
export type TellSystemd = (status: ConfigStatus) => void;

/** What runs systemd-notify. */
export type RunNotify = (args: readonly string[], done: (error: Error | null) => void) => void;

/** As much as `systemctl status` shows on a line or two. */
const MAX_TEXT = 300;
/** What systemd has not been told is told again after so many milliseconds: a unit that is never ready cannot be reloaded. */
const RETRY = 5000;

/** @param env with NOTIFY_SOCKET where systemd wants to know. */
export function createTellSystemd(
  env: NodeJS.ProcessEnv,
  logger: Pick<Logger, 'warn'>,
  run: RunNotify = runSystemdNotify,
): TellSystemd {
  if (env['NOTIFY_SOCKET'] === undefined) {
    return () => undefined;
  }
  /** One after the other, and of those that wait only the last. */
  let next: ConfigStatus | undefined;
  let isRunning = false;
  let isReady = false;
  /** Once only: later ones would mean nothing. */
  let wasToldReady = false;
  const tell = (): void => {
    if (next === undefined || isRunning) {
      return;
    }
    const status = next;
    const isNews = isReady && !wasToldReady;
    next = undefined;
    isRunning = true;
    const text = toPrintable(describe(status)).slice(0, MAX_TEXT);
    run([...(isNews ? ['--ready'] : []), `--status=${text}`], (error) => {
      isRunning = false;
      if (error === null) {
        wasToldReady ||= isNews;
        tell();
        return;
      }
      logger.warn({ reason: error.message.split('\n', 1)[0] }, 'systemd could not be told');
      next ??= status;
      setTimeout(tell, RETRY).unref();
    });
  };
  return (status) => {
    isReady ||= status.inForce !== undefined;
    next = status;
    tell();
  };
}

function describe({ inForce, problems: [first] }: ConfigStatus): string {
  if (inForce === undefined) {
    return `nobody can log in: ${first ?? 'no configuration is in force'}`;
  }
  const issuers = `${inForce.issuers} ${inForce.issuers === 1 ? 'issuer' : 'issuers'}`;
  return first === undefined
    ? `${issuers} in force`
    : `${issuers} in force, by an older configuration: ${first}`;
}

function runSystemdNotify(args: readonly string[], done: (error: Error | null) => void): void {
  execFile('systemd-notify', args, { timeout: 10_000 }, done);
}
