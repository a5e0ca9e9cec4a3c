// A session host for the tests of one file, and sessions that are held open on it.
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { type HeldSession, holdSession } from '../../support/hold-session.ts';
import type { Issuer } from '../../support/issuer.ts';
import { poll } from '../../support/poll.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import type { RunResult } from '../../support/run.ts';
import type { DaemonHost } from '../../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../../support/start-daemon-process.ts';
import { type SessionHost, startSessionHost } from '../../support/start-session-host.ts';

/** The host of a file of tests; all of it is there from `beforeAll` on. */
export interface UsedSessionHost {
  readonly host: DaemonHost;
  readonly issuer: Issuer;
  readonly entry: SessionHost['entry'];
  readonly top: () => SessionHost['top'];
  /** Starts a daemon whose one entry has these sessions; more is what else the entry has. */
  readonly start: (
    sessions: Readonly<Record<string, unknown>>,
    more?: Readonly<Record<string, unknown>>,
  ) => Promise<DaemonProcess>;
  /** Opens a session by a token that lives for so many seconds. */
  readonly open: (
    seconds: number,
    who?: { readonly role?: string; readonly key?: string },
  ) => Promise<HeldSession>;
}

export const ROLES = ['foo:one', 'foo:two', 'foo:three'] as const;

/** Starts host and issuer before the first test, and stops them after the last. */
export function useSessionHost(): UsedSessionHost {
  const stack = new AsyncDisposableStack();
  let used: SessionHost | undefined;
  const get = (): SessionHost => {
    if (used === undefined) throw new Error('the host is there from beforeAll on');
    return used;
  };
  beforeAll(async () => {
    used = stack.use(await startSessionHost(ROLES));
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });
  return {
    get host() {
      return get().host;
    },
    get issuer() {
      return get().issuer;
    },
    entry: (...args) => get().entry(...args),
    top: () => get().top,
    start: async (sessions, more) =>
      get().host.startDaemon({ issuers: [get().entry(sessions, more)], top: get().top }),
    open: async (seconds, { role = ROLES[0], key } = {}) => {
      const { host, issuer } = get();
      const now = Math.floor(Date.now() / 1000);
      const password = await issuer.mint(
        { sub: `system:serviceaccount:${role}`, iat: now, exp: now + seconds },
        key === undefined ? {} : { key },
      );
      const session = await holdSession(async () => host.cluster.connect({ role, password }));
      stack.defer(async () => session.close());
      return session;
    },
  };
}

/** The lines of sessions that were ended. */
export function endsOf(daemon: DaemonProcess): readonly LogLine[] {
  return daemon.lines().filter(({ msg }) => msg === 'session ended');
}

/**
 * Those lines, once there are as many. A client knows of its end before the daemon does, which logs it when the server has
 * answered.
 */
export async function untilEnds(daemon: DaemonProcess, count = 1): Promise<readonly LogLine[]> {
  return poll(`${count} ended sessions in the log`, () => {
    const ends = endsOf(daemon);
    return ends.length >= count ? ends : undefined;
  });
}

/** `pgtoken sessions` with these arguments, as the daemon's control socket has it. */
export async function runSessions(
  on: UsedSessionHost,
  ...args: readonly string[]
): Promise<RunResult> {
  return runPgtoken([
    'sessions',
    '--control',
    join(on.host.runtimeFolder, 'control.sock'),
    ...args,
  ]);
}
