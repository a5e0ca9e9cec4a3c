// Sessions from grant to end, without a server: which ends when, and which never does. One that should go on and does not is
// worse than the other way round.
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import {
  AWAY,
  createSessionWorld,
  entryOf,
  keySetOf,
  NO_RIGHT,
  policyOf,
  type SessionWorld,
} from './session-world.ts';

let world: SessionWorld;
let folder: TemporaryFolder | undefined;

function begin(
  sessions: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
  servers?: readonly string[],
): void {
  world = createSessionWorld();
  world.usePolicy(policyOf([entryOf(sessions, more)], servers));
}

async function beginWithJournal(sessions: Readonly<Record<string, unknown>>): Promise<void> {
  folder = await createTemporaryFolder('sessions');
  world = createSessionWorld(join(folder.path, 'run', 'sessions'));
  world.usePolicy(policyOf([entryOf(sessions)]));
}

afterEach(async () => {
  await world.dispose();
  if (world.told.failures.length > 0)
    throw new AggregateError(world.told.failures, 'a watcher failed');
  vi.restoreAllMocks();
  await folder?.remove();
  folder = undefined;
});

const EXPIRED = { end: ['expired'], grace: '0s', atLeast: '0s' };
const DENIED = { end: ['denied'] };
const causes = (): unknown[] =>
  world.told.ended.map(({ session: { pid }, reason: { cause, refusal } }) =>
    refusal === undefined ? [pid, cause] : [pid, cause, refusal.code],
  );
const pidsOf = (server = 'main'): number[] => world.serverOf(server).backends.map(({ pid }) => pid);

