// PostgreSQL, module, daemon and psql, for the tests of the parts: whose tokens count, and what becomes of one.
import { expect } from 'vitest';

import { type DaemonHost, startDaemonHost } from '../../support/start-daemon-host.ts';
import type { DaemonProcess } from '../../support/start-daemon-process.ts';

export interface Database extends AsyncDisposable {
  readonly host: DaemonHost;
  /** The daemon that decides now. */
  readonly daemon: () => DaemonProcess;
  /**
   * Starts a daemon that knows no keys yet, in place of the one before.
   *
   * @param issuers the entries; default: the issuers.yaml that is there.
   */
  readonly startDaemon: (issuers?: readonly Readonly<Record<string, unknown>>[]) => Promise<void>;
  /** Logs in with psql. @returns `granted`, or the reason in PostgreSQL's log. */
  readonly logIn: (role: string, token: string, over?: 'tcp' | 'socket') => Promise<string>;
}

export interface DatabaseOptions {
  /** Other PAM services than the usual one, each with the roles whose logins go there. */
  readonly services?: Readonly<Record<string, readonly string[]>>;
  /** More lines of postgresql.conf, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf above those of the services. */
  readonly hba?: readonly string[];
  /** Lines of pg_ident.conf. */
  readonly ident?: readonly string[];
}

export async function startDatabase(
  roles: readonly string[],
  { services = {}, settings = {}, hba = [], ident = [] }: DatabaseOptions = {},
): Promise<Database> {
  const host = await startDaemonHost(roles, settings, services, undefined, false, { hba, ident });
  let daemon: DaemonProcess | undefined;
  return {
    host,
    daemon: () => {
      if (daemon === undefined) throw new Error('no daemon was started');
      return daemon;
    },
    startDaemon: async (issuers) => {
      await daemon?.stop();
      await host.clearCache();
      daemon = await host.startDaemon(issuers === undefined ? {} : { issuers });
    },
    logIn: async (role, token, over = 'tcp') => {
      const mark = await host.cluster.log.mark();
      const { status, stdout, stderr } = await host.cluster.psql({ role, password: token, over });
      if (status === 0) {
        expect([stdout, stderr]).toEqual([`${role}\n`, '']);
        return 'granted';
      }
      expect(stderr).toMatch(/FATAL: {2}PAM authentication failed/);
      const [, reason = 'no reason'] =
        /pgtoken: (.*)/.exec(await host.cluster.log.since(mark)) ?? [];
      return reason;
    },
    [Symbol.asyncDispose]: async () => {
      await daemon?.stop();
      await host.stop();
    },
  };
}
