// PgBouncer's way of calling the module, and worse: 20 threads of one process at once, each with a handle of its own, the real
// libpam under them, and the real module under two tools that find races. They find one that is planted in the module; they
// find none in the module as it is; and what is suppressed is found without our module just as well.
import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, test } from 'vitest';

import {
  asking,
  DAEMON_OUTCOMES,
  HELPER_OUTCOMES,
  running,
  startBehavingDaemon,
  writeBehavingHelper,
} from './behaviours.ts';
import { RACE_DETECTORS } from './race-detectors.ts';
import { runPooler, type PoolerResult } from './run-pooler.ts';
import { buildAll, planted, shipped, type Build } from './support.ts';

const THREADS = 20;

beforeAll(() => {
  buildAll([shipped, ...RACE_DETECTORS.flatMap(({ using }) => [using, planted(using, 'race')])]);
});

/** That often each of the users got the answer that is theirs. */
const eachOf = (
  outcomes: Readonly<Record<string, string>>,
  users: readonly string[],
  rounds: number,
) => users.map((user) => ({ [outcomes[user] ?? '']: rounds * THREADS }));

describe.each(RACE_DETECTORS)(
  'under $name',
  ({ using, options, found, suppressions, suppresses }) => {
    /** Lets 20 threads log in as all of these users, each as often as every other. */
    async function logIn(
      build: Build,
      lines: string[],
      users: readonly string[],
      rounds: number,
      suppressing = suppressions,
    ): Promise<PoolerResult> {
      return runPooler(build, {
        services: { postgresql: lines },
        logins: users.map((user) => ({ service: 'postgresql', user, token: `token.of.${user}` })),
        threads: THREADS,
        calls: rounds * users.length,
        ...options(suppressing),
      });
    }

    test('a race that is planted in the module is found', async () => {
      const daemon = await startBehavingDaemon();
      const result = await logIn(planted(using, 'race'), asking(daemon), ['answers'], 5);
      expect(result.status).toBe(found);
      expect(result.stderr).toMatch(/data race/);
      expect(result.stderr).toContain('planted_race');
    });

    test('20 threads at once get their own answers from the daemon, and no race is found', async () => {
      const daemon = await startBehavingDaemon();
      const users = ['answers', 'denies', 'trickles', 'floods', 'lies', 'echoes'];
      const result = await logIn(using, asking(daemon, 'debug', 'timeout=60'), users, 10);
      expect({ ...result, stderr: result.status === 0 ? '' : result.stderr }).toMatchObject({
        status: 0,
        stderr: '',
        outcomes: eachOf(DAEMON_OUTCOMES, users, 10),
      });
      expect(result.after.descriptors).toBe(result.before.descriptors);
    });

    test('20 threads at once get their own answers from helpers, and no race is found', async () => {
      const users = ['answers', 'denies', 'lies', 'reads-nothing', 'dies', 'leaves-a-child'];
      const lines = running(writeBehavingHelper(), 'debug', 'timeout=60');
      const result = await logIn(using, lines, users, 2);
      expect({ ...result, stderr: result.status === 0 ? '' : result.stderr }).toMatchObject({
        status: 0,
        stderr: '',
        outcomes: eachOf(HELPER_OUTCOMES, users, 2),
      });
      expect(result.after).toMatchObject({
        descriptors: result.before.descriptors,
        children: false,
      });
    });

    test('what is suppressed is what is written here', () => {
      const text = readFileSync(suppressions, 'utf8').replaceAll(/^#.*\n/gm, '');
      const names = [...text.matchAll(/^(?:\{\n +(\S+)|(\w+:\S+))$/gm)];
      expect(names.map(([, braced, plain]) => braced ?? plain)).toEqual(Object.keys(suppresses));
    });

    test('what is suppressed is found without our module as well', async () => {
      const others = ['auth required pam_deny.so', 'account required pam_permit.so'];
      const theirs = await logIn(using, others, ['nobody'], 50, '/dev/null');
      expect(theirs.outcomes).toEqual([{ denied: 50 * THREADS }]);
      const daemon = await startBehavingDaemon();
      const ours = await logIn(using, asking(daemon), ['denies'], 10, '/dev/null');
      const kinds = Object.entries(suppresses);
      const findingsOf = ({ stderr }: PoolerResult) =>
        kinds.filter(([, finding]) => finding.test(stderr));
      expect(findingsOf(theirs)).toEqual(expect.arrayContaining(findingsOf(ours)));
    });
  },
);
