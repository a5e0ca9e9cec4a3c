// PostgreSQL, module, daemon and psql, for the tests of this folder: whose tokens count, and what becomes of one.
import { expect } from 'vitest';

import { type DaemonHost, startDaemonHost } from '../../support/start-daemon-host.ts';
import type { DaemonProcess } from '../../support/start-daemon-process.ts';
import type { ApiServer } from './start-api-server.ts';

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

export async function startDatabase(roles: readonly string[]): Promise<Database> {
  const host = await startDaemonHost(roles);
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

/** Where an API server has its keys. */
export function jwksURIOf(api: ApiServer): string {
  return `${api.url}/openid/v1/jwks`;
}

/** An entry for service accounts of a cluster whose keys come from its API server; `more` adds to it. */
export function entryFor(
  api: ApiServer,
  issuer: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: 'homelab',
    issuer: {
      url: issuer,
      audiences: ['postgres'],
      certificateAuthority: api.certificateAuthority,
    },
    keys: { jwksURI: jwksURIOf(api) },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    ...more,
  };
}