describe('a session whose token expires', () => {
  it('ends at exp and grace, not before, and is told of once', async () => {
    begin({ ...EXPIRED, grace: '30s' });
    world.login({ pid: 100, expiresIn: 60 });
    await world.pass(89.5);
    expect(world.main.ended).toEqual([]);
    await world.pass(1.5);
    expect(pidsOf()).toEqual([]);
    await world.pass(60);
    expect(causes()).toEqual([[100, 'expired']]);
    expect(await world.watcher.list()).toEqual([]);
  });

  it('lasts for atLeast in any case: five minutes with a token of one', async () => {
    begin({ ...EXPIRED, atLeast: '5m' });
    world.login({ pid: 100, expiresIn: 60 });
    await world.pass(299.5);
    expect(pidsOf()).toEqual([100]);
    await world.pass(1.5);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('goes on where the entry ends none, whatever else it says of sessions', async () => {
    begin({ end: [] });
    world.login({ pid: 100, expiresIn: 1 });
    await world.pass(900);
    expect(pidsOf()).toEqual([100]);
  });

  it('is ended right after the login where its end comes while it is still inside PAM', async () => {
    begin(EXPIRED);
    const backend = world.login({ pid: 100, expiresIn: 2, isVisible: false });
    await world.pass(20);
    expect(world.main.ended).toEqual([]);
    backend.isVisible = true;
    await world.pass(17);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('that does not go when it is told to is told again, and recorded once', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 2 }).isStuck = true;
    await world.pass(12);
    expect(causes()).toEqual([[100, 'expired']]);
    expect(world.main.ended.length).toBeGreaterThan(2);
    expect(world.main.ended.length).toBeLessThan(8);
  });
});

describe('many sessions, each with its time', () => {
  it('end each within a second of it, whenever they came, and none before', async () => {
    const login = fc.record({
      after: fc.integer({ min: 0, max: 40 }),
      expiresIn: fc.integer({ min: 2, max: 200 }),
    });
    const maxLifetime = fc.integer({ min: 2, max: 200 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(login, { minLength: 1, maxLength: 8 }),
        maxLifetime,
        async (logins, longest) => {
          begin({ ...EXPIRED, maxLifetime: `${longest}s` });
          const due = new Map<number, number>();
          for (const [index, { after, expiresIn }] of logins.entries()) {
            await world.pass(after);
            world.login({ pid: 100 + index, expiresIn });
            due.set(100 + index, world.uptime() + Math.min(expiresIn, longest));
          }
          await world.pass(210);
          const late = world.main.ended.map(({ pid, at }) => at - (due.get(pid) ?? Number.NaN));
          expect(late).toHaveLength(logins.length);
          // What is added up in tenths of a second is not exact.
          expect(Math.min(...late)).toBeGreaterThan(-0.01);
          expect(Math.max(...late)).toBeLessThan(1.2);
          await world.dispose();
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('another session of the same process ID', () => {
  it('is left alone that took it between grant and look-up', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 2, isGone: true });
    await world.pass(0.2);
    // Started long after the grant, for the look at which it is found.
    world.addBackend({ pid: 100 }, -1.1);
    await world.pass(200);
    expect(pidsOf()).toEqual([100]);
    expect(causes()).toEqual([]);
  });

  it('is left alone that took it after the session was seen', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.main.backends.pop();
    world.addBackend({ pid: 100 });
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
    expect(causes()).toEqual([]);
  });

  it('is left alone where it has another role', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 2, isGone: true });
    world.addBackend({ pid: 100, role: 'foo:other' });
    await world.pass(200);
    expect(pidsOf()).toEqual([100]);
  });

  it('on another server is left alone: which one it is says the address of the client', async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.addBackend({ server: 'other', pid: 100, address: '10.0.0.8' });
    world.login({ pid: 100, address: '10.0.0.7', expiresIn: 2 });
    await world.pass(60);
    expect([pidsOf(), pidsOf('other')]).toEqual([[], [100]]);
  });

  it('on another server makes a session that is of neither for certain, and neither ends', async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.addBackend({ server: 'other', pid: 100, address: '10.0.0.7' });
    world.login({ pid: 100, address: '10.0.0.7', expiresIn: 2 });
    await world.pass(60);
    expect([pidsOf(), pidsOf('other')]).toEqual([[100], [100]]);
    expect(world.told.outOfReach).toMatchObject([
      { session: { pid: 100 }, reason: 'several servers have a backend that may be it' },
    ]);
  });

  it('on another server, that is known already, is not taken for a login that is not seen yet', async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.login({ server: 'other', pid: 100, expiresIn: 500 });
    await world.pass(10);
    const inPAM = world.login({ pid: 100, expiresIn: 20, isVisible: false });
    await world.pass(10);
    inPAM.isVisible = true;
    await world.pass(60);
    expect([pidsOf(), pidsOf('other')]).toEqual([[], [100]]);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('on another server is not taken for it while its own server does not answer', async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.addBackend({ server: 'other', pid: 100 });
    world.main.fails = AWAY;
    world.login({ pid: 100, expiresIn: 2 });
    await world.pass(60);
    expect([pidsOf(), pidsOf('other')]).toEqual([[100], [100]]);
    expect(world.told.states).toEqual([{ server: 'main', error: 'connect ECONNREFUSED' }]);
  });
});

describe('a backend that asks twice', () => {
  it('is one session, by the last grant', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 30 });
    await world.pass(0.1);
    world.grant({ pid: 100, expiresIn: 60 });
    await world.pass(5);
    expect(await world.watcher.list()).toMatchObject([{ session: { pid: 100, id: 2 } }]);
    await world.pass(50);
    expect(pidsOf()).toEqual([100]);
    await world.pass(10);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('is not ended for what its first grant was to end for', async () => {
    begin(EXPIRED);
    const backend = world.login({ pid: 100, expiresIn: 1, isVisible: false });
    await world.pass(0.1);
    world.grant({ pid: 100, expiresIn: 600 });
    await world.pass(1.5);
    backend.isVisible = true;
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });
});

