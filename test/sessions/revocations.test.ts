// Sessions whose pod or service account is gone. What the API server does not say, in so many words, ends nothing.
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { BoundObject, ObjectAnswer } from '../../src/review/bound-object.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createSessionWorld, entryOf, policyOf, type SessionWorld } from './session-world.ts';

let world: SessionWorld;

const REVIEW = {
  url: 'https://k8s.example.com',
  bearerTokenFile: 't',
  onError: 'deny',
  recheckEvery: '1m',
};
const REVOKED = { end: ['revoked'] };
const AWAY: ObjectAnswer = { state: 'unknown', reason: 'no answer in time', isOfThisAlone: false };
const ODD: ObjectAnswer = { state: 'unknown', reason: 'too long', isOfThisAlone: true };

function begin(sessions = REVOKED, review: object | undefined = REVIEW): void {
  world = createSessionWorld();
  world.usePolicy(policyOf([entryOf(sessions, review === undefined ? {} : { review })]));
}

function boundTo(pod: string | undefined, account = 'myservice') {
  return {
    'kubernetes.io': {
      namespace: 'foo',
      serviceaccount: { name: account, uid: `uid-of-${account}` },
      ...(pod === undefined ? {} : { pod: { name: pod, uid: `uid-of-${pod}` } }),
    },
  };
}

function logIn(pid: number, pod: string | undefined, account?: string): void {
  world.login({ pid, expiresIn: 86_400, claims: boundTo(pod, account) });
}

/** These are gone, and the others there. */
function setGone(...names: readonly string[]): void {
  world.setObjects(({ name }: BoundObject) => ({ state: names.includes(name) ? 'gone' : 'there' }));
}

const causes = (): unknown[] =>
  world.told.ended.map(({ session: { pid }, reason: { cause, refusal } }) => [
    pid,
    cause,
    refusal?.code,
    refusal?.message,
  ]);
const pids = (): number[] => world.main.backends.map(({ pid }) => pid);
const namesLookedAt = (): string[] => world.told.looks.map(({ what }) => what);

afterEach(async () => {
  await world.dispose();
  if (world.told.failures.length > 0) throw new AggregateError(world.told.failures, 'it failed');
});

describe('a session whose pod is gone', () => {
  it('ends with the next look, and no other does', async () => {
    begin();
    logIn(100, 'web-0');
    logIn(101, 'web-1');
    await world.pass(150);
    expect(pids()).toEqual([100, 101]);
    setGone('web-0');
    await world.pass(62);
    expect(pids()).toEqual([101]);
    expect(causes()).toEqual([
      [100, 'revoked', 'ERR_TOKEN_REVOKED', 'pod "foo/web-0" is gone, or was made again'],
    ]);
    await world.pass(300);
    expect(pids()).toEqual([101]);
  });

  it('ends with all others of the same pod, for which it is asked for once', async () => {
    begin();
    for (const pid of [100, 101, 102]) logIn(pid, 'web-0');
    await world.pass(100);
    expect(namesLookedAt().toSorted()).toEqual(['pods web-0', 'serviceaccounts myservice']);
    setGone('web-0');
    await world.pass(62);
    expect(pids()).toEqual([]);
  });

  it('ends in a daemon that was started again', async () => {
    await using folder = await createTemporaryFolder('revocations');
    world = createSessionWorld(join(folder.path, 'sessions'));
    world.usePolicy(policyOf([entryOf(REVOKED, { review: REVIEW })]));
    logIn(100, 'web-0');
    await world.pass(5);
    setGone('web-0');
    await world.restart();
    await world.pass(62);
    expect(pids()).toEqual([]);
    await world.watcher.stop();
  });
});

it('all sessions of a service account that is gone end, whatever their pods', async () => {
  begin();
  logIn(100, 'web-0');
  logIn(101, 'web-1');
  logIn(102, 'job-0', 'other');
  logIn(103, undefined);
  setGone('myservice');
  await world.pass(70);
  expect(pids()).toEqual([102]);
  expect(causes()).toContainEqual([
    103,
    'revoked',
    'ERR_TOKEN_REVOKED',
    'service account "foo/myservice" is gone, or was made again',
  ]);
});

