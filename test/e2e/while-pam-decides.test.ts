// What PostgreSQL does and does not do while a login waits in PAM, and after PAM has let it in: what docs/start/pam.md promises, and what
// surprises who administers a server. A daemon that answers when it is told to stands in for pgtoken's.
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { findProcesses } from '../support/find-processes.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';
import type { RunResult } from '../support/run.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';

const ROLE = 'app';
const SLOTS = 6;
/** Nothing here ends because of the module's own deadline. */
const LONG = 60;
const ENDED = 'server closed the connection unexpectedly';
const CANCELLED = 'FATAL:  canceling authentication due to timeout';

const stack = new AsyncDisposableStack();
let host: DaemonHost;
let daemon: StandIn;

beforeAll(async () => {
  host = stack.use(
    await startDaemonHost([ROLE], {
      max_connections: String(SLOTS),
      superuser_reserved_connections: '3',
      max_wal_senders: '0',
      log_connections: 'on',
    }),
  );
  await host.setModuleTimeout(LONG);
});

afterAll(async () => {
  await stack.disposeAsync();
});

interface StandIn extends AsyncDisposable {
  /** Lets in all that wait, and all that come. */
  readonly release: () => void;
  /** How many have asked and wait. */
  readonly waiting: () => number;
}

/** Takes requests at the socket of the daemon. */
async function startStandIn(): Promise<StandIn> {
  const waiting = new Set<Socket>();
  let isReleased = false;
  const grant = (client: Socket): void => {
    waiting.delete(client);
    client.end('granted\0');
  };
  const server = createServer((client) => {
    let strings = 0;
    client.on('error', () => undefined);
    client.on('close', () => waiting.delete(client));
    client.on('data', (chunk: Buffer) => {
      strings += chunk.filter((byte) => byte === 0).length;
      // The name of the protocol, service, role, address, nothing, the token.
      if (strings < 6) return;
      if (isReleased) grant(client);
      else waiting.add(client);
    });
  });
  await rm(host.socket, { force: true });
  await new Promise<void>((resolve) => {
    server.listen(host.socket, resolve);
  });
  await runChecked('chmod', ['0666', host.socket]);
  return {
    waiting: () => waiting.size,
    release: () => {
      isReleased = true;
      for (const client of waiting) grant(client);
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of waiting) client.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

beforeEach(async () => {
  daemon = await startStandIn();
  return async () => daemon[Symbol.asyncDispose]();
});

const logIn = async (role = ROLE): Promise<RunResult> =>
  host.cluster.psql({ role, password: 'a.b.c' });

/** Logins that have come as far as the daemon. */
async function waitInPAM(count: number): Promise<readonly Promise<RunResult>[]> {
  const logins = Array.from({ length: count }, async () => logIn());
  await poll(`${count} logins that wait`, () => daemon.waiting() === count || undefined);
  return logins;
}

/** The backends that wait, as ps(1) shows them. */
async function findWaiting(): Promise<readonly number[]> {
  const [server] = await findProcesses(({ commandLine }) =>
    commandLine.includes(`-D ${host.cluster.folder}/data `),
  );
  const found = await findProcesses(
    ({ parent, commandLine }) => parent === server?.pid && commandLine.endsWith(' authentication'),
  );
  return found.map(({ pid }) => pid);
}

describe('a role that PAM lets in', () => {
  beforeEach(() => {
    daemon.release();
  });

  it('logs in although its VALID UNTIL is over', async () => {
    await host.cluster.sql("create role expired login password 'x' valid until '2020-01-01'");
    expect(await logIn('expired')).toMatchObject({ status: 0, stdout: 'expired\n' });
  });

  it.each([
    ['locked', 'nologin', 'role "locked" is not permitted to log in'],
    ['full', 'login connection limit 0', 'too many connections for role "full"'],
  ])('is kept out all the same: %s', async (role, options, message) => {
    await host.cluster.sql(`create role ${role} ${options}`);
    expect((await logIn(role)).stderr).toContain(`FATAL:  ${message}`);
  });

  it('is kept out without CONNECT', async () => {
    await host.cluster.sql('revoke connect on database postgres from public');
    try {
      expect((await logIn()).stderr).toContain('FATAL:  permission denied for database "postgres"');
    } finally {
      await host.cluster.sql('grant connect on database postgres to public');
    }
  });

  it('is logged as authenticated before it is looked up', async () => {
    const mark = await host.cluster.log.mark();
    expect((await logIn('nobody-made-it')).stderr).toContain('does not exist');
    const log = await host.cluster.log.since(mark);
    expect(
      log.indexOf('connection authenticated: identity="nobody-made-it" method=pam'),
    ).toBeLessThan(log.indexOf('FATAL:  role "nobody-made-it" does not exist'));
    expect(log).toContain('connection authenticated: identity="nobody-made-it" method=pam');
  });
});

describe('logins that wait in PAM', () => {
  it("take the superuser's slots too, until the daemon ends", async () => {
    const logins = await waitInPAM(SLOTS);
    await expect(host.cluster.sql('select 1')).rejects.toThrow('sorry, too many clients already');
    // As systemctl kill --signal=KILL does; the module asks again, and finds nobody.
    await daemon[Symbol.asyncDispose]();
    for (const login of logins) {
      expect((await login).stderr).toContain(`PAM authentication failed for user "${ROLE}"`);
    }
    expect(await host.cluster.sql('select 1')).toBe('1');
  });

  it('are in no row of pg_stat_activity, or in one without a name', async () => {
    const [login] = await waitInPAM(1);
    expect(
      await host.cluster.sql(
        `select count(*) from pg_stat_activity where usename = '${ROLE}' or datname = 'postgres' and pid <> pg_backend_pid()`,
      ),
    ).toBe('0');
    expect(await findWaiting()).toHaveLength(1);
    daemon.release();
    expect(await login).toMatchObject({ status: 0 });
  });

  it('are let in after their role was looked for to be ended, and not after NOLOGIN', async () => {
    const end = `select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '${ROLE}'`;
    const [first] = await waitInPAM(1);
    expect(await host.cluster.sql(end)).toBe('0');
    daemon.release();
    expect(await first).toMatchObject({ status: 0 });
    await daemon[Symbol.asyncDispose]();

    daemon = await startStandIn();
    const [second] = await waitInPAM(1);
    await host.cluster.sql(`alter role ${ROLE} nologin`);
    try {
      daemon.release();
      expect((await second)?.stderr).toContain(`role "${ROLE}" is not permitted to log in`);
    } finally {
      await host.cluster.sql(`alter role ${ROLE} login`);
    }
  });

  it('go on waiting after pg_terminate_backend, and end as soon as PAM returns, granted or not', async () => {
    const [login] = await waitInPAM(1);
    const mark = await host.cluster.log.mark();
    const [pid] = await findWaiting();
    expect(await host.cluster.sql(`select pg_terminate_backend(${pid})`)).toBe('t');
    expect(await host.cluster.sql('select 1')).toBe('1');
    expect(await findWaiting()).toEqual([pid]);
    daemon.release();
    expect((await login)?.stderr).toContain(ENDED);
    expect(await host.cluster.log.since(mark)).toContain(CANCELLED);
  });

  it('go on waiting beyond authentication_timeout, and end as soon as PAM returns', async () => {
    await host.cluster.sql("alter system set authentication_timeout = '1s'");
    await host.cluster.sql('select pg_reload_conf()');
    try {
      await poll(
        'the new timeout',
        async () => (await host.cluster.sql('show authentication_timeout')) === '1s' || undefined,
      );
      const [login] = await waitInPAM(1);
      const mark = await host.cluster.log.mark();
      await delay(1500);
      expect(await findWaiting()).toHaveLength(1);
      daemon.release();
      expect((await login)?.stderr).toContain(ENDED);
      expect(await host.cluster.log.since(mark)).toContain(CANCELLED);
    } finally {
      await host.cluster.sql('alter system reset authentication_timeout');
      await host.cluster.sql('select pg_reload_conf()');
    }
  });

  // The last one: the server is gone after it.
  it('hold up a fast shutdown', async () => {
    const [login] = await waitInPAM(1);
    const mark = await host.cluster.log.mark();
    const stopped = host.cluster.stop();
    await poll(
      'the shutdown',
      async () =>
        (await host.cluster.log.since(mark)).includes('received fast shutdown request') ||
        undefined,
    );
    await delay(500);
    expect(await findWaiting()).toHaveLength(1);
    expect(await host.cluster.log.since(mark)).not.toContain('database system is shut down');
    daemon.release();
    expect((await login)?.stderr).toContain(ENDED);
    await stopped;
  });
});