describe('the wall clock', () => {
  it.each([3600, -3600])(
    'set by %i s, and right again within a minute, ends nobody',
    async (step) => {
      begin(EXPIRED);
      world.login({ pid: 100, expiresIn: 600 });
      await world.pass(5);
      world.setClock(step);
      await world.pass(50);
      world.setClock(0);
      await world.pass(300);
      expect(pidsOf()).toEqual([100]);
      await world.pass(260);
      expect(causes()).toEqual([[100, 'expired']]);
    },
  );

  it('set an hour forward has expired tokens once it has stood for a minute, and no session before its atLeast', async () => {
    begin({ ...EXPIRED, atLeast: '5m' });
    world.login({ pid: 100, expiresIn: 600 });
    await world.pass(5);
    world.setClock(3600);
    await world.pass(290);
    expect(pidsOf()).toEqual([100]);
    await world.pass(10);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('has no part in maxLifetime', async () => {
    begin({ maxLifetime: '10m' });
    world.login({ pid: 100, expiresIn: 60 });
    world.setClock(3600);
    await world.pass(590);
    expect(pidsOf()).toEqual([100]);
    await world.pass(15);
    expect(causes()).toEqual([[100, 'maxLifetime']]);
  });

  it.each([3600, -3600])('set by %i s while the daemon was away ends nobody', async (step) => {
    await beginWithJournal(EXPIRED);
    world.login({ pid: 100, expiresIn: 600 });
    await world.pass(5);
    world.setClock(step);
    await world.restart();
    await world.pass(50);
    world.setClock(0);
    await world.pass(100);
    expect(pidsOf()).toEqual([100]);
    await world.pass(460);
    expect(causes()).toEqual([[100, 'expired']]);
  });
});

describe('a session that would not be granted again', () => {
  const deny = { deny: { subjects: ['system:serviceaccount:foo:myservice'] } };

  it('ends after a reload, and the others go on', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    world.login({ pid: 101, role: 'foo:other' });
    await world.pass(3);
    world.usePolicy(policyOf([entryOf(DENIED, deny)]));
    await world.pass(2);
    expect(causes()).toEqual([[100, 'denied', 'ERR_DENY_LISTED']]);
    expect(pidsOf()).toEqual([101]);
  });

  it('goes on where the entry does not end those', async () => {
    begin(EXPIRED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.usePolicy(policyOf([entryOf(EXPIRED, deny)]));
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });

  it('ends when it has been found, where it was denied before', async () => {
    begin(DENIED);
    const backend = world.login({ pid: 100, isVisible: false });
    world.usePolicy(policyOf([entryOf(DENIED, deny)]));
    await world.pass(5);
    expect(causes()).toEqual([]);
    backend.isVisible = true;
    await world.pass(5);
    expect(causes()).toEqual([[100, 'denied', 'ERR_DENY_LISTED']]);
  });

  it('ends where the policy was replaced between decision and grant', async () => {
    begin(DENIED);
    const before = policyOf([entryOf(DENIED)]);
    world.usePolicy(policyOf([entryOf(DENIED, deny)]));
    world.login({ pid: 101, role: 'foo:other' });
    await world.pass(5);
    world.addBackend({ pid: 100 });
    world.grant({ pid: 100 }, before);
    await world.pass(2);
    expect(causes()).toEqual([[100, 'denied', 'ERR_DENY_LISTED']]);
  });

  it('ends where its entry was taken away', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.usePolicy(
      policyOf([
        entryOf(DENIED, { name: 'b', issuer: { url: 'https://b.example', audiences: ['b'] } }),
      ]),
    );
    await world.pass(2);
    expect(causes()).toEqual([[100, 'denied', 'ERR_ISSUER_UNKNOWN']]);
  });

  it('goes on where its entry has another name now, and still ends when its token expires', async () => {
    const both = { ...EXPIRED, end: ['expired', 'denied'] };
    begin(both);
    world.login({ pid: 100 });
    await world.pass(3);
    world.usePolicy(policyOf([entryOf(both, { name: 'renamed' })]));
    await world.pass(590);
    expect(pidsOf()).toEqual([100]);
    await world.pass(10);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('goes on where the denial is taken back before its server answers again', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.main.fails = AWAY;
    world.usePolicy(policyOf([entryOf(DENIED, deny)]));
    await world.pass(30);
    world.usePolicy(policyOf([entryOf(DENIED)]));
    world.main.fails = undefined;
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
    expect(causes()).toEqual([]);
  });

  it('goes on where the denial is taken back while the sessions before it in the row end', async () => {
    begin(DENIED, { deny: { subjects: [] } });
    for (let pid = 1; pid <= 200; pid += 1) world.login({ pid });
    await world.pass(3);
    world.usePolicy(policyOf([entryOf(DENIED, deny)]));
    await world.pass(0.8);
    world.usePolicy(policyOf([entryOf(DENIED)]));
    const left = pidsOf().length;
    expect(left).toBeGreaterThan(25);
    await world.pass(20);
    expect(pidsOf().length).toBeGreaterThanOrEqual(left - 25);
  });
});

describe('the keys of an issuer', () => {
  it('that are other ones now end the sessions of those that are gone', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.setKeys(() => keySetOf('other-es256'));
    await world.pass(2);
    expect(causes()).toEqual([[100, 'denied', 'ERR_KEY_UNKNOWN']]);
  });

  it('that are not known end nobody', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.setKeys(() => undefined);
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });

  it('of another issuer are no concern', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.setKeys(() => keySetOf('other-es256'), 'another');
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });

  it('that change after the decision and before the grant is taken end the session', async () => {
    begin(DENIED);
    world.setKeys(() => keySetOf('other-es256'));
    await world.pass(3);
    world.login({ pid: 100 });
    await world.pass(3);
    expect(causes()).toEqual([[100, 'denied', 'ERR_KEY_UNKNOWN']]);
  });

  it('that are back before the session was found let it go on', async () => {
    begin(DENIED);
    const backend = world.login({ pid: 100, isVisible: false });
    world.setKeys(() => keySetOf('other-es256'));
    await world.pass(3);
    world.setKeys(() => keySetOf('cluster-es256'));
    await world.pass(3);
    backend.isVisible = true;
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });

  it('that are gone once the token has expired anyway end nobody', async () => {
    begin(DENIED);
    world.login({ pid: 100, expiresIn: 60 });
    await world.pass(120);
    world.setKeys(() => keySetOf('other-es256'));
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });
});

