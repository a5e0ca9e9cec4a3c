import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They install or build whole systems: npm run test:package, test:containers and test:world.
    exclude: ['test/package/installed/**', 'test/containers/running/**', 'test/world/*/*.test.ts'],
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
