import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

/** They install or build whole systems: npm run test:package, test:containers and test:world. */
const ELSEWHERE = [
  'test/package/installed/**',
  'test/containers/running/**',
  'test/world/*/*.test.ts',
];
/** Whole servers, and what has to be done within some time: not beside what takes all processors. */
const SERVERS = ['e2e', 'pam', 'daemon', 'issuers', 'soak', 'sessions'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);
/** Of those, the ones that mostly wait for tokens to expire and for retries: two at a time take half as long. */
const WAITING = ['sessions/*', 'daemon-faults', 'outage', 'pgpass', 'pooler-*', 'review'].map(
  (name) => `test/e2e/${name}.test.ts`,
);
const OTHER_PROCESSORS = availableParallelism() - 1;

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'plain',
          include: ['test/**/*.test.ts'],
          exclude: [...ELSEWHERE, ...SERVERS],
          maxWorkers: Math.max(2, OTHER_PROCESSORS),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: SERVERS,
          exclude: WAITING,
          maxWorkers: Math.max(1, OTHER_PROCESSORS),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'waiting',
          include: WAITING,
          maxWorkers: Math.max(2, OTHER_PROCESSORS),
          sequence: { groupOrder: 2 },
        },
      },
    ],
    // The end-to-end tests start real servers; the limit is there for a hang, not for timing.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'json-summary'],
      // What decides and what it is decided by. The rest runs in processes of its own, which are not counted.
      thresholds: Object.fromEntries(
        [
          'verify',
          'roles',
          'claim-rules',
          'decide',
          'policy',
          'issuer-keys',
          'lint',
          'keys',
          'config',
          'protocol',
        ].map((folder) => [
          `src/${folder}/**`,
          { lines: 95, branches: 95, functions: 95, statements: 95 },
        ]),
      ),
    },
  },
});