describe('no session ends', () => {
  it('while the API server does not answer, and it is asked ever more seldom, told of once', async () => {
    begin();
    logIn(100, 'web-0');
    world.setObjects(() => AWAY);
    await world.pass(1200);
    expect(pids()).toEqual([100]);
    expect(world.told.recheckStates).toEqual([
      'pods no answer in time',
      'serviceaccounts no answer in time',
    ]);
    expect(world.told.looks.length).toBeLessThan(60);
    setGone();
    await world.pass(130);
    expect(world.told.recheckStates.slice(2).toSorted()).toEqual([
      'pods again',
      'serviceaccounts again',
    ]);
  });

  it('for the want of a right to look at pods; service accounts are looked at all the same', async () => {
    begin();
    logIn(100, 'web-0');
    logIn(101, 'web-1', 'other');
    world.setObjects(({ kind, name }) =>
      kind === 'pods' ? AWAY : { state: name === 'other' ? 'gone' : 'there' },
    );
    await world.pass(300);
    expect(pids()).toEqual([100]);
  });

  it('while an answer does not come, and those of their time go on ending', async () => {
    world = createSessionWorld();
    const sessions = { end: ['revoked', 'expired'], grace: '0s', atLeast: '0s' };
    world.usePolicy(policyOf([entryOf(sessions, { review: REVIEW })]));
    logIn(100, 'web-0');
    world.login({ pid: 101, expiresIn: 200, claims: boundTo('web-1') });
    world.setObjects(async () => new Promise(() => undefined));
    await world.pass(202);
    expect(pids()).toEqual([100]);
  });

  it('where end does not have revoked, or has it no more, and nobody is asked then', async () => {
    world = createSessionWorld();
    world.usePolicy(
      policyOf([entryOf({ end: ['expired'] }, { review: { ...REVIEW, recheckEvery: undefined } })]),
    );
    logIn(100, 'web-0');
    setGone('web-0', 'myservice');
    await world.pass(200);
    expect([pids(), namesLookedAt()]).toEqual([[100], []]);
    world.usePolicy(policyOf([entryOf(REVOKED, { review: REVIEW })]));
    world.usePolicy(policyOf([entryOf({ end: ['expired'] })]));
    await world.pass(200);
    expect([pids(), namesLookedAt()]).toEqual([[100], []]);
  });

  it('whose token is bound to nothing', async () => {
    begin();
    world.login({ pid: 100, expiresIn: 86_400 });
    await world.pass(200);
    expect([pids(), namesLookedAt()]).toEqual([[100], []]);
  });

  it('for an object of which one answer cannot be read; the others are looked at', async () => {
    begin();
    for (const pid of [100, 101, 102]) logIn(pid, `web-${pid}`);
    world.setObjects(({ name }) =>
      name === 'web-100' ? AWAY : { state: name === 'web-102' ? 'gone' : 'there' },
    );
    await world.pass(200);
    expect(pids()).toEqual([100, 101]);
  });
});

it('a hundred objects of which nothing can be read keep none behind them from being looked at, and are told of once', async () => {
  begin();
  for (let pid = 100; pid < 200; pid += 1) logIn(pid, `bad-${pid}`);
  logIn(300, 'web-0');
  world.setObjects(({ name }) => (name.startsWith('bad-') ? ODD : { state: 'there' }));
  await world.pass(300);
  expect(world.told.recheckStates).toEqual(['pods too long']);
  world.setObjects(({ name }) =>
    name.startsWith('bad-') ? ODD : { state: name === 'web-0' ? 'gone' : 'there' },
  );
  await world.pass(62);
  expect(pids()).not.toContain(300);
  expect(pids()).toHaveLength(100);
  setGone();
  await world.pass(70);
  expect(world.told.recheckStates).toEqual(['pods too long', 'pods again']);
});

it('each object has its turn while an API server answers one question in seven', async () => {
  begin();
  for (let pid = 100; pid < 120; pid += 1) logIn(pid, `web-${pid}`);
  let asked = 0;
  world.setObjects(({ name }) => {
    asked += 1;
    if (asked % 7 !== 0) return AWAY;
    return { state: name.startsWith('web-') ? 'gone' : 'there' };
  });
  await world.pass(6000);
  expect(pids()).toEqual([]);
});

it('what was found gone and is there again, as after an error of the API server, ends nobody who waits for it', async () => {
  begin();
  logIn(100, 'web-0');
  setGone('web-0');
  world.main.failsToEnd = new Error('away');
  await world.pass(100);
  setGone();
  await world.pass(62);
  world.main.failsToEnd = undefined;
  await world.pass(30);
  expect(pids()).toEqual([100]);
});

it('a session that is taken for revoked after a change of issuers.yaml ends', async () => {
  begin();
  logIn(100, 'web-0');
  await world.pass(5);
  world.usePolicy(policyOf([entryOf({ end: [] })]));
  await world.pass(5);
  setGone('web-0');
  world.usePolicy(policyOf([entryOf(REVOKED, { review: REVIEW })]));
  await world.pass(62);
  expect(pids()).toEqual([]);
});

it('five thousand pods are spread over the time, four at once at most', async () => {
  begin({ ...REVOKED });
  let underWay = 0;
  let most = 0;
  let state = 1;
  // A stream of numbers that is the same each time.
  world.setRandom(() => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647);
  world.setObjects(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    underWay -= 1;
    return { state: 'there' };
  });
  for (let pid = 1; pid <= 5000; pid += 1) logIn(pid, `web-${pid}`);
  await world.pass(150);
  // Two lanes: pods, and the one service account.
  expect(most).toBeLessThanOrEqual(8);
  const second = (at: number): number => Math.floor(at);
  const counts = Map.groupBy(world.told.looks, ({ at }) => second(at))
    .values()
    .map((looks) => looks.length)
    .toArray();
  expect(world.told.looks.length).toBeGreaterThan(8000);
  expect(Math.max(...counts)).toBeLessThan(400);
});
