// Sessions of a real server end when what let them in does, whatever they are doing, and no other session does.
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { tryLogin } from '../../support/try-logins.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import type { HeldSession } from '../../support/hold-session.ts';
import { endsOf, ROLES, untilEnds, useSessionHost } from './session-host.ts';

const ADMIN_SHUTDOWN = '57P01';
/** A session ends at the latest so long after its time, in milliseconds. */
const PATIENCE = 2000;
const [ONE, TWO] = ROLES;
const LONG = 600;

/** The tests of a host of their own. */
export function describeEnds(): void {
  const on = useSessionHost();

  describe('a session whose token expires', () => {
    it('ends then and not before, and both logs say whose it was', async () => {
      await using daemon = await on.start({ end: ['expired'], grace: '0s', atLeast: '0s' });
      const mark = await on.host.cluster.log.mark();
      const session = await on.open(4);
      const until = Math.floor(session.since / 1000) * 1000 + 4000;
      const { at, code } = await session.ended();
      expect(code).toBe(ADMIN_SHUTDOWN);
      expect(at).toBeGreaterThanOrEqual(until - 1000);
      expect(at).toBeLessThanOrEqual(until + PATIENCE);
      expect(await on.host.cluster.log.since(mark)).toContain(
        `[${session.pid}] FATAL:  terminating connection due to administrator command`,
      );
      expect(await untilEnds(daemon)).toMatchObject([
        {
          level: 'info',
          cause: 'expired',
          server: 'main',
          pid: session.pid,
          role: ONE,
          service: 'postgresql-k8s',
          rhost: '127.0.0.1',
          issuer: 'cluster',
          sub: `system:serviceaccount:${ONE}`,
        },
      ]);
    });

    it('ends whatever it is doing: nothing, in a transaction, asleep, in a query, waiting for a lock, in COPY', async () => {
      await using _daemon = await on.start({ end: ['expired'], grace: '0s', atLeast: '0s' });
      await using lock = new AsyncDisposableStack();
      const holder = await on.host.cluster.connect({
        role: 'postgres',
        password: '',
        over: 'socket',
      });
      lock.defer(async () => holder.end());
      await holder.query('select pg_advisory_lock(1)');
      const [idle, transaction, ...busy] = await Promise.all(
        Array.from({ length: 6 }, async () => on.open(4)),
      );
      await transaction?.client.query('begin; select 1');
      const queries = [
        'select pg_sleep(60)',
        'select count(*) from generate_series(1, 10000000000)',
        'select pg_advisory_lock(1)',
        'copy (select pg_sleep(60)) to stdout',
      ];
      for (const [at, session] of busy.entries()) {
        session.client.query(queries[at] ?? '').catch(() => undefined);
      }
      for (const session of [idle, transaction, ...busy]) {
        const { at = 0 } = (await session?.ended()) ?? {};
        expect(at - (session?.since ?? 0)).toBeLessThanOrEqual(4000 + PATIENCE);
        expect(at - (session?.since ?? 0)).toBeGreaterThanOrEqual(2500);
      }
    });

    it('goes on for grace after that, and for atLeast in any case', async () => {
      {
        await using _daemon = await on.start({ end: ['expired'], grace: '2s', atLeast: '0s' });
        const session = await on.open(2);
        const exp = Math.floor(session.since / 1000) * 1000 + 2000;
        expect((await session.ended()).at).toBeGreaterThanOrEqual(exp + 1000);
      }
      await using _other = await on.start({ end: ['expired'], grace: '0s', atLeast: '5s' });
      const short = await on.open(1);
      const { at } = await short.ended();
      expect(at - short.since).toBeGreaterThanOrEqual(4800);
      expect(at - short.since).toBeLessThanOrEqual(5000 + PATIENCE);
    });
  });

  describe('a session that would not be granted again', () => {
    const ENDS = { end: ['denied'] };

    it('ends when its subject is denied, and the others go on', async () => {
      await using daemon = await on.start(ENDS);
      const [denied, other] = [await on.open(LONG), await on.open(LONG, { role: TWO })];
      await on.host.installation.writeConfig(
        writeIssuersYAML(
          [on.entry(ENDS, { deny: { subjects: [`system:serviceaccount:${ONE}`] } })],
          on.top(),
        ),
      );
      expect(await denied.ended()).toMatchObject({ code: ADMIN_SHUTDOWN });
      expect(await untilEnds(daemon)).toMatchObject([
        { cause: 'denied', code: 'ERR_DENY_LISTED', pid: denied.pid, role: ONE },
      ]);
      await delay(1500);
      expect(other.isOpen()).toBe(true);
      await other.close();
    });

    it.each<[what: string, entry: Readonly<Record<string, unknown>>, code: string]>([
      [
        'its role is no longer permitted',
        { roles: [{ claim: 'groups' }] },
        'ERR_ROLE_NOT_PERMITTED',
      ],
      [
        'its claims are no longer accepted',
        { claimValidationRules: [{ claim: 'email', pattern: '.*' }] },
        'ERR_CLAIM_MISSING',
      ],
      [
        'its service is no longer meant',
        { pam: { services: ['other'] } },
        'ERR_SERVICE_NOT_PERMITTED',
      ],
    ])('ends when %s', async (_what, more, code) => {
      await using daemon = await on.start(ENDS);
      const session = await on.open(LONG);
      await on.host.installation.writeConfig(writeIssuersYAML([on.entry(ENDS, more)], on.top()));
      daemon.signal('SIGHUP');
      await session.ended();
      expect(await untilEnds(daemon)).toMatchObject([{ code }]);
    });

    it('ends when its key is withdrawn, and not when the issuer has merely one more', async () => {
      const cache = { refreshInterval: '1s', unknownKeyCooldown: '1s' };
      await using daemon = await on.start(ENDS, { cache });
      const kept = await on.open(LONG);
      const key = await on.issuer.addKey('ES256');
      const withdrawn = await on.open(LONG, { key: key.kid });
      await delay(3000);
      expect([kept.isOpen(), withdrawn.isOpen()]).toEqual([true, true]);
      on.issuer.removeKey(key.kid);
      await withdrawn.ended();
      expect(await untilEnds(daemon)).toMatchObject([{ code: 'ERR_KEY_UNKNOWN' }]);
      await delay(1500);
      expect(kept.isOpen()).toBe(true);
      await kept.close();
    });

    it('goes on while the issuer is away, and while issuers.yaml cannot be used', async () => {
      const cache = { refreshInterval: '1s', maxStale: '2s', unknownKeyCooldown: '1s' };
      await using daemon = await on.start(ENDS, { cache });
      const session = await on.open(LONG);
      await on.issuer.fail('refuse');
      await delay(4000);
      await on.issuer.recover();
      await on.host.installation.writeConfig('apiVersion: pgtoken/v1\nissuers: 7\n');
      daemon.signal('SIGHUP');
      await daemon.waitForLine('the configuration is invalid, the last good one stays in force');
      await delay(1500);
      expect(session.isOpen()).toBe(true);
      expect(endsOf(daemon)).toEqual([]);
      await session.close();
    });
  });

  describe('a session that is too old', () => {
    it('ends, whatever its token says', async () => {
      await using daemon = await on.start({ maxLifetime: '3s' });
      const session = await on.open(LONG);
      const { at } = await session.ended();
      expect(at - session.since).toBeGreaterThanOrEqual(2800);
      expect(at - session.since).toBeLessThanOrEqual(3000 + PATIENCE);
      expect(await untilEnds(daemon)).toMatchObject([
        {
          cause: 'maxLifetime',
        },
      ]);
    });
  });

  describe('a newer login of the same subject', () => {
    it('prolongs its older sessions as the same role, where that is written', async () => {
      const ends = { end: ['expired'], grace: '0s', atLeast: '0s' };
      await using _daemon = await on.start({ ...ends, renew: true });
      const [older, other] = [await on.open(4), await on.open(4, { role: TWO })];
      const newer = await on.open(10);
      await other.ended();
      await delay(1000);
      expect(older.isOpen()).toBe(true);
      await Promise.all([older.ended(), newer.ended()]);
    });
  });

  describe('a daemon that is started again', () => {
    it.each(['SIGTERM', 'SIGKILL'] as const)(
      'ends what the one before let in, after %s',
      async (signal) => {
        const ends = { end: ['expired'], grace: '0s', atLeast: '0s' };
        let session: HeldSession;
        {
          await using daemon = await on.start(ends);
          session = await on.open(6);
          await delay(700);
          daemon.signal(signal);
          await daemon.ended;
        }
        await using daemon = await on.start(ends);
        const { at } = await session.ended();
        expect(at - session.since).toBeGreaterThanOrEqual(4800);
        expect(at - session.since).toBeLessThanOrEqual(6000 + PATIENCE);
        expect(await untilEnds(daemon)).toMatchObject([
          {
            pid: session.pid,
          },
        ]);
      },
    );
  });

  describe('what is out of reach', () => {
    it('is told of: the session of a superuser', async () => {
      await using daemon = await on.start({ end: ['expired'], grace: '0s', atLeast: '0s' });
      await on.host.cluster.sql('alter role "foo:three" superuser');
      const session = await on.open(2, { role: ROLES[2] });
      expect(await daemon.waitForLine('a session will not be ended')).toMatchObject({
        level: 'warn',
        pid: session.pid,
        reason: 'its role is a superuser, whose sessions only superusers end',
      });
      await delay(3000);
      expect(session.isOpen()).toBe(true);
      await session.close();
      await on.host.cluster.sql('alter role "foo:three" nosuperuser');
    });

    it.each(['pg_signal_backend', 'pg_read_all_stats'])(
      'is told of: sessions of a server where the daemon lacks %s; they end once it has it',
      async (right) => {
        const peer = /user=(\S+)/.exec(on.host.connection)?.[1] ?? '';
        await on.host.cluster.sql(`revoke ${right} from "${peer}"`);
        await using daemon = await on.start({ end: ['expired'], grace: '0s', atLeast: '0s' });
        const session = await on.open(2);
        expect(
          await daemon.waitForLine(
            'the server cannot be asked: its sessions, and those that are opened meanwhile, go on',
          ),
        ).toMatchObject({
          level: 'error',
          server: 'main',
          hint: 'Let a superuser run what "pgtoken database sql" prints.',
        });
        expect(session.isOpen()).toBe(true);
        expect(
          await tryLogin(on.host.cluster, {
            role: ONE,
            password: await on.issuer.mint({ sub: `system:serviceaccount:${ONE}` }),
          }),
        ).toBe('granted');
        await on.host.cluster.sql(`grant ${right} to "${peer}"`);
        await session.ended();
      },
    );
  });

  describe('other sessions', () => {
    it('of the same role, that were open before the entry had sessions, are never ended', async () => {
      const { sessions: _none, ...withoutSessions } = on.entry({});
      const before = await on.host.startDaemon({ issuers: [withoutSessions], top: on.top() });
      const old = await on.open(2);
      await before.stop();
      await using _daemon = await on.start({
        end: ['expired', 'denied'],
        grace: '0s',
        atLeast: '0s',
        maxLifetime: '3s',
      });
      const session = await on.open(2);
      await session.ended();
      await delay(2000);
      expect(old.isOpen()).toBe(true);
      await old.close();
    });
  });
}