describe('a newer login of the same subject', () => {
  const RENEW = { ...EXPIRED, renew: true };

  it('prolongs the older ones as the same role, and no others', async () => {
    begin(RENEW);
    world.login({ pid: 100, expiresIn: 60 });
    world.login({ pid: 101, role: 'foo:other', expiresIn: 60 });
    await world.pass(30);
    world.login({ pid: 102, expiresIn: 600 });
    await world.pass(60);
    expect(pidsOf()).toEqual([100, 102]);
    await world.pass(560);
    expect(pidsOf()).toEqual([]);
  });

  it('prolongs nothing where that is not written, and never shortens', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 60 });
    await world.pass(30);
    world.login({ pid: 102, expiresIn: 600 });
    await world.pass(60);
    expect(pidsOf()).toEqual([102]);
    world.usePolicy(policyOf([entryOf(RENEW)]));
    world.login({ pid: 103, expiresIn: 10 });
    await world.pass(60);
    expect(pidsOf()).toEqual([102]);
  });

  it('prolongs nothing while it has not become a session', async () => {
    begin(RENEW);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.login({ pid: 102, expiresIn: 600, isGone: true });
    await world.pass(30);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('prolongs also what was to end and could not, as its server was away', async () => {
    begin(RENEW);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.main.failsToEnd = AWAY;
    await world.pass(20);
    expect(world.main.counts.end).toBeGreaterThan(0);
    world.login({ pid: 102, expiresIn: 600 });
    await world.pass(5);
    world.main.failsToEnd = undefined;
    await world.pass(60);
    expect(pidsOf()).toEqual([100, 102]);
  });
});

describe('a session that waits for its end, as its server is away', () => {
  it('ends once its time is over again, where the clock goes back meanwhile', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.main.failsToEnd = AWAY;
    await world.pass(20);
    expect(world.main.counts.end).toBeGreaterThan(0);
    world.setClock(-30);
    await world.pass(5);
    world.main.failsToEnd = undefined;
    await world.pass(120);
    expect(causes()).toEqual([[100, 'expired']]);
  });
});

