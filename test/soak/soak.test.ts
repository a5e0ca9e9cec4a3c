// A short soak run, and what the judge of one says when something is wrong.
import { describe, expect, it } from 'vitest';

import { judgeSoak, percentile, type SoakOutcome } from './judge-soak.ts';
import { runSoak } from './run-soak.ts';

it('every login is decided rightly and logged once, whatever happens meanwhile', async () => {
  const result = await runSoak({ seconds: 12, clients: 8, seed: 20_260_101 });
  expect(result.violations).toEqual([]);
  expect(result.attempts.length).toBeGreaterThan(50);
  expect(new Set(result.attempts.map(({ outcome }) => outcome))).toEqual(
    new Set(['granted', 'refused']),
  );
  for (const count of Object.values(result.disturbances)) expect(count).toBeGreaterThan(0);
}, 180_000);

describe('the judge', () => {
  const sample = { pid: 1, memory: 100, descriptors: 30 };
  const good: SoakOutcome = {
    attempts: [
      { kind: 'good', expected: 'granted', outcome: 'granted', start: 0, latency: 1 },
      { kind: 'bad', expected: 'ERR_TOKEN_EXPIRED', outcome: 'refused', start: 0, latency: 1 },
    ],
    lines: [
      { msg: 'ready' },
      { msg: 'decision', outcome: 'granted' },
      { msg: 'decision', outcome: 'denied', code: 'ERR_TOKEN_EXPIRED' },
    ],
    samples: Array.from({ length: 12 }, () => sample),
    idle: { before: { ...sample, descriptors: 20 }, after: { ...sample, descriptors: 20 } },
    clients: 8,
    restarts: [],
    limit: undefined,
  };
  const [granted, refused] = good.attempts;

  it('has nothing to say when all is right', () => {
    expect(judgeSoak(good)).toEqual([]);
  });

  it.each<[what: string, change: Partial<SoakOutcome>, violations: string[]]>([
    [
      'a good login was refused',
      { attempts: [{ ...granted!, outcome: 'refused' }, refused!] },
      ['a login was refused: good (1 times)'],
    ],
    [
      'a bad login was granted',
      { attempts: [granted!, { ...refused!, outcome: 'granted' }] },
      ['a login was granted: bad (1 times)'],
    ],
    [
      'a login was lost',
      { attempts: [granted!, { ...refused!, outcome: 'Connection terminated' }] },
      ['a login was Connection terminated: bad (1 times)'],
    ],
    [
      'a login was not logged',
      { lines: good.lines.slice(0, 2) },
      ['ERR_TOKEN_EXPIRED: 1 logins, 0 audit lines'],
    ],
    [
      'a login was logged twice',
      { lines: [...good.lines, good.lines[1]!] },
      ['granted: 1 logins, 2 audit lines'],
    ],
    [
      'a login was refused for another reason',
      { lines: [...good.lines.slice(0, 2), { msg: 'decision', code: 'ERR_DEADLINE' }] },
      ['ERR_TOKEN_EXPIRED: 1 logins, 0 audit lines', 'ERR_DEADLINE: 0 logins, 1 audit lines'],
    ],
    [
      'memory grew',
      { samples: good.samples.map((one, n) => ({ ...one, memory: 100 + n * 5 })) },
      ['memory grew from 120 to 150 MiB'],
    ],
    [
      'descriptors are left',
      { idle: { ...good.idle, after: { ...sample, descriptors: 21 } } },
      ['20 descriptors before the clients, 21 after'],
    ],
    [
      'there were too many descriptors',
      { samples: good.samples.map((one) => ({ ...one, descriptors: 69 })) },
      ['69 descriptors for 8 clients'],
    ],
    [
      'more lines are missing than the log says were lost',
      { lines: [...good.lines.slice(0, 1), { msg: 'lines of the log were lost', lost: 1 }] },
      ['2 audit lines are missing, 1 lines were lost'],
    ],
    [
      'a line is there too often, although lines were lost',
      { lines: [...good.lines, good.lines[1]!, { msg: 'lines of the log were lost', lost: 5 }] },
      ['granted: 1 logins, 2 audit lines'],
    ],
    [
      'a good login took too long, and no restart held it up',
      {
        attempts: [{ ...granted!, start: 100, latency: 50 }, refused!],
        limit: 49,
        restarts: [[0, 99]],
      },
      ['1 good logins took over 49 ms'],
    ],
    ['nobody looked', { samples: [] }, ['only 0 looks at the last daemon']],
  ])('says so when %s', (_what, change, violations) => {
    expect(judgeSoak({ ...good, ...change })).toEqual(violations);
  });

  it.each<[what: string, change: Partial<SoakOutcome>]>([
    [
      'lines that are missing were lost',
      { lines: [...good.lines.slice(0, 1), { msg: 'lines of the log were lost', lost: 2 }] },
    ],
    [
      'a good login took long, for a restart',
      {
        attempts: [{ ...granted!, start: 100, latency: 50 }, refused!],
        limit: 49,
        restarts: [[149, 200]],
      },
    ],
    ['a bad login took long', { attempts: [granted!, { ...refused!, latency: 50 }], limit: 49 }],
  ])('has nothing to say when %s', (_what, change) => {
    expect(judgeSoak({ ...good, ...change })).toEqual([]);
  });

  it('takes percentiles by rank', () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect([0, 50, 95, 99, 100].map((percent) => percentile(values, percent))).toEqual([
      1, 50, 95, 99, 100,
    ]);
    expect(percentile([], 50)).toBe(0);
  });
});
