// Sessions end whatever becomes of their server meanwhile: a standby that is promoted, a connection that is lost, a restart; and
// nobody's session does because the clock was set.
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { createSteppedClock } from '../../support/create-stepped-clock.ts';
import { type HeldSession, holdSession } from '../../support/hold-session.ts';
import { poll } from '../../support/poll.ts';
import type { PostgresCluster } from '../../support/postgres-cluster.ts';
import { ROLES, runSessions, untilEnds, useSessionHost } from './session-host.ts';

const [ROLE] = ROLES;
const ENDS = { end: ['expired'], grace: '0s', atLeast: '0s' };
const ADMIN_SHUTDOWN = '57P01';
/** How long after its time a session ends at the latest on a busy machine, in milliseconds. How long it takes, the soak measures. */
const LATE = 5000;

interface ShortSession extends HeldSession {
  /** `exp` of its token, Unix time in seconds. */
  readonly exp: number;
}

async function expectEnd(session: ShortSession): Promise<void> {
  const { at, code } = await session.ended();
  expect(code).toBe(ADMIN_SHUTDOWN);
  expect(at).toBeGreaterThanOrEqual(session.exp * 1000);
  expect(at).toBeLessThanOrEqual(session.exp * 1000 + LATE);
}

/** The tests of a host of their own. */
export function describeServers(): void {
  const on = useSessionHost();

  /** A session of a server of one's choice by a token that lives for so many seconds. */
  async function open(cluster: PostgresCluster, seconds: number): Promise<ShortSession> {
    const now = Math.floor(Date.now() / 1000);
    const exp = now + seconds;
    const password = await on.issuer.mint({
      sub: `system:serviceaccount:${ROLE}`,
      iat: now,
      exp,
    });
    return { ...(await holdSession(async () => cluster.connect({ role: ROLE, password }))), exp };
  }

  /** Where the daemon says that each session is, by process ID. */
  async function placesOf(): Promise<ReadonlyMap<unknown, unknown>> {
    const { stdout } = await runSessions(on, '--json');
    const shown: unknown = JSON.parse(stdout);
    return new Map(
      (Array.isArray(shown) ? shown : []).map((one: Readonly<Record<string, unknown>>) => [
        one['pid'],
        one['server'],
      ]),
    );
  }

  async function untilPlaced(session: HeldSession, server: string): Promise<void> {
    await poll(`the session of process ${session.pid} on ${server}`, async () =>
      (await placesOf()).get(session.pid) === server ? true : undefined,
    );
  }

  describe('a standby', () => {
    it('has its sessions ended, before it is promoted and after, when the primary has crashed', async () => {
      await using owned = new AsyncDisposableStack();
      const standby = await on.host.startStandby();
      owned.defer(standby.cluster.stop);
      const servers = [
        { name: 'main', connection: on.host.connection },
        { name: 'standby', connection: standby.connection },
      ];
      const daemon = owned.use(
        await on.host.startDaemon({ issuers: [on.entry(ENDS)], top: { servers } }),
      );
      const [primarys, short, long] = [
        await open(on.host.cluster, 60),
        await open(standby.cluster, 4),
        await open(standby.cluster, 14),
      ];
      await untilPlaced(primarys, 'main');
      await untilPlaced(long, 'standby');
      await expectEnd(short);

      await on.host.cluster.crash();
      owned.defer(on.host.cluster.restart);
      await primarys.ended();
      await standby.cluster.sql('select pg_promote()');
      await poll('the log of the primary that is gone', () =>
        daemon.lines().find(({ server, level }) => server === 'main' && level === 'error'),
      );
      const afterwards = await open(standby.cluster, 4);
      await expectEnd(afterwards);
      await expectEnd(long);
      const ends = new Map((await untilEnds(daemon, 3)).map(({ server, pid }) => [pid, server]));
      expect(ends).toEqual(new Map([short, afterwards, long].map(({ pid }) => [pid, 'standby'])));
    });
  });

  describe('a session goes on and ends in time', () => {
    it('while the connection of the daemon is cut off again and again', async () => {
      await using daemon = await on.start(ENDS);
      const session = await open(on.host.cluster, 6);
      const until = session.since + 5000;
      let cut = 0;
      while (Date.now() < until) {
        cut += Number(
          await on.host.cluster.sql(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pgtoken'",
          ),
        );
        await delay(300);
      }
      expect(cut).toBeGreaterThan(0);
      // The next attempt to connect may be some seconds away.
      expect(await session.ended()).toMatchObject({ code: ADMIN_SHUTDOWN });
      expect(await untilEnds(daemon)).toHaveLength(1);
    });

    it('after a restart of the server, which ends those from before without the daemon', async () => {
      await using daemon = await on.start(ENDS);
      const before = await open(on.host.cluster, 60);
      await untilPlaced(before, 'main');
      await on.host.cluster.restart();
      expect(before.isOpen()).toBe(false);
      const session = await open(on.host.cluster, 5);
      await expectEnd(session);
      expect(await untilEnds(daemon)).toMatchObject([{ pid: session.pid }]);
      await poll('a list without the session from before', async () =>
        (await placesOf()).has(before.pid) ? undefined : true,
      );
    });

    it('where the clock is set an hour ahead and back meanwhile', async () => {
      await using clock = await createSteppedClock();
      await using _daemon = await on.host.startDaemon({
        issuers: [on.entry(ENDS)],
        top: on.top(),
        wrapper: clock.wrapper,
      });
      const session = await open(on.host.cluster, 9);
      await untilPlaced(session, 'main');
      for (const step of [3600, -3600, 0]) {
        await clock.setOffset(step);
        await delay(1500);
        expect(session.isOpen(), `after a step to ${step} s`).toBe(true);
      }
      await expectEnd(session);
    });
  });
}