describe('a server that gets another name', () => {
  it('keeps its sessions, which end in time', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.usePolicy(policyOf([entryOf(EXPIRED)], [{ name: 'new', host: '/run/main' }]));
    await world.pass(5);
    expect(await world.watcher.list()).toMatchObject([{ session: { place: { server: 'new' } } }]);
    await world.pass(30);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it("keeps its sessions also where two have each other's", async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.login({ pid: 100, expiresIn: 20 });
    world.addBackend({ server: 'other', pid: 200 });
    await world.pass(5);
    world.usePolicy(
      policyOf(
        [entryOf(EXPIRED)],
        [
          { name: 'other', host: '/run/main' },
          { name: 'main', host: '/run/other' },
        ],
      ),
    );
    await world.pass(30);
    expect(causes()).toEqual([[100, 'expired']]);
    expect(pidsOf('other')).toEqual([200]);
  });

  it('and one that is taken out keeps nothing waiting: its sessions end once it is back', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.usePolicy(policyOf([entryOf(EXPIRED)], ['other']));
    await world.pass(60);
    expect(causes()).toEqual([]);
    world.usePolicy(policyOf([entryOf(EXPIRED)]));
    await world.pass(10);
    expect(causes()).toEqual([[100, 'expired']]);
  });
});

describe('a login whose entry is taken away while it is decided', () => {
  it('is a session by what the entry said, also where it is the only one', async () => {
    begin(EXPIRED);
    const before = policyOf([entryOf(EXPIRED)]);
    world.usePolicy(policyOf([entryOf(EXPIRED, { name: 'another' })]));
    world.addBackend({ pid: 100 });
    world.grant({ pid: 100, expiresIn: 20 }, before);
    await world.pass(40);
    expect(causes()).toEqual([[100, 'expired']]);
  });
});

describe('a longer grace that comes while a server is away', () => {
  it('lets sessions go on that were to end', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 10 });
    await world.pass(5);
    world.main.fails = AWAY;
    await world.pass(30);
    world.usePolicy(policyOf([entryOf({ ...EXPIRED, grace: '10m' })]));
    world.main.fails = undefined;
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
  });
});

describe('500 sessions that end in one second', () => {
  it('are spread: the oldest first, at most 25 with a statement, all within three seconds', async () => {
    begin(EXPIRED);
    for (let pid = 1; pid <= 500; pid += 1) world.login({ pid, expiresIn: 30 });
    await world.pass(29.5);
    expect(world.main.ended).toEqual([]);
    const begun = world.uptime();
    await world.pass(5);
    expect(world.main.ended.map(({ pid }) => pid)).toEqual(
      Array.from({ length: 500 }, (_, at) => at + 1),
    );
    const times = world.main.ended.map(({ at }) => at - begun);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(1.8);
    expect(times.at(-1)).toBeLessThan(3.5);
    expect(world.main.counts.end).toBe(20);
    expect(Math.max(...[...Map.groupBy(times, String).values()].map(({ length }) => length))).toBe(
      25,
    );
    await world.pass(10);
    expect(causes()).toHaveLength(500);
  });
});

