// What of a decision becomes a session of the daemon, and that nothing else does.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createSessionWatch, type SessionWatch } from '../../src/daemon/session-watch.ts';
import type { DecisionRecord } from '../../src/decide/decision.ts';
import { isRefusal, refuse } from '../../src/errors.ts';
import type { SessionGauge } from '../../src/log/metrics.ts';
import { parseToken } from '../../src/verify/parse-token.ts';
import { entryOf, policyOf } from '../sessions/session-world.ts';
import { poll } from '../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const LOGIN = { service: 'postgresql', role: 'foo:myservice', source: '10.0.0.7' };
const NOW = Math.floor(Date.now() / 1000);
const PASSWORD = mint.token({
  key: 'cluster-es256',
  claims: {
    iat: NOW,
    exp: NOW + 600,
    'kubernetes.io': { namespace: 'foo', pod: { name: 'web-0' } },
  },
});

let folder: TemporaryFolder;
let watch: SessionWatch | undefined;
let lines: unknown[][] = [];
let gauge: (() => SessionGauge) | undefined;

beforeEach(async () => {
  folder = await createTemporaryFolder('session-watch');
  [lines, gauge] = [[], undefined];
});

afterEach(async () => {
  vi.restoreAllMocks();
  await watch?.stop();
  watch = undefined;
  await folder.remove();
});

function create(of: string | undefined = folder.path): SessionWatch {
  const log =
    (level: string) =>
    (...args: unknown[]): void =>
      void lines.push([level, ...args]);
  watch = createSessionWatch({
    folder: of,
    cachedKeys: () => undefined,
    lookAt: async () => ({ state: 'there' }),
    metrics: {
      countEnd: () => undefined,
      countRecheck: () => undefined,
      watchSessions: (status) => {
        gauge = status;
      },
    },
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
  });
  return watch;
}

function decided(more: Partial<DecisionRecord> = {}): DecisionRecord {
  const token = parseToken(PASSWORD, 16_384);
  if (isRefusal(token)) throw new Error(token.message);
  return {
    decision: { granted: true, issuer: 'cluster', role: LOGIN.role },
    issuer: 'cluster',
    token,
    verified: true,
    key: mint.publicKey('cluster-es256'),
    ...more,
  };
}

const POLICY = policyOf([entryOf({ end: ['expired', 'denied'], grace: '0s', atLeast: '0s' })]);
const AT = NOW * 1000;

describe('a grant', () => {
  it('becomes a session, of which nobody is told more than is known', async () => {
    const sessions = create();
    sessions.usePolicy(POLICY);
    sessions.decided(LOGIN, 100, decided(), AT, POLICY);
    expect(await sessions.answer({ ask: 'sessions' })).toMatchObject({
      sessions: [
        {
          id: 1,
          pid: 100,
          role: 'foo:myservice',
          issuer: 'cluster',
          service: 'postgresql',
          subject: 'system:serviceaccount:foo:myservice',
          pod: 'foo/web-0',
          address: '10.0.0.7',
          since: NOW,
          expires: NOW + 600,
          cause: 'expired',
        },
      ],
    });
    // It is not known where it is.
    expect(await sessions.answer({ ask: 'end', ids: [1] })).toEqual({ ended: [] });
    expect(gauge?.().sessions).toEqual(new Map([['cluster', 0]]));
  });

  it('is on disk without the token, or a part of its signature', async () => {
    const sessions = create();
    sessions.usePolicy(POLICY);
    sessions.decided(LOGIN, 100, decided(), AT, POLICY);
    await sessions.stop();
    const journal = await readFile(join(folder.path, 'sessions'), 'utf8');
    expect(journal).toContain('"pid":100');
    for (const part of PASSWORD.split('.')) expect(journal).not.toContain(part.slice(0, 20));
  });

  it.each<[what: string, pid: number | undefined, record: DecisionRecord]>([
    ['was refused', 100, decided({ decision: refuse('ERR_TOKEN_EXPIRED', 'x') })],
    ['has no token', 100, decided({ token: undefined })],
    ['has no key', 100, decided({ key: undefined })],
    [
      'is of an entry that is not there',
      100,
      decided({ decision: { granted: true, issuer: 'other', role: LOGIN.role } }),
    ],
  ])('becomes none where it %s', async (_what, pid, record) => {
    const sessions = create();
    sessions.usePolicy(POLICY);
    sessions.decided(LOGIN, pid, record, AT, POLICY);
    expect(await sessions.answer({ ask: 'sessions' })).toEqual({ sessions: [] });
  });

  it('becomes none where the entry that granted it says nothing of sessions', async () => {
    const sessions = create();
    sessions.usePolicy(POLICY);
    sessions.decided(LOGIN, 100, decided(), AT, policyOf([entryOf(undefined)]));
    expect(await sessions.answer({ ask: 'sessions' })).toEqual({ sessions: [] });
  });

  it('by an old module becomes none, which is told of once a minute', async () => {
    const sessions = create();
    sessions.usePolicy(POLICY);
    let now = 1_000_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    for (let n = 0; n < 5; n += 1) sessions.decided(LOGIN, undefined, decided(), AT, POLICY);
    const told = [
      'warn',
      {
        issuer: 'cluster',
        hint: 'The PAM module is older than the daemon: install both from one package.',
      },
      'a login does not say which process it is for',
    ];
    expect(lines).toEqual([told]);
    now += 60_001;
    sessions.decided(LOGIN, undefined, decided(), AT, POLICY);
    expect(lines).toEqual([told, told]);
    vi.restoreAllMocks();
  });
});

describe('a daemon without servers', () => {
  it('watches nothing, and says so', async () => {
    const sessions = create();
    const policy = policyOf([entryOf(undefined)], []);
    sessions.usePolicy(policy);
    sessions.keysChanged('cluster');
    sessions.decided(LOGIN, 100, decided(), AT, policy);
    expect(await sessions.answer({ ask: 'sessions' })).toEqual({
      problem: 'no sessions are watched, as issuers.yaml has no servers',
    });
    await sessions.stop();
    await expect(access(join(folder.path, 'sessions'))).rejects.toThrow('ENOENT');
    expect(gauge).toBeUndefined();
    expect(lines).toEqual([]);
  });
});

it('a journal is not there where the daemon has no folder', async () => {
  watch = createSessionWatch({
    folder: undefined,
    cachedKeys: () => undefined,
    lookAt: async () => ({ state: 'there' }),
    metrics: {
      countEnd: () => undefined,
      countRecheck: () => undefined,
      watchSessions: (status) => void (gauge = status),
    },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  watch.usePolicy(POLICY);
  watch.decided(LOGIN, 100, decided(), AT, POLICY);
  const status = await poll('the sessions', () => gauge?.());
  await watch.stop();
  expect(status.sessions).toEqual(new Map([['cluster', 0]]));
});

it('a server that cannot be asked is told of, with what to do', async () => {
  const sessions = create();
  sessions.usePolicy(POLICY);
  sessions.decided(LOGIN, 100, decided(), AT, POLICY);
  await poll('the line', () => lines[0]);
  expect(lines[0]).toEqual([
    'error',
    {
      server: 'main',
      reason: 'connect ENOENT /run/main/.s.PGSQL.5432',
      hint: 'Check host and port of the server in issuers.yaml, and whether it runs.',
    },
    'the server cannot be asked: its sessions, and those that are opened meanwhile, go on',
  ]);
});
