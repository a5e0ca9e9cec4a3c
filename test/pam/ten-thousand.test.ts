// 10,000 logins of one process through the module, by daemons that answer, deny, hang, close, trickle, flood and lie, and 500 by
// such helpers: under AddressSanitizer with its leak checker, UndefinedBehaviorSanitizer, and valgrind. Nothing is left of any of
// them: no memory, no descriptor, no thread, no child. Each tool is first seen to find what is planted in the module.
//
// valgrind takes its time: npm test makes a tenth of the logins under it, npm run test:pam-sanitizers all of them.
import { beforeAll, describe, expect, test } from 'vitest';

import {
  asking,
  DAEMON_OUTCOMES,
  HELPER_OUTCOMES,
  running,
  startBehavingDaemon,
  writeBehavingHelper,
} from './behaviours.ts';
import { runPooler, type PoolerOptions, type PoolerResult } from './run-pooler.ts';
import { buildAll, planted, sanitized, shipped, type Build, type Services } from './support.ts';

/** A word of a token that would be seen wherever it was printed. */
const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmb28ifQ.c2lnbmF0dXJl';

const THREADS = 20;
/** Milliseconds. For a hang, not for timing. */
const HANG_LIMIT = 300_000;
const ALL = process.env['PGTOKEN_ALL_LOGINS'] !== undefined;

interface Tool {
  readonly name: string;
  readonly using: Build;
  readonly how: (module: string) => Pick<PoolerOptions, 'wrapper' | 'env'>;
  /** How much of each round there is. */
  readonly share: number;
  /** What it says of memory that is lost. */
  readonly leak: RegExp;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'AddressSanitizer and UndefinedBehaviorSanitizer',
    using: sanitized,
    share: 1,
    how: () => ({ env: { ASAN_OPTIONS: 'detect_leaks=1' } }),
    leak: /ERROR: LeakSanitizer: detected memory leaks/,
  },
  {
    name: 'valgrind',
    using: shipped,
    share: ALL ? 1 : 0.1,
    // libpam loads the module for each login anew. valgrind takes 20 ms to read about it, so here it is there already.
    how: (module) => ({
      wrapper: ['valgrind', '--quiet', '--leak-check=full', '--error-exitcode=99'],
      env: { LD_PRELOAD: module },
    }),
    leak: /are definitely lost in loss record/,
  },
];

beforeAll(() => {
  const faults = [
    planted(shipped, 'leak'),
    planted(sanitized, 'leak'),
    planted(shipped, 'descriptor'),
  ];
  buildAll([shipped, sanitized, ...faults]);
});

/** As a table for the message when it fails. */
const expected = (
  outcomes: Readonly<Record<string, string>>,
  users: readonly string[],
  times: number,
) => users.map((user) => ({ user, came: { [outcomes[user] ?? '']: times } }));

/** That the tool has nothing to say, and that the process is as it was. */
function expectNothingLeft({ status, stderr, before, after }: PoolerResult): void {
  // valgrind has no pidfd_open, and says so; the module then goes another way.
  const said = stderr.replaceAll(/^--\d+-- .*\n/gm, '');
  expect({ status, stderr: said, after }).toEqual({ status: 0, stderr: '', after: before });
  expect(after).toMatchObject({ threads: 1, children: false });
}

describe.each(TOOLS)('under $name', ({ using, share, how, leak }) => {
  /** Goes round the users with one service, the same number of times for each. */
  async function logIn(
    build: Build,
    lines: string[],
    users: readonly string[],
    { threads, rounds }: { readonly threads: number; readonly rounds: number },
  ): Promise<PoolerResult & { readonly came: readonly unknown[] }> {
    const services: Services = { postgresql: lines };
    const logins = users.map((user) => ({ service: 'postgresql', user, token: TOKEN }));
    const calls = rounds * users.length;
    const result = await runPooler(build, {
      services,
      logins,
      threads,
      calls,
      ...how(build.module),
    });
    return { ...result, came: users.map((user, at) => ({ user, came: result.outcomes[at] })) };
  }

  test('memory that is lost by a planted leak is found', async () => {
    const daemon = await startBehavingDaemon();
    const one = { threads: 1, rounds: 5 };
    const result = await logIn(planted(using, 'leak'), asking(daemon), ['answers'], one);
    expect(result.status).not.toBe(0);
    expect(result.stderr).toMatch(leak);
  });

  test(
    `${8000 * share} logins, one after the other, leave nothing`,
    async () => {
      const daemon = await startBehavingDaemon();
      const users = ['answers', 'denies', 'floods', 'lies', 'echoes'];
      const rounds = 1600 * share;
      const lines = asking(daemon, 'debug', 'timeout=60');
      const result = await logIn(using, lines, users, { threads: 1, rounds });
      expect(result.came).toEqual(expected(DAEMON_OUTCOMES, users, rounds));
      expectNothingLeft(result);
    },
    HANG_LIMIT,
  );

  test(
    `${100 * Math.ceil(19 * share)} logins in ${THREADS} threads leave nothing, slow ones among them`,
    async () => {
      const daemon = await startBehavingDaemon();
      const users = ['answers', 'denies', 'trickles', 'closes', 'lies'];
      const rounds = Math.ceil(19 * share);
      const lines = asking(daemon, 'timeout=60');
      const result = await logIn(using, lines, users, { threads: THREADS, rounds });
      expect(result.came).toEqual(expected(DAEMON_OUTCOMES, users, rounds * THREADS));
      expectNothingLeft(result);
    },
    HANG_LIMIT,
  );

  test(
    '100 logins that come to their deadline leave nothing',
    async () => {
      const daemon = await startBehavingDaemon();
      const lines = asking(daemon, 'timeout=1');
      const result = await logIn(using, lines, ['hangs'], { threads: THREADS, rounds: 5 });
      expect(result.came).toEqual(expected(DAEMON_OUTCOMES, ['hangs'], 5 * THREADS));
      expectNothingLeft(result);
    },
    HANG_LIMIT,
  );

  test(
    `${32 * Math.ceil(15 * share)} logins by helpers leave nothing, not even a child`,
    async () => {
      const users = [
        'answers',
        'denies',
        'trickles',
        'floods',
        'lies',
        'reads-nothing',
        'dies',
        'leaves-a-child',
      ];
      const rounds = Math.ceil(15 * share);
      const lines = running(writeBehavingHelper(), 'timeout=60');
      const result = await logIn(using, lines, users, { threads: 4, rounds });
      expect(result.came).toEqual(expected(HELPER_OUTCOMES, users, rounds * 4));
      expectNothingLeft(result);
    },
    HANG_LIMIT,
  );

  test(
    `${THREADS} logins by helpers that come to their deadline leave nothing`,
    async () => {
      const lines = running(writeBehavingHelper(), 'timeout=1');
      const result = await logIn(using, lines, ['hangs'], { threads: THREADS, rounds: 1 });
      expect(result.came).toEqual(expected(HELPER_OUTCOMES, ['hangs'], THREADS));
      expectNothingLeft(result);
    },
    HANG_LIMIT,
  );
});

test('a descriptor that is lost is seen', async () => {
  const daemon = await startBehavingDaemon();
  const { before, after } = await runPooler(planted(shipped, 'descriptor'), {
    services: { postgresql: asking(daemon) },
    logins: [{ service: 'postgresql', user: 'answers', token: TOKEN }],
    threads: 1,
    calls: 10,
  });
  expect(after.descriptors).toBeGreaterThan(before.descriptors);
});