describe('a server', () => {
  it('that is away and back loses no end, and is told of once each way', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 10 });
    await world.pass(5);
    world.main.fails = AWAY;
    await world.pass(60);
    expect(pidsOf()).toEqual([100]);
    world.main.fails = undefined;
    await world.pass(20);
    expect(causes()).toEqual([[100, 'expired']]);
    expect(world.told.states).toEqual([
      { server: 'main', error: 'connect ECONNREFUSED' },
      { server: 'main', error: undefined },
    ]);
  });

  it('that is away when the login is looked for finds it later', async () => {
    begin(EXPIRED);
    world.main.fails = AWAY;
    world.login({ pid: 100, expiresIn: 400 });
    await world.pass(300);
    world.main.fails = undefined;
    await world.pass(110);
    expect(causes()).toEqual([[100, 'expired']]);
  });

  it('that was started again has none of the sessions any more', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 100 });
    await world.pass(5);
    world.main.backends.length = 0;
    await world.pass(5);
    world.addBackend({ pid: 100 });
    await world.pass(200);
    expect(pidsOf()).toEqual([100]);
    expect(await world.watcher.list()).toEqual([]);
  });

  it('that does not let sessions be ended is told of once, asked seldom, and not taken for well meanwhile', async () => {
    begin(EXPIRED);
    world.main.failsToEnd = NO_RIGHT;
    world.login({ pid: 100, expiresIn: 10 });
    await world.pass(60);
    // Looks at other logins succeed all the while.
    for (let pid = 200; pid < 220; pid += 1) {
      world.login({ pid, expiresIn: 900 });
      await world.pass(3);
    }
    expect(world.told.states).toEqual([
      { server: 'main', error: 'permission denied to terminate process' },
    ]);
    expect(world.watcher.status().servers).toEqual(new Map([['main', false]]));
    expect(world.main.counts.end).toBeLessThan(15);
    world.main.failsToEnd = undefined;
    await world.pass(20);
    expect(causes()).toEqual([[100, 'expired']]);
    expect(world.told.states.at(-1)).toEqual({ server: 'main', error: undefined });
  });

  it('that is well again after it was away in the middle of ending is told of, though nothing is left to end', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 10 });
    world.login({ pid: 101, expiresIn: 900 });
    await world.pass(5);
    world.main.failsToEnd = AWAY;
    await world.pass(6);
    world.main.backends.shift();
    await world.pass(60);
    expect(world.told.states).toEqual([
      { server: 'main', error: 'connect ECONNREFUSED' },
      { server: 'main', error: undefined },
    ]);
  });

  it('that is no longer in issuers.yaml is left', async () => {
    begin(EXPIRED, {}, ['main', 'other']);
    world.login({ pid: 100, expiresIn: 20 });
    world.login({ server: 'other', pid: 101, expiresIn: 20 });
    await world.pass(5);
    world.usePolicy(policyOf([entryOf(EXPIRED)], ['main']));
    expect(world.serverOf('other').isClosed()).toBe(true);
    await world.pass(60);
    expect([pidsOf(), pidsOf('other')]).toEqual([[], [101]]);
  });
});

describe('a superuser', () => {
  const REASON = 'its role is a superuser, whose sessions only superusers end';

  it('is told of, and never ended', async () => {
    begin(EXPIRED);
    world.login({ pid: 100, expiresIn: 2, isSuperuser: true });
    await world.pass(60);
    expect(world.told.outOfReach).toMatchObject([{ session: { pid: 100 }, reason: REASON }]);
    expect(world.main.counts.end).toBe(0);
    expect(pidsOf()).toEqual([100]);
  });

  it('since the login is told of when the end comes', async () => {
    begin(EXPIRED);
    const backend = world.login({ pid: 100, expiresIn: 10 });
    await world.pass(5);
    backend.isSuperuser = true;
    await world.pass(60);
    expect(world.told.outOfReach).toMatchObject([
      { reason: 'its role is a superuser by now, whose sessions only superusers end' },
    ]);
    expect(causes()).toEqual([]);
  });
});

