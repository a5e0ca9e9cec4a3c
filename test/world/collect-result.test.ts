// What counts as an outcome: a test that was skipped, a file that could not be loaded and a peer without tests are failures.
import { expect, it } from 'vitest';

import { collectResult, type FinishedModule } from './collect-result.ts';

const PEER = { what: 'server', version: '1.2', origin: 'built', programs: {} };
const moduleOf = (
  tests: Readonly<Record<string, 'passed' | 'failed' | 'skipped' | 'pending'>>,
  state: 'passed' | 'failed' = 'passed',
  project = 'server 1.2',
): FinishedModule => ({
  moduleId: '/somewhere/login.test.ts',
  project: { name: project },
  state: () => state,
  children: {
    allTests: function* () {
      for (const [fullName, outcome] of Object.entries(tests)) {
        yield { fullName, result: () => ({ state: outcome }) };
      }
    },
  },
});
const collect = (modules: readonly FinishedModule[]) =>
  collectResult(modules, [PEER], '0.2.0', '2026-12-01');

it('tests that passed are counted and named', () => {
  expect(collect([moduleOf({ 'a login is granted': 'passed' })])).toEqual({
    pgtoken: '0.2.0',
    date: '2026-12-01',
    peers: [{ what: 'server', version: '1.2', origin: 'built', passed: 1, failed: [] }],
    shown: { 'login.test.ts': ['a login is granted'] },
  });
});

it.each(['failed', 'skipped', 'pending'] as const)(
  'a test that has %s counts as failed',
  (state) => {
    expect(collect([moduleOf({ one: 'passed', other: state })]).peers).toEqual([
      expect.objectContaining({ passed: 1, failed: ['other'] }),
    ]);
  },
);

it('what any of the peers shows is shown, once', () => {
  const other = { ...PEER, version: '1.3' };
  const modules = [
    moduleOf({ one: 'passed', 'only here': 'passed' }),
    moduleOf({ one: 'passed', 'only there': 'passed' }, 'passed', 'server 1.3'),
  ];
  expect(collectResult(modules, [PEER, other], '0.2.0', '2026-12-01').shown).toEqual({
    'login.test.ts': ['one', 'only here', 'only there'],
  });
});

it('a file that could not be loaded, or whose servers did not start, is a failure', () => {
  expect(collect([moduleOf({}, 'failed')]).peers).toEqual([
    expect.objectContaining({ passed: 0, failed: ['login.test.ts as a whole'] }),
  ]);
});

it('a peer for which no test ran is a failure', () => {
  expect(collect([moduleOf({ one: 'passed' }, 'passed', 'server 1.3')]).peers).toEqual([
    expect.objectContaining({ passed: 0, failed: ['no test was run'] }),
  ]);
});