describe('an administrator', () => {
  it('ends the sessions of these numbers, and no others', async () => {
    begin({});
    world.login({ pid: 100 });
    world.login({ pid: 101 });
    const hidden = world.login({ pid: 102, isVisible: false });
    await world.pass(3);
    expect(world.watcher.end([1, 3, 99])).toEqual([1]);
    await world.pass(3);
    expect(causes()).toEqual([[100, 'administrator']]);
    hidden.isVisible = true;
    await world.pass(30);
    expect(pidsOf()).toEqual([101, 102]);
  });

  it('ends what a reload would let go on', async () => {
    begin(DENIED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.main.failsToEnd = AWAY;
    world.watcher.end([1]);
    await world.pass(3);
    world.usePolicy(policyOf([entryOf(DENIED)]));
    world.main.failsToEnd = undefined;
    await world.pass(20);
    expect(causes()).toEqual([[100, 'administrator']]);
  });

  it('is shown sessions within two seconds, although a server hangs', async () => {
    begin(EXPIRED);
    world.login({ pid: 100 });
    await world.pass(3);
    world.main.hangs = true;
    vi.useRealTimers();
    const since = performance.now();
    expect(await world.watcher.list()).toMatchObject([{ session: { pid: 100 } }]);
    expect(performance.now() - since).toBeLessThan(4000);
  });
});

describe('a register that is full', () => {
  it(
    'gives up logins that nobody has found, and takes those that come',
    { timeout: 120_000 },
    async () => {
      begin(EXPIRED);
      world.main.hangs = false;
      for (let pid = 1; pid <= 19_999; pid += 1) world.grant({ pid, isGone: true });
      world.login({ pid: 30_000, expiresIn: 60 });
      world.grant({ pid: 30_001 });
      expect(world.told.outOfReach).toMatchObject([
        { session: { pid: 30_001, id: 0 }, reason: 'too many sessions are known' },
      ]);
      await world.pass(6);
      world.login({ pid: 30_002, expiresIn: 60 });
      expect(world.told.outOfReach).toHaveLength(1);
      await world.pass(70);
      expect(causes()).toEqual([
        [30_000, 'expired'],
        [30_002, 'expired'],
      ]);
    },
  );
});

describe('a daemon that is started again', () => {
  it('ends what the one before let in, found or not, by the time since the login', async () => {
    await beginWithJournal({ ...EXPIRED, maxLifetime: '2m' });
    world.login({ pid: 100, expiresIn: 60 });
    await world.pass(5);
    world.login({ pid: 101, expiresIn: 600 });
    await world.restart();
    await world.pass(50);
    expect(pidsOf()).toEqual([100, 101]);
    await world.pass(10);
    expect(causes()).toEqual([[100, 'expired']]);
    await world.pass(55);
    expect(pidsOf()).toEqual([101]);
    await world.pass(10);
    expect(causes()).toEqual([
      [100, 'expired'],
      [101, 'maxLifetime'],
    ]);
  });

  it('knows of what was prolonged, and gives no number twice', async () => {
    await beginWithJournal({ ...EXPIRED, renew: true });
    world.login({ pid: 100, expiresIn: 20 });
    await world.pass(5);
    world.login({ pid: 101, expiresIn: 600 });
    await world.pass(5);
    await world.restart();
    world.login({ pid: 102, expiresIn: 600 });
    await world.pass(60);
    expect(await world.watcher.list()).toMatchObject([
      { session: { id: 1, pid: 100 } },
      { session: { id: 2, pid: 101 } },
      { session: { id: 3, pid: 102 } },
    ]);
  });

  it('does not take a session that the one before had found for a new login', async () => {
    await beginWithJournal(EXPIRED);
    world.login({ pid: 100, expiresIn: 600 });
    await world.pass(5);
    await world.restart();
    await world.pass(5);
    world.grant({ pid: 100, expiresIn: 10 });
    await world.pass(200);
    expect(pidsOf()).toEqual([100]);
  });
});

it('a watcher that is stopped asks servers nothing more', async () => {
  begin(EXPIRED);
  world.login({ pid: 100, expiresIn: 5 });
  await world.pass(3);
  await world.watcher.stop();
  const counts = { ...world.main.counts };
  await world.pass(60);
  expect(world.main.counts).toEqual(counts);
  expect(world.main.isClosed()).toBe(true);
});

it('asks servers nothing while there are no sessions', async () => {
  begin(EXPIRED);
  await world.pass(60);
  expect(world.main.counts).toEqual({ see: 0, end: 0 });
  expect(world.watcher.status()).toEqual({
    sessions: new Map([['cluster', 0]]),
    servers: new Map(),
  });
});

it('counts sessions by their entries', async () => {
  begin(EXPIRED);
  world.login({ pid: 100 });
  world.login({ pid: 101, isVisible: false });
  await world.pass(3);
  expect(world.watcher.status()).toEqual({
    sessions: new Map([['cluster', 1]]),
    servers: new Map([['main', true]]),
  });
});
